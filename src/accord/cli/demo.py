"""demo: both sandboxes, the six flows, edits on both sides, and the proof, over real HTTP between three processes.

Owns: the story that is told. Does not own: any part of the doing: files, servers, runs and the census are the ones everybody uses.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.cli.advice import INTERRUPTED
from accord.cli.output import console, counts_json, json_option, print_json, progress_bar, run_table, spaced

if TYPE_CHECKING:
    from accord.app import Setup
    from accord.engine.census import FlowCensus
    from accord.model.runs import Run
    from accord.sandbox.process import Running

NOT_AS_EXPECTED = 1


@dataclass(slots=True)
class Demo:
    """A demo on its way. ``told``: whether the story is printed. ``report``: what --json gives."""

    setup: "Setup"
    crm: "Running"
    care: "Running"
    told: bool
    report: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def say(self, text: str, style: str = "") -> None:
        """Print a line of the story."""
        if self.told:
            console().print(text, style=style, markup=False, soft_wrap=True)

    def sync(self, name: str, title: str) -> "Run":
        """One run as `accord sync` does it, with its table."""
        from accord import app

        with progress_bar(self.told) as progress:

            async def work() -> "Run":
                async with app.session(self.setup, progress=progress) as opened:
                    return await app.run_once(opened, "demo")

            began = time.monotonic()
            run = app.start(work())
        took = time.monotonic() - began
        self.report[name] = {"flows": counts_json(run.flows), "read": run.read, "seconds": round(took, 1)}
        if self.told:
            flows = [flow.name for flow in self.setup.dataflow.flows]
            run_table(flows, run.flows, f"{title} ({spaced(run.read)} records read, {took:.1f} s)")
        return run

    def census(self) -> "list[FlowCensus]":
        """Read both systems afresh and compare."""
        from accord import app

        async def work() -> "list[FlowCensus]":
            async with app.session(self.setup, preview=True) as opened:
                return await app.take_census(opened)

        return app.start(work())

    def expect(self, holds: bool, what: str) -> None:
        """Note what did not come out as it has to."""
        if not holds:
            self.wrong.append(what)


@click.command("demo")
@json_option
@click.option("--size", default=300, show_default=True, help="Records on the Customcrm side.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same records.")
@click.option("--once", is_flag=True, help="End after the proof; without a terminal this is always so.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep dataflow, manifests and state here.")
def demo_command(as_json: bool, size: int, seed: int, once: bool, folder: Path | None) -> int:
    """Both sandboxes, the six flows, edits on both sides, and the proof.

    Exit 0: everything came out as it has to. 1: something did not; it is said what.
    """
    try:
        return _demo(as_json, size, seed, once, folder)
    except KeyboardInterrupt:
        click.echo("\nstopped; both systems of the demo and what was in them are gone", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def _demo(as_json: bool, size: int, seed: int, once: bool, folder: Path | None) -> int:
    """The story, with both servers started for it and ended afterwards; gives the exit code."""
    from accord.sandbox.process import start

    with tempfile.TemporaryDirectory(prefix="accord-demo-") as scratch:
        if not as_json:
            click.echo(f"starting Customcrm and Membercare with {size} records ...")
        with start("customcrm", size, seed) as crm, start("membercare", size, seed) as care:
            demo = Demo(_files(folder or Path(scratch), crm, care), crm, care, told=not as_json)
            _story(demo)
            if as_json:
                print_json({**demo.report, "wrong": demo.wrong})
            elif not once and sys.stdin.isatty() and sys.stdout.isatty() and not demo.wrong:
                _stay(demo)
        for problem in demo.wrong:
            click.secho(f"not as it has to be: {problem}", fg="red", err=True)
        return NOT_AS_EXPECTED if demo.wrong else 0


def _files(folder: Path, crm: "Running", care: "Running") -> "Setup":
    """The shipped dataflow and manifests, with an .env for these two servers."""
    from accord import app
    from accord.config.starter import write_starter

    target = folder / "customcrm-membercare"
    if not (target / "dataflow.yaml").exists():
        write_starter(target, demo=True)
    (target / ".env").write_text(
        f"CUSTOMCRM_URL={crm.url}\nCUSTOMCRM_KEY={crm.key}\nMEMBERCARE_URL={care.url}\nMEMBERCARE_KEY={care.key}\nMEMBERCARE_PERSON=1\n"
    )
    for old in (target / ".accord").glob("*"):
        old.unlink()  # the servers start empty of our writes, so a state of an earlier demo would only confuse
    return app.load(target / "dataflow.yaml")


def _story(demo: Demo) -> None:
    from accord.sandbox.people import calls, reset_calls

    demo.say(f"Customcrm  {demo.crm.url}/api\nMembercare {demo.care.url}/api/v1\n")
    demo.say("1. The first run: match what both have, create what Membercare lacks, link all of it.", "bold")
    demo.sync("first", "first run")
    _show_waiting(demo)
    edits = _edit(demo)
    demo.say("\n3. The second run carries exactly those.", "bold")
    second = demo.sync("second", "second run")
    carried = _carried(second)
    demo.report["edits"], demo.report["carried"] = edits, carried
    demo.expect(carried == edits, f"the second run carried {carried}, the edits were {edits}")
    demo.say("\n4. The third run: nothing has changed, so nothing is written.", "bold")
    for server in (demo.crm, demo.care):
        reset_calls(server.url)
    demo.sync("third", "third run")
    writes = {server.name: calls(server.url)["writes"] for server in (demo.crm, demo.care)}
    demo.report["third_writes"] = writes
    demo.expect(not any(writes.values()), f"the third run wrote: {writes}")
    demo.say("   " + ", ".join(f"{name} counted {count} writes" for name, count in writes.items()))
    demo.say("\n5. The proof: both systems are read afresh and every mapped value is compared.", "bold")
    _prove(demo)


def _show_waiting(demo: Demo) -> None:
    from accord import app

    with app.looking(demo.setup) as store:
        rows = store.list_pending(limit=8)
        more = sum(sum(t.pending.values()) for t in store.totals([f.name for f in demo.setup.dataflow.flows])) - len(rows)
    for row in rows:
        demo.say(f"   {row.state.value}: {row.ref}: {row.cause}")
    if more > 0:
        demo.say(f"   ... and {more} more")


def _edit(demo: Demo) -> dict[str, int]:
    """Edits by people, through the two APIs; how many writes they have to cause, per direction."""
    from accord.cli.demo_edits import make_edits

    demo.say("\n2. People edit records on both sides, through the two APIs.", "bold")
    edits = make_edits(demo.setup, demo.crm, demo.care)
    for edit in edits:
        demo.say(f"   {edit.system:<11}{edit.text}")
    return {
        kind: count
        for kind in ("created_right", "updated_right", "updated_left", "conflicts")
        if (count := sum(e.causes == kind for e in edits))
    }


def _carried(run: "Run") -> dict[str, int]:
    names = ("created_right", "created_left", "updated_right", "updated_left", "conflicts")
    sums = {name: sum(getattr(row, name) for row in run.flows.values()) for name in names}
    return {name: count for name, count in sums.items() if count}


def _prove(demo: Demo) -> None:
    found = demo.census()
    equal, values = sum(flow.equal for flow in found), sum(flow.values for flow in found)
    demo.report["census"] = {"equal": equal, "values": values, "pairs": sum(flow.pairs for flow in found)}
    demo.report["memory_megabytes"] = memory = _memory(demo)
    for flow in found:
        for difference in flow.differences[:5]:
            demo.say(f"   differs: {flow.flow}: {difference}")
    demo.expect(equal == values, f"in step: {equal} of {values} mapped values")
    demo.expect(not any(flow.missing for flow in found), "a linked record is missing")
    demo.say("   " + ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items()) + " resident")
    demo.say(f"\nin step: {spaced(equal)} of {spaced(values)} mapped values", "bold green" if equal == values else "bold red")


def _memory(demo: Demo) -> dict[str, float]:
    """Resident memory in MB: of the servers now, of this process at its highest."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"accord": own, **{server.name: server.rss_megabytes() for server in (demo.crm, demo.care)}}


def _stay(demo: Demo) -> None:
    """Keep the two in step until Ctrl-C, so that the newcomer can edit too."""
    from accord import app

    folder = Path(demo.setup.dataflow.path).parent
    demo.say("\nBoth systems stay in step until Ctrl-C. Edit something in another terminal, for example:\n", "bold")
    demo.say(_example(demo) + "\n")
    demo.say(f"Files of this demo: {folder}")

    async def work() -> None:
        async with app.session(demo.setup) as opened:
            while True:
                run = await app.run_once(opened, "demo")
                for row in run.flows.values():
                    if row.writes:
                        demo.say(f"{run.ended[11:19]} {row.flow}: {_sentence(row)}")
                await opened.engine.clock.sleep(1)

    try:
        app.start(work())
    except KeyboardInterrupt:
        click.echo("\nended")


def _sentence(row: Any) -> str:
    names = ("created_right", "created_left", "updated_right", "updated_left", "deleted_left", "deleted_right")
    return ", ".join(f"{getattr(row, name)} {name.replace('_', ' on the ')}" for name in names if getattr(row, name))


def _example(demo: Demo) -> str:
    body = '{"City": "Ålesund"}'
    link = first_link(demo.setup, "Contact to Persons")
    return (
        f"curl -X PATCH {demo.crm.url}/api/contacts/{link.left} -H 'Authorization: Bearer {demo.crm.key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def first_link(setup: "Setup", flow: str) -> Any:
    """The first link of a flow."""
    from accord import app

    with app.looking(setup) as store:
        links: Sequence[Any] = store.list_links(flow=flow, limit=1)
    return links[0]
