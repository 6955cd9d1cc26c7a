"""A fault in a connector from elsewhere is a problem of its system: told, tried again later, and never taken for a fact."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from accord.connectors.memory import MemoryConnector, MemoryDatatype, MemorySystem
from accord.connectors.shielded import Shielded
from accord.errors import StoreBusy, SystemUnavailable
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Page, RecordRef, Side

SECRET = "Bearer hunter2"


class Faulty(MemoryConnector):
    """Its faults hold what nobody should read."""

    error: Exception = KeyError(SECRET)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        async for page in super().list(datatype):
            yield page
            raise self.error

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        raise self.error
        yield Page()

    async def read(self, datatype: str, ids: Sequence[str]) -> Any:
        raise self.error

    async def find(self, datatype: str, writes: Sequence[Write]) -> Any:
        raise self.error

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes):
            yield outcome
            raise self.error

    async def close(self) -> None:
        raise self.error


class Forgetful(MemoryConnector):
    async def read(self, datatype: str, ids: Sequence[str]) -> Any:
        return (await super().read(datatype, ids))[1:]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Any:
        return []

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        async for outcome in super().write(datatype, writes[1:]):
            yield outcome
            yield outcome


def shielded(kind: type[MemoryConnector]) -> Shielded:
    world = MemorySystem("house", lambda: datetime(2026, 1, 31, tzinfo=UTC), {"Thing": MemoryDatatype()})
    return Shielded(kind(world, Side.LEFT, {"Thing": ("Name",)}), "odd")


def creates() -> list[Write]:
    return [Write(key, OperationKind.CREATE, RecordRef(Side.LEFT, "Thing", ""), {"Name": key}, key) for key in ("1", "2", "3")]


async def every(pages: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in pages]


CALLS: dict[str, Callable[[Shielded], Any]] = {
    "list": lambda one: every(one.list("Thing")),
    "changes": lambda one: every(one.changes("Thing", "x")),
    "read": lambda one: one.read("Thing", ["1"]),
    "find": lambda one: one.find("Thing", creates()),
    "close": lambda one: one.close(),
}


@pytest.mark.parametrize("name", list(CALLS))
def test_a_fault_is_a_problem_of_the_system_that_names_the_plug_in_and_repeats_nothing(name: str) -> None:
    with pytest.raises(SystemUnavailable) as caught:
        asyncio.run(CALLS[name](shielded(Faulty)))
    assert caught.value.message == f"house: the plug-in odd failed: {name}: KeyError"
    assert SECRET not in str(caught.value)
    assert "conform" in caught.value.remedy


def test_P26_writes_that_a_fault_leaves_without_an_outcome_are_unknown() -> None:
    outcomes = asyncio.run(every(shielded(Faulty).write("Thing", creates())))
    assert [(one.key, one.kind) for one in outcomes] == [("1", OutcomeKind.DONE), ("2", OutcomeKind.UNKNOWN), ("3", OutcomeKind.UNKNOWN)]
    assert SECRET not in outcomes[1].message


def test_P26_a_write_of_which_nothing_is_said_is_unknown_and_none_is_told_twice() -> None:
    outcomes = asyncio.run(every(shielded(Forgetful).write("Thing", creates())))
    assert [(one.key, one.kind) for one in outcomes] == [("2", OutcomeKind.DONE), ("3", OutcomeKind.DONE), ("1", OutcomeKind.UNKNOWN)]


@pytest.mark.parametrize("name", ["read", "find"])
def test_answers_to_something_else_are_a_fault(name: str) -> None:
    with pytest.raises(SystemUnavailable):
        asyncio.run(CALLS[name](shielded(Forgetful)))


@pytest.mark.parametrize("call", [*CALLS.values(), lambda one: every(one.write("Thing", creates()))])
def test_P21_what_accord_raises_on_purpose_goes_through(call: Callable[[Shielded], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Faulty, "error", StoreBusy("somebody else has it"))
    with pytest.raises(StoreBusy):
        asyncio.run(call(shielded(Faulty)))
