"""Mutation testing: small faults are planted one at a time in the modules that decide, and the tests must notice each of them.

    python tests/mutants/run.py [--tenth DIGIT] [module ...]        (without a name: all of src/accord/core that decides)

Owns: which modules, which tests are to notice, and the comparison with explained.toml: the mutants that change nothing. Does not own: how
mutants are made and tried (mutmut; the section [tool.mutmut] of pyproject.toml). Works on a throw-away copy of the checkout. Prints a line
for each module; exit code 1 if a mutant survives that is not explained, or an explanation is about no survivor.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("explained.toml")
ALIVE = (0, 33, None)
"""Exit codes of a mutant that no test noticed, that no test reaches, that was not tried."""


@dataclass(frozen=True)
class Room:
    """Modules of one folder, and the tests that are to notice a fault in any of them: the quick ones, and what only survivors meet."""

    folder: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    more: tuple[str, ...] = ()
    when_named: bool = False  # too slow to be tried unless it is asked for


CORE, LAWS = "src/accord/core", "tests/laws/test_"
ROOMS = (
    Room(
        CORE,
        ("merging", "conflicts"),
        ("tests/core", f"{LAWS}conflicts.py", f"{LAWS}merge_lists.py"),
        (f"{LAWS}merge_algebra.py", f"{LAWS}merge_items.py", f"{LAWS}merge_convergence.py"),
    ),
    Room(CORE, ("agreeing",), (f"{LAWS}agreeing.py",), (f"{LAWS}merge_convergence.py",)),
    Room(
        CORE,
        ("planning", "matching", "guards", "deletes", "leaving", "referring", "recovering", "flowrules", "ordering", "comparing"),
        ("tests/core",),
        (f"{LAWS}conflicts.py",),
    ),
    Room(CORE, ("filters",), (f"{LAWS}filters.py", f"{LAWS}filter_words.py")),
    Room(
        "src/accord/engine",
        ("recording", "recovery", "journaling"),
        ("tests/scenarios/test_engine_answers.py", "tests/scenarios/test_engine_recovering.py", "tests/scenarios/test_engine_changing.py"),
        ("tests/scenarios",),
        when_named=True,
    ),
)


@dataclass(frozen=True)
class Mutant:
    """One fault: the line as it is and as it becomes. Numbers move with every edit of the module; lines stay."""

    module: str
    function: str
    line: str
    becomes: str


class Copy:
    """A throw-away copy of the checkout in which mutmut works; nothing of it reaches the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def choose(self, sources: Iterable[str], tests: Iterable[str]) -> None:
        """Set what is mutated and which tests are to notice."""
        config = self.folder / "pyproject.toml"
        text = config.read_text("utf-8")
        for name, values in (("only_mutate", sources), ("pytest_add_cli_args_test_selection", tests)):
            text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {json.dumps(list(values))}", text)
            if found != 1:
                raise SystemExit(f"pyproject.toml: [tool.mutmut] must have one line `{name} = [...]`")
        config.write_text(text, "utf-8")

    def mutmut(self, *arguments: str) -> str:
        """Run mutmut in the copy; its output."""
        command = [sys.executable, "-m", "mutmut", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(arguments)}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def outcomes(self, source: str) -> dict[str, int | None]:
        """The exit code of the tests for each mutant of a module."""
        found = json.loads((self.folder / "mutants" / f"{source}.meta").read_text("utf-8"))
        outcomes: dict[str, int | None] = found["exit_code_by_key"]
        return outcomes

    def mutant(self, module: str, key: str) -> Mutant:
        """What a mutant changes."""
        lines = [line for line in self.mutmut("show", key).splitlines() if not line.startswith(("---", "+++"))]
        function = key.rpartition("__mutmut_")[0].rpartition(".")[2]
        owner, _, name = function.removeprefix("xǁ").rpartition("ǁ")
        told = f"{owner}.{name}" if owner else function.removeprefix("x_")
        return Mutant(module, told, *(" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"))


def explained() -> dict[Mutant, str]:
    """The mutants that are known to change nothing, each with why."""
    entries: list[dict[str, Any]] = tomllib.loads(EXPLAINED.read_text("utf-8")).get("mutant", [])
    return {Mutant(one["module"], one["function"], one["line"], becomes): one["why"] for one in entries for becomes in one["becomes"]}


def attempt(copy: Copy, room: Room, modules: Sequence[str], digit: str = "") -> dict[str, dict[str, int | None]]:
    """Try all mutants of these modules, or those whose number ends with a digit. What survives is tried a second time with more tests; laws
    draw other examples then, too.
    """
    sources = {module: f"{room.folder}/{module}.py" for module in modules}
    copy.choose(sources.values(), room.tests)
    copy.mutmut("run", "--max-children", "1", *([f"*__mutmut_*{digit}"] if digit else []))
    found = {
        module: {key: code for key, code in copy.outcomes(source).items() if key.endswith(digit)} for module, source in sources.items()
    }
    again = [key for outcomes in found.values() for key, code in outcomes.items() if code in ALIVE]
    if again:
        copy.choose(sources.values(), (*room.tests, *room.more))
        copy.mutmut("run", "--max-children", "1", *again)  # which forgets all others, since the tests were changed
        for module, source in sources.items():
            found[module] |= {key: code for key, code in copy.outcomes(source).items() if key in again}
    return found


def report(copy: Copy, module: str, outcomes: dict[str, int | None], known: dict[Mutant, str], whole: bool) -> bool:
    """Print the line of a module and what is open; whether all is well. ``whole``: all its mutants were tried."""
    alive = {key: copy.mutant(module, key) for key, code in outcomes.items() if code in ALIVE}
    left = [mutant for mutant in alive.values() if mutant not in known]
    idle = [mutant for mutant in known if whole and mutant.module == module and mutant not in alive.values()]
    say(f"{module:<12} {len(outcomes):>8} {len(outcomes) - len(alive):>8} {len(alive) - len(left):>10} {len(left):>9}")
    for (function, line), same in groupby(left, key=lambda one: (one.function, one.line)):
        say(f"  survived in {function}:  {line}")
        for one in same:
            say(f"    becomes:  {one.becomes}")
    for one in idle:
        say(f"  explained, but noticed by a test or not there: {one.function}:  {one.becomes}")
    return not left and not idle


def say(text: str) -> None:
    """Print at once: a run is long."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    """Try the modules that are named, or all of which the tests are quick."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    everything = [module for room in ROOMS for module in room.modules]
    parser.add_argument("module", nargs="*", help=", ".join(everything))
    parser.add_argument("--tenth", choices=list("0123456789"), default="", help="only mutants whose number ends with this digit")
    given = parser.parse_args(words)
    if unknown := sorted(set(given.module) - set(everything)):
        parser.error(f"no such module: {', '.join(unknown)}; there are {', '.join(everything)}")
    known, well = explained(), True
    say(f"{'module':<12} {'mutants':>8} {'killed':>8} {'explained':>10} {'survived':>9}")
    for room in ROOMS:
        modules = [module for module in room.modules if module in given.module or not (given.module or room.when_named)]
        if modules:
            with tempfile.TemporaryDirectory(prefix="accord-mutants-") as folder:
                copy = Copy(Path(folder))
                for module, outcomes in attempt(copy, room, modules, given.tenth).items():
                    well &= report(copy, module, outcomes, known, not given.tenth)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
