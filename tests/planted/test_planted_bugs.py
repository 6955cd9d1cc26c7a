"""The oracle is tested too: with one bug planted for each promise, a suite that passes without it must fail, within its budget."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from bugs import BUGS

from accord.testing.enumeration import compare, live, singles
from accord.testing.enumeration_scenes import SCENES as ALL
from accord.testing.simulation import simulate

pytestmark = pytest.mark.filterwarnings("ignore")  # what a bug breaks off is not tidied away

SEEDS = range(1_000_000, 1_000_150)
"""Histories that the simulation may take to find a bug; they are among those that its own tests show to keep every promise."""

SCENES = ("people_are_made", "orders_with_lines", "a_conflict")
TESTS = Path(__file__).parents[1]


def suite_of(folder: str) -> list[ModuleType]:
    """The modules of a suite that name a promise, or the rule that a bug breaks."""
    named = re.compile(r"def test_(P\d|MATCH_02)")
    paths = [path for path in sorted((TESTS / folder).glob("test_*.py")) if named.search(path.read_text("utf-8"))]
    return [importlib.import_module(path.stem) for path in paths]


MODULES = {folder: suite_of(folder) for folder in ("scenarios", "laws", "store")}


MISPLANTED = (TypeError, AttributeError, NameError)
"""What a bug raises that does not fit the code any more: that it breaks off proves nothing of the suite."""


def simulation_fails() -> bool:
    for seed in SEEDS:
        violations = simulate(seed).violations
        assert not any(one.what.startswith(tuple(each.__name__ for each in MISPLANTED)) for one in violations), violations
        if violations:
            return True
    return False


def enumeration_fails() -> bool:
    for scene in (one for one in ALL if one.name in SCENES):
        expected = live(scene)
        if expected.wrong or any(compare(scene, expected, [plan])[1] for plan in singles(expected.points)):
            return True
    return False


def all_named(folder: str, beginnings: tuple[str, ...]) -> Iterator[Callable[..., object]]:
    """The tests of a suite with such names."""
    for module in MODULES[folder]:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith(beginnings) and not getattr(test, "pytestmark", None):
                yield test


def fails(test: Callable[..., object], folder: Path) -> bool:
    """Whether a test fails; one that needs more than a folder and a patch cannot be asked."""
    patch, folder = pytest.MonkeyPatch(), folder / test.__name__
    folder.mkdir()
    given = {"tmp_path": folder, "monkeypatch": patch}
    needed = () if hasattr(test, "hypothesis") else tuple(inspect.signature(test).parameters)
    if not set(needed) <= given.keys():
        return False
    try:
        test(**{name: given[name] for name in needed})
    except MISPLANTED:
        raise
    except BaseException:  # noqa: BLE001  # as above; pytest's own failures are no Exception
        return True
    finally:
        patch.undo()
    return False


def found(promise: str, folder: Path) -> bool:
    """Whether the bug's suite fails now."""
    bug = BUGS[promise]
    if bug.suite == "simulation":
        return simulation_fails()
    if bug.suite == "enumeration":
        return enumeration_fails()
    number = int(promise[1:])
    beginnings = (bug.tests,) if bug.tests else (f"test_P{number}_", f"test_P{number:02}_")
    tests = list(all_named(bug.suite, beginnings))
    assert tests, f"no test in tests/{bug.suite} is named after {promise}"
    return any(fails(test, folder) for test in tests)


def test_every_promise_has_a_bug() -> None:
    assert list(BUGS) == [f"P{number}" for number in range(1, 27)]


@pytest.mark.parametrize("promise", BUGS)
def test_a_planted_bug_does_not_survive(promise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as planted:
        BUGS[promise].plant(planted)
        assert found(promise, tmp_path), f"{BUGS[promise].plant.__name__} was not found by {BUGS[promise].suite}"


@pytest.mark.parametrize("promise", [promise for promise, bug in BUGS.items() if bug.suite not in ("simulation", "enumeration")])
def test_without_the_bug_the_suite_passes(promise: str, tmp_path: Path) -> None:
    assert not found(promise, tmp_path)


@pytest.mark.parametrize("suite", [simulation_fails, enumeration_fails])
def test_without_a_bug_the_whole_budget_is_lived_through(suite: Callable[[], bool]) -> None:
    assert not suite()


def test_a_bug_that_does_not_fit_the_code_any_more_is_not_taken_for_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.engine.cycle.journal", lambda: None)
    with pytest.raises(MISPLANTED):
        fails(next(all_named("scenarios", ("test_P20_",))), tmp_path)
    with pytest.raises(AssertionError, match="TypeError"):
        simulation_fails()
