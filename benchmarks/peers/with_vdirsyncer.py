"""vdirsyncer: two folders of contact cards, brought together by its command, with its status in its own folder.

Two-way, by whole card: there is no merge of properties. An edit changes a card on each side, of different people.
"""

import os
import subprocess
import sys
from pathlib import Path

from common import EDITED, MOVED, edited_left, edited_right, given, require, tell, timed

CONFIG = """
[general]
status_path = "{folder}/status"

[pair both]
a = "left"
b = "right"
collections = null

[storage left]
type = "filesystem"
path = "{folder}/left"
fileext = ".vcf"

[storage right]
type = "filesystem"
path = "{folder}/right"
fileext = ".vcf"
"""


def card(record: dict[str, object]) -> str:
    """A record as a contact card."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:{record['id']}",
        f"FN:{record['FirstName']} {record['LastName']}",
        f"N:{record['LastName']};{record['FirstName']};;;",
        f"EMAIL:{record['Email']}",
        f"TEL:{record['Phone']}",
        f"ADR:;;{record['Street']};{record['City']};;;",
        f"BDAY:{record['Born']}",
        f"X-BALANCE:{record['Balance']}",
        f"X-MEMBER:{record['Member']}",
        "END:VCARD",
    ]
    return "\r\n".join(lines) + "\r\n"


PROGRAM = """
import atexit, os, runpy
from common import peak
atexit.register(lambda: open(os.environ["PEAK"], "w").write(str(peak())))
runpy.run_module("vdirsyncer", run_name="__main__", alter_sys=True)
"""
"""The command, which leaves behind how much memory it had."""


def run(folder: Path, command: str) -> None:
    """The program, as a user has it."""
    words = [sys.executable, "-c", PROGRAM, "-v", "ERROR", "-c", str(folder / "config"), command]
    env = {**os.environ, "HOME": str(folder), "PEAK": str(folder / "peak"), "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(words, input="y\n" * 10, text=True, capture_output=True, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"vdirsyncer {command}: {done.stderr[-500:]}")


def main() -> None:
    """Measure."""
    records, folder = given()
    for side in ("left", "right"):
        (folder / side).mkdir()
    (folder / "config").write_text(CONFIG.format(folder=folder))
    for record in records:
        (folder / "left" / f"{record['id']}.vcf").write_text(card(record), newline="")
    run(folder, "discover")
    first = timed(lambda: run(folder, "sync"))
    cards = {side: {Path(one.path).read_bytes() for one in os.scandir(folder / side)} for side in ("left", "right")}
    require(cards["left"] == cards["right"] and len(cards["left"]) == len(records), "all cards made")
    none = timed(lambda: run(folder, "sync"))
    names = {path.read_text().split("UID:")[1].split("\n")[0].strip(): path for path in (folder / "right").iterdir()}
    for number in edited_left(len(records)):
        record = {**records[number], "FirstName": EDITED}
        (folder / "left" / f"{record['id']}.vcf").write_text(card(record), newline="")
    for number in edited_right(len(records)):
        record = {**records[number], "City": MOVED}
        names[str(record["id"])].write_text(card(record), newline="")
    changed = timed(lambda: run(folder, "sync"))
    for side in ("left", "right"):
        text = [path.read_text() for path in (folder / side).iterdir()]
        require(sum(EDITED in one for one in text) == len(edited_left(len(records))), f"the edits of the left on the {side}")
        require(sum(MOVED in one for one in text) == len(edited_right(len(records))), f"the edits of the right on the {side}")
    tell(first, none, changed, peak=float((folder / "peak").read_text()))


if __name__ == "__main__":
    main()
