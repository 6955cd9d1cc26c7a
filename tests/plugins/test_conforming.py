"""The kit on connectors from elsewhere: what it says when one is sound, and when one lets out what is not ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from installing import Offer

from accord.cli.advice import ended
from accord.cli.main import accord
from accord.testing.conformance import trials

IN_MEMORY = """
from datetime import UTC, datetime, timedelta
from accord.connectors.memory import MemoryConnector, MemoryDatatype, MemorySystem

PROTOCOL = 1
moments = (datetime(2026, 1, 31, 12, tzinfo=UTC) + timedelta(milliseconds=each) for each in range(10**9))
WORLD = MemorySystem("house", lambda: next(moments), {"Thing": MemoryDatatype(refuses={"Other": ("nobody",)})})

class Odd(MemoryConnector):
    pass

def check(manifest):
    return None

def connect(manifest, services):
    connector = Odd(WORLD, services.side, services.wanted)
    if services.page_size:
        from dataclasses import replace
        WORLD.datatypes["Thing"] = replace(WORLD.datatypes["Thing"], page_size=services.page_size)
    return connector
"""
BREAKS = """
    async def read(self, datatype, ids):
        if len(ids) > 10:
            raise ConnectionResetError("somebody hung up")
        return await super().read(datatype, ids)
"""
MANIFEST = """manifest: 1
kind: odd
system: house
datatypes:
  Thing: {delete: true, properties: {Name: {}, Other: {}, Third: {}, Amount: {type: decimal}}}
"""


def conform(tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, tuple[str, str]]]:
    file = tmp_path / "house.yaml"
    file.write_text(MANIFEST)
    words = ["manifest", "conform", str(file), "--allow-writes-to", "house", "--refused", "Other=nobody", "--json"]
    code = ended(lambda: accord.main([*words, *more], "accord", standalone_mode=False), json_wanted=True)
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    (thing,) = said["datatypes"]
    assert thing["left"] == []
    return code, {each["check"]: (each["verdict"], each["reason"]) for each in thing["checks"]}


def test_at_least_forty_checks_hold_of_a_foreign_connector_whose_way_cannot_be_interrupted(
    tmp_path: Path, offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer("odd", IN_MEMORY, "odd-one")
    code, checks = conform(tmp_path, capsys)
    assert code == 0
    assert len(checks) == len(trials())
    assert sum(verdict == "holds" for verdict, _ in checks.values()) >= 60
    assert {reason for verdict, reason in checks.values() if verdict != "holds"} == {
        "a law of HTTP",
        "the plug-in odd does not say which option is the ADDRESS, so the way there cannot be interrupted",
    }


def test_an_error_that_is_none_of_ours_is_what_does_not_hold(tmp_path: Path, offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer("odd", IN_MEMORY.replace("    pass\n", BREAKS), "odd-one")
    code, checks = conform(tmp_path, capsys)
    assert code == 2
    broken = {check: reason for check, (verdict, reason) in checks.items() if verdict == "does not hold"}
    assert broken == {"many ids are read at once in their order": "ConnectionResetError: somebody hung up"}


def test_where_the_address_is_no_place_to_connect_to_that_is_said(tmp_path: Path, offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer("odd", IN_MEMORY + 'ADDRESS = "where"\n', "odd-one")
    _, checks = conform(tmp_path, capsys)
    assert "where: is no HOST:PORT, so the way there cannot be interrupted" in {reason for _, reason in checks.values()}
