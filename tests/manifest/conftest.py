"""The sandboxes without processes, and the small scripted server, are those of the connector's tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "connectors"))
pytest.register_assert_rewrite("accord.testing")
