"""`accord --help` starts at once: it imports none of the heavy parts. (Its time is measured in benchmarks/start.py.)"""

import subprocess
import sys

HEAVY = ("aiohttp", "pydantic", "yaml", "starlette", "uvicorn", "rich", "phonenumbers", "apsw", "msgspec", "accord.engine", "accord.config")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom accord.cli.main import accord\n"
        "try:\n    accord.main(['--help'], prog_name='accord')\nexcept SystemExit:\n    pass\n"
        f"print('heavy:', sorted(name for name in {HEAVY!r} if name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith("heavy: []"), said
    for command in ("demo", "init", "check", "plan", "sync", "run", "status", "links", "why", "document", "sandbox", "simulate"):
        assert f"  {command} " in said
