"""`make bench-quick` in its smallest form: every measurement runs, proves itself and gives its rows; and what a row says."""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
EXPECTED = {
    "First load over HTTP": {"first load, 32 calls at once": 2, "a cycle with nothing changed": 1},
    "Linking what is there": {"read, match and link": 1, "state file per link": 2},
    "A cycle with nothing changed": {"one idle cycle": 2},
    "A cycle with changes": {"1 records edited on each side": 2, "the next cycle": 2},
    "Reading everything": {"full listing of both sides": 1, "census of all links": 1},
    "The core alone": {"map into": 1, "a mapped record in memory": 1, "first match": 1, "three-way merge": 1, "from two records": 1},
    "The store alone": {
        "SQLite: absorb": 1,
        "SQLite: the store's": 1,
        "SQLite: state file": 1,
        "PostgreSQL: absorb": 1,
        "PostgreSQL: the": 1,
    },
    "Webhooks": {"from a webhook to the write on the other side": 2},
    "Beside others, on the same records": {"first load into an empty side": 4, "nothing changed": 4, "1 % changed": 4},
}
"""Of each table, how its lines begin, and how many of them there are."""

TABLES = {
    "load": {"First load over HTTP"},
    "cycles,core": {
        "Linking what is there",
        "A cycle with nothing changed",
        "A cycle with changes",
        "Reading everything",
        "The core alone",
    },
    "store,stores,peers": {"The store alone", "Beside others, on the same records"},
    "webhooks": {"Webhooks"},
}
"""Measurements that are tried together, and the tables they make."""

WHEN = {"made"}
"""Columns that hold when something happened."""


def lines_of(page: str) -> dict[str, list[list[str]]]:
    """The cells of each table's lines, by its heading."""
    found: dict[str, list[list[str]]] = {}
    for part in page.split("\n## ")[1:]:
        heading, *rest = part.splitlines()
        found[heading] = [line.strip("| ").split(" | ") for line in rest if line.startswith("| ") and not line.startswith("| What")]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("names", list(TABLES))
def test_every_measurement_gives_its_rows_on_the_page(tmp_path: Path, names: str) -> None:
    target = tmp_path / "benchmarks.md"
    words = [sys.executable, str(BENCHMARKS / "run.py"), "--scale", "tiny", "--peers", "no", "--page", str(target), "--only", names]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    page = target.read_text("utf-8")
    found = lines_of(page)
    assert set(found) == TABLES[names]
    for heading, lines in found.items():
        starts = EXPECTED[heading]
        assert {start: sum(line[0].startswith(start) for line in lines) for start in starts} == starts
        assert len(lines) == sum(starts.values())
    assert re.search(r"Measured on \d{4}-\d\d-\d\d .* at revision `.+`", page)
    assert ("left out on request" in page) is ("peers" in names), "what was not run has no figure and says why"


@pytest.mark.slow
def test_no_measurement_is_without_a_test() -> None:
    programs = in_benchmarks("from run import MEASUREMENTS\nfor one in MEASUREMENTS: print(one.name, one.program, one.tiny is not None)")
    tried = {name for names in TABLES for name in names.split(",")}
    lines = [line.split() for line in programs.splitlines()]
    assert {name for name, _, tiny in lines if tiny == "True"} == tried
    assert {program for _, program, _ in lines} == {program for name, program, _ in lines if name in tried}
    assert set.union(*TABLES.values()) == set(EXPECTED)


@pytest.mark.slow
def test_rows_say_the_median_the_extremes_and_the_ratio_of_each_round() -> None:
    said = in_benchmarks(
        "from rows import Row, line\n"
        "print(line(Row('g', 'what', '5 links', [2.0, 4.0, 3.0], 's', 'bare', [1.0, 1.0, 3.0], 'a | b')))\n"
        "print(line(Row('g', 'what', '5 links', note='there is no node here')))"
    )
    measured, missing = said.splitlines()
    assert measured == "| what | 5 links | 3.00 (2.00 to 4.00) s | bare: 1.00 (1.00 to 3.00) s | 2.00 (1.00 to 4.00) | 3 | a \\| b |"
    assert missing == "| what | 5 links | not run |  |  | 0 | there is no node here |"


@pytest.mark.slow
def test_a_cycle_that_did_something_else_is_no_figure() -> None:
    said = in_benchmarks(
        "from accord.model.runs import Run\n"
        "from cycles import FLOW, proven\n"
        "run = Run('r', 'benchmark', '')\n"
        "run.counts(FLOW.name).updated_left = 1\n"
        "proven(run, updated_left=1)\n"
        "try:\n"
        "    proven(run)\n"
        "except RuntimeError as error:\n"
        "    print(error)"
    )
    assert "updated_left" in said


@pytest.mark.slow
def test_a_seeded_state_is_what_the_engine_would_have_made(tmp_path: Path) -> None:
    in_benchmarks(
        "import asyncio\n"
        "from pathlib import Path\n"
        "from cycles import link\n"
        "from seeding import seed\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "asyncio.run(link(folder, 700))\n"
        "asyncio.run(seed(folder / 'seeded.db', 700))"
    )
    with (
        contextlib.closing(sqlite3.connect(tmp_path / "700.db")) as made,
        contextlib.closing(sqlite3.connect(tmp_path / "seeded.db")) as other,
    ):
        tables = [name for (name,) in made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        assert {"record", "match_key", "link", "linked", "cursor", "setting", "pending"} <= set(tables)
        for table in sorted(set(tables) - {"run", "engine"}):  # which say who made it and when
            columns = [name for _, name, *_ in made.execute(f"PRAGMA table_info({table})") if name not in WHEN]
            asked = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(columns)}"
            rows = [[row for row in each.execute(asked) if not str(row[0]).startswith("onboarded:")] for each in (made, other)]
            assert rows[0] == rows[1], table


def in_benchmarks(program: str) -> str:
    """What a program prints that has the benchmarks on its path."""
    env = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    return subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True).stdout
