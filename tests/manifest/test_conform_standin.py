"""A stand-in keeps every law that a connector can be tried by, whatever the document's datatypes and properties are called."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inprocess import AFTER_THE_SEEDS, ORIGIN, Hosted
from rigs import KnownSecrets, PassingClock

from accord.config.dialect import wires
from accord.config.manifest import manifest_of
from accord.config.yamlfile import parse_yaml
from accord.connectors.live import Live
from accord.documents.standin import manifest_text
from accord.model.manifest import Manifest
from accord.sandbox import standin
from accord.sandbox.faults import Faults
from accord.sandbox.process import start
from accord.sandbox.standin import variables
from accord.testing.conformance import Conformed, Verdict, conform, trials
from accord.testing.conformance_subject import Choice

ACCORD = [sys.executable, "-m", "accord.cli.main"]
SEED = ("Contact", "Customer", "Order", "Product", "Quote", "User")
WORDS = st.text("ab.$_ ()é漢Å:#'\"{}-1", min_size=1, max_size=12)
CELLS = st.sampled_from(['"string"', '"integer"', '"float"', '"boolean"', '"list"', "N/A", "date", "datetime", "['concat', '_S.x']"])
TABLES = st.dictionaries(WORDS, st.dictionaries(WORDS, CELLS, max_size=6), min_size=1, max_size=3)


class HostedStandIn(Hosted):
    """A stand-in without a socket, on a clock that only tests move."""

    def __init__(self, made: Manifest, size: int) -> None:
        self.clock = PassingClock()
        self.clock.passed += AFTER_THE_SEEDS
        self.erased = set()
        self.app = standin.application(wires(made), standin.Settings("key", size), Faults(), self._now)


def tried(made: Manifest, datatype: str, size: int = 5) -> Conformed:
    hosted = HostedStandIn(made, size)
    secrets = KnownSecrets(X_URL=ORIGIN, X_KEY="key")
    system = Live(made, secrets, hosted.clock, lambda: hosted, random.Random(5), "trial")
    amount = next(name for name, each in made.datatypes[datatype].properties.items() if each.type == "decimal")
    return conform(system, datatype, Choice(refused={amount: "much"}), lambda _judged: None)


def made_of(tables: dict[str, dict[str, str]]) -> Manifest:
    return manifest_of(parse_yaml(manifest_text("Some system", tables, "X").encode(), "s.yaml"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES)
def test_every_law_holds_of_a_stand_in_for_any_document(tables: dict[str, dict[str, str]]) -> None:
    made = made_of(tables)
    conformed = tried(made, next(iter(tables)))
    assert [each for each in conformed.judged if each.verdict is not Verdict.HOLDS] == []
    assert conformed.left == []


@pytest.mark.parametrize("path", ["a", "a.b", "a.b.c"])
def test_a_path_that_begins_another_keeps_the_laws_by_itself(path: str) -> None:
    made = made_of({"Contacts (human data)": {"a": "N/A", "a.b": "N/A", "a.b.c": "N/A"}})
    hosted = HostedStandIn(made, 0)
    system = Live(made, KnownSecrets(X_URL=ORIGIN, X_KEY="key"), hosted.clock, lambda: hosted, random.Random(5), "trial")
    conformed = conform(system, "Contacts (human data)", Choice(text=path), lambda _judged: None)
    assert conformed.count(Verdict.DOES_NOT) == 0
    assert conformed.count(Verdict.HOLDS) >= len(trials()) - 2


@pytest.mark.slow
def test_accord_manifest_conform_passes_wholly_against_the_process_for_the_datatypes_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "crm.yaml"
    path.write_text(manifest_text("Customcrm", {name: {} for name in SEED}), encoding="utf-8")
    with start("standin", 5, options=[f"--manifest={path}"]) as running:
        values = variables(standin.served(path)[0], running.url, running.key)
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        words = ["manifest", "conform", str(path), "--allow-writes-to", "Customcrm", "--refused", "Amount=much", "--json", "--datatype"]
        at_once = {name: subprocess.Popen([*ACCORD, *words, name], stdout=subprocess.PIPE, text=True) for name in SEED}
        told = {name: json.loads(process.communicate()[0]) for name, process in at_once.items()}  # they wait more than they work
    assert {name: process.returncode for name, process in at_once.items()} == dict.fromkeys(SEED, 0)
    checks = {name: said["datatypes"][0]["checks"] for name, said in told.items()}
    assert {name: {each["verdict"] for each in found} for name, found in checks.items()} == {name: {"holds"} for name in SEED}
    assert {len(found) for found in checks.values()} == {len(trials())}
