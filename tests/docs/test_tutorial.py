"""The tutorial is run as it stands: every block of shell in it, in order, in one shell, against real servers.

A block may say what it expects behind `sh`: `exit=N` (default 0), `contains=TEXT`, `background` (it keeps running).
"""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from accord.sandbox.process import start

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-sync.md"
FENCE = re.compile(r"^```sh ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETUP = "make setup"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Block:
    options: str
    code: str

    @property
    def exit_code(self) -> int:
        found = re.search(r"exit=(\d+)", self.options)
        return int(found[1]) if found else 0

    @property
    def contains(self) -> str:
        found = re.search(r"contains=(.+)", self.options)
        return found[1] if found else ""


def blocks() -> list[Block]:
    return [Block(*found) for found in FENCE.findall(PAGE.read_text())]


class Shell:
    """One bash that runs block after block, keeping its folder and variables."""

    def __init__(self, folder: Path) -> None:
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={**os.environ, "PATH": binaries},
            start_new_session=True,
        )

    def run(self, code: str) -> tuple[int, str]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f'{code}\necho "@@ended $?"\n')
        self.process.stdin.flush()
        said: list[str] = []
        for line in self.process.stdout:
            if line.startswith("@@ended "):
                return int(line.split()[1]), "".join(said)
            said.append(line)
        raise AssertionError("the shell ended: " + "".join(said))

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def test_the_tutorial_from_clone_to_a_first_synced_edit(tmp_path: Path) -> None:
    found = blocks()
    assert len(found) >= 10
    background = [block for block in found if "background" in block.options]
    assert [block.code.strip() for block in background] == ["accord sandbox --size 60"]
    with start("customcrm", 60, 1) as crm, start("membercare", 60, 1) as care:
        shell = Shell(tmp_path)
        try:
            for block in found:
                if SETUP in block.code or block in background:
                    continue  # the tests run in what `make setup` made; the servers are started above, on free ports
                code = block.code.replace("http://127.0.0.1:8701", crm.url).replace("http://127.0.0.1:8702", care.url)
                ended, said = shell.run(code)
                assert ended == block.exit_code, f"{block.code}\nended with {ended}:\n{said}"
                assert block.contains in said, f"{block.code}\nsaid:\n{said}"
        finally:
            shell.close()
