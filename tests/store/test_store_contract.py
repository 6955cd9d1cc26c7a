"""SQLite keeps the store contract: on a file, in memory, and opened again between any two calls."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from accord.model.dataflow import Flow
from accord.store.sqlite import SqliteStore
from accord.testing.store_contract import MakeStore, StoreContract


class Reopened:
    """A store that lets go of its file after every call: what a call promised must be in the file."""

    def __init__(self, path: Path, flows: Sequence[Flow]) -> None:
        self._path, self._flows = path, flows

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with SqliteStore.open(self._path, self._flows) as store:
                return getattr(store, name)(*args, **kwargs)

        return call


class TestSqliteKeepsTheContract(StoreContract):
    @pytest.fixture(params=["file", "memory", "reopened"])
    def make_store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
        numbers = count()
        with ExitStack() as stack:

            def make(flows: Sequence[Flow]) -> Any:
                path = tmp_path / f"state-{next(numbers)}.db"
                if request.param == "reopened":
                    return Reopened(path, flows)
                return stack.enter_context(SqliteStore.open(":memory:" if request.param == "memory" else path, flows))

            yield make
