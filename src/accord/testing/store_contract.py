"""The laws that every store keeps, as a test class to inherit from; shipped for people who write one.

Owns: the laws of ports.Store. Does not own: how a store is opened, locked or damaged: each store tests that itself.

    pytest.register_assert_rewrite("accord.testing")      # in conftest.py, for readable failures

    class TestMine(StoreContract):
        @pytest.fixture
        def make_store(self) -> MakeStore: ...             # an empty store for the flows given
"""

import pytest

from accord.ports import Store
from accord.testing.store_bench import FLOWS, MakeStore
from accord.testing.store_journal import JournalContract
from accord.testing.store_linking import LinkingContract
from accord.testing.store_reading import ReadingContract

__all__ = ["MakeStore", "StoreContract"]


class StoreContract(ReadingContract, LinkingContract, JournalContract):
    """Everything that a store promises."""

    @pytest.fixture
    def store(self, make_store: MakeStore) -> Store:
        """An empty store for three flows, two of which share a datatype."""
        return make_store(FLOWS)
