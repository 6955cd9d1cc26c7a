"""What is taken out of foreign words before anybody reads them: our secrets, what we sent about a person, addresses and numbers of people.

Owns: what is masked in a line of text. Does not own: where the line comes from (rest_answers.py), which secrets there are. Pure.

A server may say back what it was sent: whole, in part, in capitals, or as JSON within text. Rather too much is masked than too little;
which property it is about is told apart from its words.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from accord.model.manifest import Property
from accord.model.values import RawValues

MASK = "***"
_SHORTEST_SECRET = 4
_SHORTEST_PIECE = 4
_IN_MAIL = r"""[^\s@<>"'(),;:=/\\]"""
_MAIL = re.compile(rf"(?<!{_IN_MAIL}){_IN_MAIL}+(?:@|%40){_IN_MAIL}+")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?!\d{4}-\d\d-\d\d)\+?\(?\d(?:[\s().\-/]{0,2}\d){7,}(?![A-Za-z0-9])")
_WORD = re.compile(r"\w+")


def masked(line: str, secrets: Iterable[str] = (), values: Collection[str] = ()) -> str:
    """The line with ``***`` for secrets, for the ``values`` and their words, for e-mail addresses, for eight or more digits together."""
    for secret in sorted(_spellings(secrets), key=len, reverse=True):
        line = line.replace(secret, MASK)
    line = _without_values(line, values)
    return _NUMBER.sub(MASK, _MAIL.sub(MASK, line))


def without_mail(text: str) -> str:
    """The text without what looks like an e-mail address."""
    return _MAIL.sub(MASK, text)


def personal_values(values: RawValues, properties: Mapping[str, Property]) -> tuple[str, ...]:
    """The texts among the values of a write that say something about a person, by the manifest."""
    return tuple(text for name, value in values.items() if name in properties for text in _texts(value, properties[name]))


def _texts(value: Any, each: Property) -> Iterator[str]:
    """The texts of one property's value; of a list, those of all items, or of their members that say something about a person."""
    if not isinstance(value, list | tuple):
        yield from _text(value) if each.personal else ()
        return
    for item in value:
        for name, held in item.items() if isinstance(item, Mapping) else [("", item)]:
            inner = each.items.get(name)
            if each.personal or (inner is not None and inner.personal):
                yield from _text(held)


def _text(value: Any) -> tuple[str, ...]:
    """A value as text; none for a short number, which would mask half of every sentence and says little alone."""
    text = "" if value is None or isinstance(value, bool) else str(value)
    return (text,) if isinstance(value, str) or len(text) >= _SHORTEST_PIECE else ()


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret as it is, and as it stands in an address."""
    known = {each for each in secrets if len(each) >= _SHORTEST_SECRET}
    return known | {quote(each, safe="") for each in known}


def _without_values(line: str, values: Collection[str]) -> str:
    wanted = {text for value in values if (text := value.strip())}
    for text in sorted(wanted | {json.dumps(text)[1:-1] for text in wanted}, key=len, reverse=True):
        before, after = ("", "") if len(text) >= _SHORTEST_PIECE else (r"(?<!\w)", r"(?!\w)")
        line = re.sub(f"{before}{re.escape(text)}{after}", MASK, line, flags=re.IGNORECASE)
    words = {word.casefold() for text in wanted for word in _WORD.findall(text) if len(word) >= _SHORTEST_PIECE}
    return _WORD.sub(lambda found: MASK if _is_piece(found[0].casefold(), words) else found[0], line) if words else line


def _is_piece(word: str, words: Collection[str]) -> bool:
    """Whether a word is one of a value, or its beginning where the server cuts it."""
    return word in words or (len(word) >= _SHORTEST_PIECE and any(each.startswith(word) for each in words))
