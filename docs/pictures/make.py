"""Draw docs/pictures/demo.svg from a real run of `accord demo --once`: `make picture`.

One text element a line, in the reader's own monospace font; nothing in it comes from elsewhere.
"""

import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
PORT = re.compile(r"127\.0\.0\.1:\d+")
STYLE = re.compile(r"\x1b\[([\d;]*)m")
LINE, CHARACTER, COLUMNS = 17, 7.83, 100
CLASSES = {"1": "b", "3": "i", "1;32": "g"}


def spans(line: str) -> str:
    """A line with its terminal styles as classes."""
    drawn, style = [], ""
    for number, part in enumerate(STYLE.split(line)):
        if number % 2:
            style = CLASSES.get(part, "")
        elif part:
            text = escape(part)
            drawn.append(f'<tspan class="{style}">{text}</tspan>' if style else text)
    return "".join(drawn)


def draw(said: str) -> str:
    """The picture of what a terminal shows."""
    lines = ["$ make demo", *said.rstrip().splitlines()]
    rows = "\n".join(
        f'<text x="16" y="{44 + number * LINE}" xml:space="preserve">{spans(line.rstrip())}</text>' for number, line in enumerate(lines)
    )
    width, height = int(32 + COLUMNS * CHARACTER), 60 + len(lines) * LINE
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"
aria-label="What make demo prints: a table per flow, edits on both sides, a silent third run, and the proof that both systems are in step">
<style>
text {{ font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9 }}
.b {{ font-weight: bold; fill: #ffffff }} .i {{ font-style: italic; fill: #a3b1c6 }} .g {{ font-weight: bold; fill: #8fd18b }}
</style>
<rect width="100%" height="100%" rx="8" fill="#1f2430"/>
<circle cx="20" cy="18" r="5" fill="#e0675f"/><circle cx="36" cy="18" r="5" fill="#e2b955"/><circle cx="52" cy="18" r="5" fill="#73b96f"/>
{rows}
</svg>
"""


def main() -> None:
    """Run the demo and draw what it says."""
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "accord.cli.main", "demo", "--once"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    ports = dict.fromkeys(PORT.findall(said))
    for number, port in enumerate(ports):
        said = said.replace(port, f"127.0.0.1:870{number + 1}")
    (HERE / "demo.svg").write_text(draw(said), encoding="utf-8")


if __name__ == "__main__":
    main()
