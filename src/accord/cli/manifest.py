"""manifest: describe a system to Accord, and try the description on the live system.

Owns: what these commands print, and when they may write. Does not own: the schema (config/), what is tried (checks/, testing/).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accord.cli.output import FileToWrite, json_option, print_json

if TYPE_CHECKING:
    from accord.checks.probing import Probed
    from accord.config.drafting import Draft
    from accord.connectors.live import Live
    from accord.testing.conformance import Conformed, Judged
    from accord.testing.conformance_subject import Choice

F = TypeVar("F", bound=Callable[..., Any])

MANIFEST = click.argument("path", metavar="MANIFEST", type=click.Path(dir_okay=False, path_type=Path))
DATATYPES = click.option("--datatype", "datatypes", multiple=True, metavar="D", help="Only this datatype; may be repeated.")
NOT_ALL_HOLDS = 2
COLOURS = {"holds": "green", "works": "green", "does not hold": "red", "does not": "red", "cannot tell": "yellow"}


@click.group("manifest")
def manifest_command() -> None:
    """Describe a system: the schema for your editor, a first draft, and trials of it on the live system."""


@manifest_command.command("schema")
@json_option
@click.option("--output", "-o", type=FileToWrite(), help="Write it to a file instead.", metavar="FILE")
def schema_command(output: Path | None, as_json: bool) -> int:
    """The JSON Schema of a manifest, from the models that read it, so that an editor completes and checks as you type.

    Begin a manifest with "# yaml-language-server: $schema=manifest.schema.json".
    """
    from accord.config.manifest_schema import schema_text

    if output is None:
        click.echo(schema_text(), nl=False)
        return 0
    output.write_text(schema_text(), "utf-8")
    if as_json:
        print_json({"written": [str(output)]})
    else:
        click.echo(f"wrote {output}")
    return 0


@manifest_command.command("new")
@json_option
@click.option(
    "--openapi",
    "description",
    type=click.Path(dir_okay=False, path_type=Path),
    help="An OpenAPI 3 description.",
    metavar="FILE",
)
@click.option("--sql", "url", help="The address of a database, or a reference to it such as '${env:SHOP_DATABASE}'.", metavar="URL")
@click.option("--files", "folder", type=click.Path(path_type=Path), help="A folder with CSV, JSON Lines or Excel files.", metavar="FOLDER")
@click.option("--output", "-o", type=FileToWrite(), default="manifest.yaml", show_default=True, metavar="FILE")
@click.option("--name", help="What to call the system; otherwise it is taken from the description.")
def new_command(description: Path | None, url: str | None, folder: Path | None, output: Path, name: str | None, as_json: bool) -> int:
    """Draft a manifest from a description of the system, its tables or its files, each guess with its reason beside it; never overwrites.

    Then fill in the secrets, and try it: accord manifest probe. Exit 3: the file is there already, or the description tells too little.
    """
    from accord.config.manifest_schema import schema_text
    from accord.errors import UsageError

    if output.exists():
        raise UsageError(f"{output}: is there already", "Give another file with -o, or move it away.")
    if sum(each is not None for each in (description, url, folder)) != 1:
        raise UsageError("one of --openapi, --sql and --files says what to draft from", "Give the one that you have.")
    draft = _drafted(description, url, folder, output, name)
    output.write_text(draft.text, "utf-8")
    schema = output.parent / "manifest.schema.json"
    written = [output] if schema.exists() else [output, schema]
    if schema in written:
        schema.write_text(schema_text(), "utf-8")
    if as_json:
        print_json({"written": [str(each) for each in written], "datatypes": list(draft.datatypes), "secrets": list(draft.secrets)})
        return 0
    click.echo("\n".join(f"wrote {each}" for each in written))
    click.echo(f"datatypes: {', '.join(draft.datatypes)}")
    if draft.secrets:
        click.echo(f"\nFill in {output.parent / '.env'}:\n")
        click.echo("\n".join(f"{each}=" for each in draft.secrets))
    click.echo(f"\nNext: accord manifest probe {output}")
    return 0


def _drafted(description: Path | None, url: str | None, folder: Path | None, output: Path, name: str | None) -> "Draft":
    from accord.app.databases import draft_database
    from accord.app.folders import draft_folder
    from accord.config.drafting import draft_from_openapi

    if description is not None:
        return draft_from_openapi(description, str(output), name)
    if folder is not None:
        return draft_folder(folder, output, name)
    return draft_database(url or "", str(output), name, output.resolve().parent)


@manifest_command.command("sql-triggers")
@MANIFEST
@json_option
@DATATYPES
def triggers_command(path: Path, as_json: bool, datatypes: tuple[str, ...]) -> int:
    """The change tables of MANIFEST and their triggers, as statements for the owner of the database to carry out; nothing is changed here.

    They tell edits and deletions of the datatypes that say changes: {kind: table, table: NAME}. For PostgreSQL, SQLite, MySQL, MariaDB.
    Exit 3: the manifest or the words are off. 4: the database cannot be reached.
    """
    from accord.app.databases import trigger_statements

    statements = trigger_statements(path, datatypes)
    if as_json:
        print_json({"statements": statements})
    else:
        click.echo("\n".join(statements))
    return 0


@manifest_command.command("probe")
@MANIFEST
@json_option
@DATATYPES
@click.option("--allow-writes-to", "allowed", metavar="NAME", help="Make one test record of each datatype, change and remove it too.")
def probe_command(path: Path, as_json: bool, datatypes: tuple[str, ...], allowed: str | None) -> int:
    """Try what MANIFEST says on the live system: what works, what does not, what cannot be told, each with what was seen.

    Only reads, unless --allow-writes-to names the system. Exit 0: nothing was found that does not work. 2: something does not.
    3: the manifest or the words are off. 4: the system cannot be reached or refuses us.
    """
    from accord.app import start
    from accord.app.trying import live as reached

    live = reached(path)
    if allowed is not None:
        _require_leave(live, allowed)
    found: list[Probed] = []
    told = found.append if as_json else _probe_teller(found)
    start(_probe(live, datatypes or tuple(live.manifest.datatypes), allowed is not None, told))
    counts = {word: sum(each.verdict == word for each in found) for word in ("works", "does not", "cannot tell")}
    if as_json:
        rows = [{"datatype": p.datatype, "capability": p.capability, "verdict": p.verdict.value, "evidence": p.evidence} for p in found]
        print_json({"system": live.manifest.system, "probes": rows, **{word.replace(" ", "_"): count for word, count in counts.items()}})
    else:
        click.echo(f"\n{counts['works']} work, {counts['does not']} do not, {counts['cannot tell']} cannot be told")
    return NOT_ALL_HOLDS if counts["does not"] else 0


async def _probe(live: "Live", datatypes: tuple[str, ...], writes: bool, tell: "Callable[[Probed], None]") -> None:
    from accord.checks.probing import probe_reading, probe_system
    from accord.checks.probing_writes import not_tried, probe_writing
    from accord.errors import UsageError

    for datatype in datatypes:
        if datatype not in live.manifest.datatypes:
            raise UsageError(f"there is no datatype {datatype}", f"Known are: {', '.join(live.manifest.datatypes)}.")
    probe_system(live, tell)
    for datatype in datatypes:
        sight = await probe_reading(live, datatype, tell)
        if sight is None:
            continue
        if writes:
            await probe_writing(live, datatype, tell)
        else:
            not_tried(live, datatype, tell, f"it writes; to try it: --allow-writes-to {live.manifest.system}")


def _probe_teller(found: "list[Probed]") -> "Callable[[Probed], None]":
    """Prints each probe as it ends, and keeps it."""

    def tell(probed: "Probed") -> None:
        if not found or found[-1].datatype != probed.datatype:
            click.secho(f"\n{probed.datatype}", bold=True)
        found.append(probed)
        click.secho(f"  {probed.verdict.value:<12}", fg=COLOURS[probed.verdict.value], nl=False)
        click.echo(f"{probed.capability:<19} {probed.evidence}")

    return tell


def _subject_options(command: F) -> F:
    """What can be said about the records that conform makes."""
    for option in (
        click.option("--text", metavar="NAME", help="A property that holds any text; otherwise one is chosen."),
        click.option("--other", metavar="NAME", help="Another one."),
        click.option("--with", "needs", multiple=True, metavar="NAME=VALUE", help="What every create needs besides; may be repeated."),
        click.option("--refused", multiple=True, metavar="NAME=VALUE", help="A value that the system says no to."),
        click.option("--inexact", is_flag=True, help="The system may change texts: trim them, compose accents."),
        click.option("--one-empty", is_flag=True, help="The system does not hold null and empty text apart."),
        click.option("--leave-records", is_flag=True, help="Test records may stay where the system cannot delete."),
    ):
        command = option(command)
    return command


@manifest_command.command("conform")
@MANIFEST
@json_option
@DATATYPES
@click.option("--allow-writes-to", "allowed", required=True, metavar="NAME", help="The system's name, as its manifest gives it.")
@_subject_options
def conform_command(path: Path, as_json: bool, datatypes: tuple[str, ...], allowed: str, **said: Any) -> int:
    """Try every law that connectors keep on the live system that MANIFEST describes.

    Test records are made, their texts beginning with "Accord trial", and removed afterwards. Exit 0: nothing was found that does not hold.
    2: something does not hold. 3: the manifest or the words are off. 4: the system cannot be reached or refuses us.
    """
    from accord.app.trying import live as reached
    from accord.errors import UsageError
    from accord.testing.conformance import Verdict, conform

    live = reached(path)
    _require_leave(live, allowed)
    done: list[Conformed] = []
    untried: dict[str, str] = {}
    for datatype in datatypes or live.manifest.datatypes:
        try:
            done.append(conform(live, datatype, _choice(live, datatype, said), _teller(datatype, as_json)))
        except UsageError as error:
            if datatypes:
                raise
            untried[datatype] = f"{error.message}. {error.remedy}"
    if as_json:
        print_json(_conformed_json(live, done, untried))
    else:
        _print_conformed(done, untried)
    return NOT_ALL_HOLDS if any(each.count(Verdict.DOES_NOT) for each in done) else 0


def _require_leave(live: "Live", allowed: str) -> None:
    """Raise UsageError unless the system that may be written to is this one."""
    from accord.errors import UsageError

    if allowed != live.manifest.system:
        raise UsageError(
            f"--allow-writes-to {allowed}: this manifest describes {live.manifest.system}",
            f"If test records may be made there: --allow-writes-to {live.manifest.system}",
        )


def _choice(live: "Live", datatype: str, said: dict[str, Any]) -> "Choice":
    from accord.errors import UsageError
    from accord.testing.conformance_subject import Choice, values_of

    known = live.manifest.datatypes.get(datatype)

    def values(pairs: tuple[str, ...]) -> dict[str, Any]:
        split = [pair.partition("=") for pair in pairs]
        if not all(equals for _, equals, _ in split):
            raise UsageError("a value is given as NAME=VALUE", "Such as: --with Status=draft")
        return values_of({name: value for name, _, value in split}, known) if known else {}

    return Choice(
        text=said["text"],
        other=said["other"],
        needs=values(said["needs"]),
        refused=values(said["refused"]) or None,
        exact=not said["inexact"],
        empties=not said["one_empty"],
        leave=said["leave_records"],
    )


def _teller(datatype: str, as_json: bool) -> "Callable[[Judged], None]":
    """Prints each verdict as it comes."""
    heading = iter([f"\n{datatype}"])

    def tell(judged: "Judged") -> None:
        if as_json:
            return
        for line in heading:
            click.secho(line, bold=True)
        click.secho(f"  {judged.verdict.value:<14}", fg=COLOURS[judged.verdict.value], nl=False)
        click.echo(judged.check)
        if judged.reason:
            click.echo(f"{'':<16}{judged.reason}")

    return tell


def _print_conformed(done: "list[Conformed]", untried: dict[str, str]) -> None:
    from accord.testing.conformance import Verdict

    click.echo()
    for each in done:
        hold, broken, open_ = (each.count(verdict) for verdict in (Verdict.HOLDS, Verdict.DOES_NOT, Verdict.CANNOT_TELL))
        click.echo(f"{each.datatype}: {hold} hold, {broken} do not, {open_} cannot be told; {each.removed} test records removed")
        if each.left:
            click.secho(f"    still there, not removed: {', '.join(each.left)}", fg="yellow")
    for datatype, reason in untried.items():
        click.secho(f"{datatype}: not tried: {reason}", fg="yellow")


def _conformed_json(live: "Live", done: "list[Conformed]", untried: dict[str, str]) -> dict[str, Any]:
    rows = [
        {
            "datatype": each.datatype,
            "checks": [{"check": one.check, "verdict": one.verdict.value, "reason": one.reason} for one in each.judged],
            "removed": each.removed,
            "left": each.left,
        }
        for each in done
    ]
    return {"system": live.manifest.system, "datatypes": rows, "not_tried": untried}
