"""The commands of a page, run as they stand: every block of shell in it, in order, in one shell.

A block may say what it expects behind `sh`: `exit=N` (default 0), `contains=TEXT`, `background` (it keeps running).
"""

import os
import re
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^ *```sh ?([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


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


def blocks(page: Path) -> list[Block]:
    return [Block(options, textwrap.dedent(code)) for options, code in FENCE.findall(page.read_text("utf-8"))]


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
        self.process.stdin.write(f"{code}\nprintf '\\n@@ended %s\\n' $?\n")  # on a line of its own, whatever was printed before
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
