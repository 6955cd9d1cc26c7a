"""Dotted paths in decoded JSON: looked up, set, and filled into texts.

Owns: what a path means. Does not own: which paths there are (the manifest). Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

Steps: TypeAlias = tuple[str, ...]

ABSENT: Final = object()
"""What a lookup gives where there is nothing, not even null."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
_SECRET = re.compile(r"\$\{((?:env|file|keyring):[^}]+)\}")


def steps(path: str) -> Steps:
    """Split once, when a manifest is compiled; "" is the thing itself."""
    return tuple(path.split(".")) if path else ()


def look(thing: Any, path: Steps) -> Any:
    """The value at a path of objects. ABSENT where a member is missing; null on the way there makes it null."""
    for step in path:
        if thing is None:
            return None
        if not isinstance(thing, dict):
            return ABSENT
        thing = thing.get(step, ABSENT)
        if thing is ABSENT:
            return ABSENT
    return thing


def every(thing: Any, path: Steps) -> Iterator[Any]:
    """All values at a path that may cross lists."""
    if isinstance(thing, list):
        for each in thing:
            yield from every(each, path)
    elif not path:
        yield thing
    elif isinstance(thing, dict) and path[0] in thing:
        yield from every(thing[path[0]], path[1:])


def put(body: dict[str, Any], path: Steps, value: Any) -> None:
    """Set a value, making the objects on the way."""
    for step in path[:-1]:
        inner = body.setdefault(step, {})
        if not isinstance(inner, dict):
            inner = body[step] = {}
        body = inner
    body[path[-1]] = value


def fill_path(template: str, values: Mapping[str, Any]) -> str:
    """A path with its placeholders filled in and quoted as one segment each.

    Raises KeyError for a placeholder without a value, ValueError for a value that would lead elsewhere (empty, "." or "..").
    """
    if "{" not in template:
        return template

    def segment(found: re.Match[str]) -> str:
        text = _text(values, found[1])
        if text in ("", ".", ".."):
            raise ValueError(f"{text!r} cannot be part of a path")
        return quote(text, safe="")

    return _PLACEHOLDER.sub(segment, template)


def fill_query(template: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """A query with its placeholders filled in and quoted, "" for none. Raises KeyError for a placeholder without a value."""
    return "&".join(
        f"{quote(name, safe='')}={quote(_PLACEHOLDER.sub(lambda found: _text(values, found[1]), text), safe='')}"
        for name, text in template.items()
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if value is None:
        raise KeyError(name)
    return str(value)


def fill_secrets(text: str, secret: Callable[[str], str]) -> str:
    """A text with its ``${env:NAME}`` references replaced."""
    return _SECRET.sub(lambda found: secret(found[1]), text) if "${" in text else text
