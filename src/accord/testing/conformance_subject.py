"""Which properties of a datatype a live system is tried with: chosen from its manifest, or said by a person.

Owns: the choice. Does not own: the trials.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from accord.connectors.live import MARK, SIDE, plain_texts
from accord.errors import UsageError
from accord.model.capabilities import Capabilities
from accord.model.manifest import Datatype
from accord.model.values import Raw, RawValues
from accord.testing.bench import Subject


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
    texts = [each for each in plain_texts(datatype, able) if each not in said.needs and each not in (said.text, said.other)]
    chosen = [said.text or (texts.pop(0) if texts else None), said.other or (texts.pop(0) if texts else None)]
    if chosen[0] is None or chosen[1] is None:
        raise UsageError(
            f"{name}: there are not two texts that can be created and updated", "Say which properties to try: --text, --other."
        )
    amounts = (
        each
        for each, p in datatype.properties.items()
        if p.type == "decimal" and each not in able.create_only | able.read_only and p.group is None
    )
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


def wanted_of(subject: Subject) -> frozenset[str]:
    """The properties that the connector under test is asked for."""
    named = {subject.text, subject.other, subject.amount, *subject.needs} - {None, subject.unwanted}
    return frozenset(each for each in named if each is not None)


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
