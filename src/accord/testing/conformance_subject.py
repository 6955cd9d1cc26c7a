"""Which properties of a datatype a live system is tried with: chosen from its manifest, or said by a person.

Owns: the choice. Does not own: the trials.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from accord.connectors.live import SIDE
from accord.errors import UsageError
from accord.model.capabilities import Capabilities
from accord.model.manifest import Datatype
from accord.model.values import Raw, RawValues
from accord.testing.bench import Subject

_PARTICULAR = re.compile(
    r"mail|phone|mobile|fax|url|web|country|zip|postal|currency|language|locale|iban|number|code|status|type|state|date|time|(^|_|\.)id$|Id$",
    re.IGNORECASE,
)
"""Names of texts that systems like to have in a form of their own."""

MARK = "Accord trial "
"""What the texts of every test record begin with, so that a person who meets one knows where it is from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person said about a datatype; see Subject. ``leave``: test records that cannot be removed may stay."""

    text: str | None = None
    other: str | None = None
    needs: RawValues = field(default_factory=dict)
    refused: RawValues | None = None
    exact: bool = True
    empties: bool = True
    leave: bool = False


def choose(name: str, datatype: Datatype, able: Capabilities, said: Choice, salt: str) -> Subject:
    """The subject for a datatype. Raises UsageError when there are not two texts that a create and an update can carry."""
    for given in (said.text, said.other, *said.needs, *(said.refused or ())):
        if given is not None and given not in datatype.properties:
            raise UsageError(f"{name}: there is no property {given}", f"Known are: {', '.join(sorted(datatype.properties))}.")
    closed = able.create_only | able.read_only
    texts = [each for each in _texts(datatype) if each not in closed and each not in said.needs and each not in (said.text, said.other)]
    texts.sort(key=lambda each: _PARTICULAR.search(each) is not None)  # stable: otherwise in the manifest's order
    chosen = [said.text or (texts.pop(0) if texts else None), said.other or (texts.pop(0) if texts else None)]
    if chosen[0] is None or chosen[1] is None:
        raise UsageError(
            f"{name}: there are not two texts that can be created and updated", "Say which properties to try: --text, --other."
        )
    amounts = (each for each, p in datatype.properties.items() if p.type == "decimal" and each not in closed and p.group is None)
    longest = [limit for each in chosen if each and (limit := datatype.properties[each].max_length) is not None]
    return Subject(
        side=SIDE,
        datatype=name,
        text=chosen[0],
        other=chosen[1],
        amount=next(amounts, None),
        unwanted=texts[0] if texts else None,
        needs=said.needs,
        refused=said.refused,
        exact=said.exact,
        empties=said.empties,
        salt=salt,
        mark=MARK,
        longest=min([10_000, *longest]),
    )


def _texts(datatype: Datatype) -> list[str]:
    """Properties that hold any text."""
    return [
        name
        for name, each in datatype.properties.items()
        if each.type == "string" and each.options is None and each.compute is None and name != datatype.reference
    ]


def wanted_of(subject: Subject) -> frozenset[str]:
    """The properties that the connector under test is asked for."""
    named = {subject.text, subject.other, subject.amount, *subject.needs} - {None, subject.unwanted}
    return frozenset(each for each in named if each is not None)


def absent_like(ids: list[str]) -> str:
    """An id of the form of these that no record has."""
    if ids and all(each.isascii() and each.isdigit() for each in ids):
        return str(max(map(int, ids)) + 999_999_937)
    if ids and all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each) for each in ids):
        return "00000000-0000-4000-8000-000000000000"
    return "no-such-record"


def values_of(pairs: Mapping[str, str], datatype: Datatype) -> dict[str, Raw]:
    """NAME=VALUE as a person writes it, by the types of the properties; what is no number stays text."""
    return {name: _value(text, datatype.properties[name].type if name in datatype.properties else "string") for name, text in pairs.items()}


def _value(text: str, kind: str) -> Raw:
    if text == "null":
        return None
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in ("integer", "decimal") and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "decimal":
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    return text
