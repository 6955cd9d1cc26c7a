"""The tutorial is run as it stands, against real servers."""

from pathlib import Path

import pytest
from shell import ROOT, Shell, blocks

from accord.sandbox.process import start

PAGE = ROOT / "docs" / "tutorial" / "first-sync.md"
SETUP = "make setup"

pytestmark = pytest.mark.slow


def test_the_tutorial_from_clone_to_a_first_synced_edit(tmp_path: Path) -> None:
    found = blocks(PAGE)
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
