"""Where the example plug-in is, and the commands of Accord with it installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cardbox"

Offer = Callable[[str, str, str], None]
"""Installs a plug-in: its kind, the text of its module, the name of its package."""


@dataclass(frozen=True)
class Installed:
    """A folder that pip installed the example into."""

    folder: Path

    def run(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    def accord(self, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "accord.cli.main", *words, cwd=cwd)
