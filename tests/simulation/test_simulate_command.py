"""accord simulate: what it prints, and with which exit code it ends."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from accord.cli.simulate import simulate_command
from accord.testing import simulation_many
from accord.testing.oracle import Violation
from accord.testing.simulation import Verdict, simulate
from accord.testing.simulation_many import WORTH_A_PROCESS, simulate_many


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(simulate_command, words, standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value, result.output


def broken(seed: int, traces: bool, own: object) -> Verdict:
    """A history in which the oracle found something."""
    return replace(simulate(seed), violations=(Violation("P4", "crm Contact C-1", "Name ~1~ is nowhere"),))


def test_it_ends_with_0_when_every_history_held() -> None:
    code, output = run("--seeds", "2")
    assert code == 0
    assert "2 of 2 histories kept every promise" in output
    assert "seeds/s" in output


def test_json_says_the_same_as_data() -> None:
    code, output = run("--seeds", "2", "--first-seed", "3", "--json")
    told = json.loads(output)
    assert code == 0
    assert (told["seeds"], told["first_seed"], told["failed"]) == (2, 3, [])
    assert told["cycles"] > 0 and told["writes"] > 0 and told["per_second"] > 0
    assert all(count > 0 for count in told["faults"].values())


def test_it_ends_with_2_and_says_what_broke_and_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation_many, "simulate", broken)
    code, output = run("--seeds", "1", "--first-seed", "7")
    assert code == 2
    assert "seed 7: P4 crm Contact C-1: Name ~1~ is nowhere" in output
    assert "accord simulate --first-seed 7 --seeds 1 --verbose" in output
    code, output = run("--seeds", "1", "--first-seed", "7", "--json")
    assert code == 2
    assert json.loads(output)["failed"][0]["violations"][0]["promise"] == "P4"


def test_the_history_is_printed_on_wish_with_its_digest() -> None:
    _, output = run("--seeds", "1", "--verbose")
    verdict = simulate(1)
    assert output.startswith("\n".join(verdict.trace))
    assert f"seed 1: {verdict.digest}" in output


def test_several_processes_give_the_same_verdicts_in_the_same_order() -> None:
    seeds = range(1, WORTH_A_PROCESS + 1)
    one, two = list(simulate_many(seeds)), list(simulate_many(seeds, jobs=2))
    assert one == two
    assert [verdict.seed for verdict in one] == list(seeds)
    assert not any(verdict.trace for verdict in one), "the trace of what held is only kept on wish"
