"""run: the service that keeps both systems in step, until it is stopped.

Owns: what it prints: a line at the start, one per cycle that did something, one per problem. Does not own: the service (app/, engine/).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from accord.cli.output import counts_json, dataflow_option, json_option

if TYPE_CHECKING:
    from accord.app import Setup, Started
    from accord.engine.serving import Failed, Notice, Passed, Rhythm
    from accord.model.runs import FlowCounts, Run

LISTEN = "127.0.0.1:8484"
STANDING = ("waiting", "held", "review", "quarantined", "unknown")


@click.command("run")
@dataflow_option
@json_option
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=60.0, show_default=True, help="Seconds between two polls.", metavar="SECONDS"
)
@click.option(
    "--full-every", type=click.FloatRange(min=0.01), default=24.0, show_default=True, help="Hours between full listings.", metavar="HOURS"
)
@click.option("--listen", default=LISTEN, show_default=True, help="Where webhooks and /health are served.", metavar="HOST:PORT")
@click.option(
    "--public-url",
    default="",
    help="How --listen is reached from outside, such as https://accord.example.org; systems are asked to send their webhooks there.",
    metavar="URL",
)
@click.option("--no-webhooks", is_flag=True, help="Only poll; listen nowhere.")
def run_command(path: str, as_json: bool, every: float, full_every: float, listen: str, public_url: str, no_webhooks: bool) -> int:
    """Keep both systems in step: polling and webhooks, until stopped.

    SIGTERM or Ctrl+C finishes the operations in hand and ends within ten seconds with exit 0. A system that is not there is tried again.

    Exit 3: configuration refused, or it cannot listen there. 5: another engine holds the state.
    """
    from accord import app
    from accord.engine.serving import Rhythm

    place = None if no_webhooks else address(listen)
    setup = app.load(path)
    rhythm = Rhythm(every=every, full_every=full_every * 3600)
    screen: Screen = JsonScreen() if as_json else Screen()
    screen.intend(setup, rhythm)
    app.start(app.serve(setup, rhythm, place, screen.tell, checked_url(public_url)))
    screen.stopped()
    return 0


def address(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:8484" or "[::1]:8484". Raises UsageError."""
    from accord.errors import UsageError

    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f'"{text}" is not an address to listen on', f"Write HOST:PORT, such as {LISTEN}; port 0 takes a free one.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def checked_url(text: str) -> str:
    """An address such as https://accord.example.org/there, or "". Raises UsageError."""
    from accord.errors import UsageError

    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username):
        raise UsageError("--public-url is no address", "Write one such as https://accord.example.org.")
    return text


@dataclass(slots=True)
class Screen:
    """Lines for people: results on standard output, problems on standard error. ``standing``: what waited after the last cycle."""

    standing: dict[str, tuple[int, ...]] = field(default_factory=dict)
    opening: str = ""

    def intend(self, setup: "Setup", rhythm: "Rhythm") -> None:
        """Keep what the first line says of the files and the rhythm."""
        systems = " <-> ".join(manifest.system for manifest in setup.manifests.values())
        flows = len(setup.dataflow.flows)
        self.opening = f"{systems}: {flows} flows; every {rhythm.every:g} s, in full every {rhythm.full_every / 3600:g} h"

    def tell(self, notice: "Started | Notice") -> None:
        """Print what is worth a line."""
        from accord.engine.serving import Failed, Passed

        if isinstance(notice, Passed):
            if self._is_news(notice.run):
                self.passed(notice)
        elif isinstance(notice, Failed):
            self.failed(notice)
        else:
            self.started(notice)

    def _is_news(self, run: "Run") -> bool:
        """Whether a cycle changed anything: in a system, in the links, or in what waits."""
        standing = {flow: _standing(counts) for flow, counts in run.flows.items()}
        standing = {flow: numbers for flow, numbers in standing.items() if any(numbers)}
        changed, self.standing = standing != self.standing, standing
        return changed or any(counts.writes or counts.matched or counts.conflicts for counts in run.flows.values())

    def started(self, notice: "Started") -> None:
        """The first line, and why a system's webhooks are not taken."""
        urls = ", ".join(notice.urls.values())
        click.echo(self.opening + (f"; webhooks at {urls}" if urls else "; no webhooks"))
        for why in notice.without:
            click.echo(f"no webhooks of {why}", err=True)

    def passed(self, notice: "Passed") -> None:
        """One line: when, why, what became of which flow."""
        run = notice.run
        parts = [f"{flow}: {said}" for flow, counts in run.flows.items() if (said := _sentence(counts))]
        parts.append(f"{run.read} read")
        click.echo(f"{run.ended} {run.cause}: {'; '.join(parts)}")

    def failed(self, notice: "Failed") -> None:
        """One line: what is wrong, and when it is tried again."""
        problem = notice.problem
        remedy = f" ({problem.remedy})" if problem.remedy else ""
        click.echo(f"{problem.message}{remedy}; again in {notice.again:.0f} s", err=True)

    def stopped(self) -> None:
        """The last line."""
        click.echo("stopped; nothing is lost, the next start goes on from here")


class JsonScreen(Screen):
    """A JSON object a line, all of them on standard output."""

    def started(self, notice: "Started") -> None:
        """{"event": "started"}."""
        _line({"event": "started", "webhooks": dict(notice.urls), "without": list(notice.without)})

    def passed(self, notice: "Passed") -> None:
        """{"event": "cycle"}."""
        run = notice.run
        said: dict[str, Any] = {"event": "cycle", "run": run.id, "cause": run.cause, "depth": notice.depth.value}
        _line({**said, "started": run.started, "ended": run.ended, "read": run.read, "flows": counts_json(run.flows)})

    def failed(self, notice: "Failed") -> None:
        """{"event": "problem"}."""
        problem = notice.problem
        said = {"event": "problem", "system": problem.system, "message": problem.message, "remedy": problem.remedy}
        _line({**said, "again_seconds": round(notice.again, 1)})

    def stopped(self) -> None:
        """{"event": "stopped"}."""
        _line({"event": "stopped"})


def _line(value: dict[str, Any]) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


def _standing(counts: "FlowCounts") -> tuple[int, ...]:
    return tuple(getattr(counts, name) for name in STANDING)


def _sentence(counts: "FlowCounts") -> str:
    """What happened in a flow, such as "1 updated right, 2 waiting"; nothing when nothing did."""
    numbers: Sequence[tuple[str, int]] = [
        (name.replace("_", " "), number) for name, number in asdict(counts).items() if name not in ("flow", "unchanged") and number
    ]
    return ", ".join(f"{number} {name}" for name, number in numbers)
