"""The laws that every connector keeps, as a test class to inherit from; shipped for people who write one.

Owns: the laws of ports.Connector. Does not own: which system they are tried on.

    pytest.register_assert_rewrite("accord.testing")      # in conftest.py, for readable failures

    class TestMine(ConnectorContract):
        @pytest.fixture
        def subject(self) -> Subject: ...                  # the datatype and its properties
        @pytest.fixture
        def world(self) -> ContractWorld: ...              # what users do in the system, by another way than the connector
        @pytest.fixture
        def connect(self, world) -> Connect: ...           # a connector to that system, with a page size if one is given

A connector whose way to the system can be interrupted inherits from RemoteConnectorContract, with one fixture more:

        @pytest.fixture
        def between(self) -> Between: ...                  # relay.Relay for whatever speaks TCP; ``connect`` goes through it

`accord manifest conform` tries the same laws on a live system through its manifest, without pytest (testing/conformance.py).
Where a law needs a capability that the connector does not claim, the documented alternative is tried instead. Nothing is skipped.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from accord.ports import Connector
from accord.testing.bench import Bench, Between, Connect, ContractWorld, Run, Subject
from accord.testing.contract_interruption import InterruptionContract
from accord.testing.contract_paging import PagingContract
from accord.testing.contract_reading import ReadingContract
from accord.testing.contract_writing import WritingContract
from accord.testing.laws import cases_of

__all__ = ["Bench", "Between", "Connect", "ConnectorContract", "ContractWorld", "RemoteConnectorContract", "Subject"]


class ContractFixtures:
    """What the laws are tried with."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each case of a law (laws.py)."""
        cases: Any = cases_of(metafunc.function)
        if cases is not None:
            metafunc.parametrize(cases[0], list(cases[1].values()), ids=list(cases[1]))

    @pytest.fixture
    def subject(self) -> Subject:
        """Which datatype, and with which properties: to be overridden."""
        raise NotImplementedError("override the fixture `subject`")

    @pytest.fixture
    def world(self) -> ContractWorld:
        """The system as its users see it: to be overridden."""
        raise NotImplementedError("override the fixture `world`")

    @pytest.fixture
    def connect(self) -> Connect:
        """How to connect to that world: to be overridden."""
        raise NotImplementedError("override the fixture `connect`")

    @pytest.fixture
    def run(self) -> Iterator[Run]:
        """One loop for the whole test."""
        with asyncio.Runner() as runner:
            yield runner.run

    @pytest.fixture
    def connector(self, connect: Connect, run: Run) -> Iterator[Connector]:
        """The connector under test."""
        connector = connect(None)
        yield connector
        run(connector.close())

    @pytest.fixture
    def bench(self, run: Run, connector: Connector, world: ContractWorld, subject: Subject) -> Bench:
        """The connector beside its world."""
        return Bench(run, connector, world, subject)


class ConnectorContract(ReadingContract, PagingContract, WritingContract, ContractFixtures):
    """Everything that a connector promises."""


class RemoteConnectorContract(ConnectorContract, InterruptionContract):
    """And what it promises when the way to the system is interrupted."""

    @pytest.fixture
    def between(self) -> Between:
        """The way that ``connect`` goes: to be overridden."""
        raise NotImplementedError("override the fixture `between`")
