"""PostgreSQL keeps the store contract: in one session, and opened again between any two calls."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from accord.model.dataflow import Flow
from accord.store.places import DatabasePlace
from accord.store.postgres import PostgresStore
from accord.testing.store_contract import MakeStore, StoreContract


class Reopened:
    """A store that ends its session after every call: what a call promised must be in the database."""

    def __init__(self, place: DatabasePlace, flows: Sequence[Flow]) -> None:
        self._place, self._flows = place, flows

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with PostgresStore.open(self._place, self._flows) as store:
                return getattr(store, name)(*args, **kwargs)

        return call


class TestPostgresKeepsTheContract(StoreContract):
    @pytest.fixture(params=["session", "reopened"])
    def make_store(self, request: pytest.FixtureRequest, new_place: Callable[[], DatabasePlace]) -> Iterator[MakeStore]:
        with ExitStack() as stack:

            def make(flows: Sequence[Flow]) -> Any:
                place = new_place()
                return Reopened(place, flows) if request.param == "reopened" else stack.enter_context(PostgresStore.open(place, flows))

            yield make
