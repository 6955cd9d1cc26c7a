"""The how-to pages are run as they stand, each in a folder of its own with the demo's dataflow and real servers."""

import socket
from pathlib import Path

import pytest
from shell import ROOT, Block, Shell, blocks

from accord.config.starter import write_starter
from accord.sandbox.process import Running, start

PAGES = sorted(page for page in (ROOT / "docs" / "how-to").glob("*.md") if blocks(page))
ADDRESS = "127.0.0.1:8484"
READY = f"curl --silent --retry 50 --retry-delay 1 --retry-connrefused --output /dev/null http://{ADDRESS}/health"

pytestmark = pytest.mark.slow


def prepare(folder: Path, crm: Running, care: Running) -> dict[str, str]:
    """The demo's files; gives what is in the .env, for folders that a page makes and whose .env a reader fills in."""
    write_starter(folder, demo=True)
    lines = {
        "CUSTOMCRM_URL": crm.url,
        "CUSTOMCRM_KEY": crm.key,
        "MEMBERCARE_URL": care.url,
        "MEMBERCARE_KEY": care.key,
        "MEMBERCARE_PERSON": "1",
    }
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return lines


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def code_of(block: Block) -> str:
    """A block that keeps running is started, and waited for until it answers."""
    return f"{block.code.strip()} >background.log 2>&1 &\n{READY}" if "background" in block.options else block.code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_the_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    own = f"127.0.0.1:{free_port()}"
    with start("customcrm", 40, 1) as crm, start("membercare", 40, 1) as care:
        known = prepare(tmp_path, crm, care)
        shell = Shell(tmp_path)
        try:
            shell.run("".join(f"export {name}={value}\n" for name, value in known.items()))
            for block in blocks(page):
                ended, said = shell.run(code_of(block).replace(ADDRESS, own))
                assert ended == block.exit_code, f"{block.code}\nended with {ended}:\n{said}"
                assert block.contains in said, f"{block.code}\nsaid:\n{said}"
        finally:
            shell.close()
