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

Where a law needs a capability that the connector does not claim, the documented alternative is tried instead. Nothing is skipped.
"""

from accord.testing.bench import Bench, Connect, ContractWorld, Subject
from accord.testing.contract_reading import ReadingContract
from accord.testing.contract_writing import WritingContract

__all__ = ["Bench", "Connect", "ConnectorContract", "ContractWorld", "Subject"]


class ConnectorContract(ReadingContract, WritingContract):
    """Everything that a connector promises."""
