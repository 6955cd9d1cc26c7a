"""The page about PostgreSQL is run as it stands, with a real server and both sandboxes."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from accord.config.starter import write_starter
from accord.sandbox.process import start
from accord.store.places import DatabasePlace

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "docs"))

from shell import Shell  # noqa: E402  # how pages are run

PAGE = ROOT / "docs" / "how-to" / "postgresql.md"
BLOCK = re.compile(r"^ *```bash ?(?:contains=([^\n]*))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, place: DatabasePlace) -> None:
    write_starter(tmp_path, demo=True)
    with start("customcrm", 40, 1) as crm, start("membercare", 40, 1) as care:
        lines = {"CUSTOMCRM_URL": crm.url, "CUSTOMCRM_KEY": crm.key, "MEMBERCARE_URL": care.url, "MEMBERCARE_KEY": care.key}
        lines |= {"MEMBERCARE_PERSON": "1", "ACCORD_STATE": f"{place.address}&schema={place.schema}"}
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        shell = Shell(tmp_path)
        try:
            shell.run("accord sync")
            found = BLOCK.findall(PAGE.read_text("utf-8"))
            assert len(found) == 4
            for contains, code in found:
                ended, said = shell.run(textwrap.dedent(code))
                assert ended == 0, f"{code}\nended with {ended}:\n{said}"
                assert contains in said, f"{code}\nsaid:\n{said}"
        finally:
            shell.close()
