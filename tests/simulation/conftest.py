"""Failures within the shipped simulation are shown as readably as in a test file."""

import pytest

pytest.register_assert_rewrite("accord.testing")
