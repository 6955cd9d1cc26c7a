"""The document run as a checklist: sandboxes or systems, connectors with the seam between, an engine with a fresh state, the phases.

Owns: which parts take part, which systems may be written. Does not own: the checklist (checks/), what a command says.
"""

import asyncio
import contextlib
import functools
import hashlib
import random
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from accord.app import STATE_FOLDER, Session, Setup, compile_flows, connector, load, require_secrets, run_once
from accord.app.documents import document_text
from accord.app.machine import RandomIds, RealClock, StoreThread

if TYPE_CHECKING:
    from accord.checks.cleaning import Cleaned
    from accord.checks.course import Bench
    from accord.checks.report import Report, SystemUnderTest
    from accord.checks.roll import Roll
    from accord.checks.seam import TestRecordsOnly
    from accord.checks.wire import Noted
    from accord.config.secrets import EnvironmentSecrets
    from accord.model.manifest import Manifest
    from accord.model.records import Side
    from accord.ports import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. ``allowed``: names of systems that may be written; ``leave``: records may stay where a system cannot delete.

    ``sandbox``: both systems are stand-ins of this run. ``key``: seals the report. ``tell``: is told what is being done.
    """

    names: Sequence[str] = ()
    seed: int = 1
    allowed: Sequence[str] = ()
    leave: bool = False
    sandbox: bool = False
    key: bytes | None = None
    tell: Callable[[str], None] = lambda _: None


@contextlib.contextmanager
def sandboxes(path: Path | None, size: int = 60, seed: int = 1, options: Mapping[str, Sequence[str]] | None = None) -> Iterator[Setup]:
    """Both stand-ins, and the dataflow of a file, or the shipped one, as it runs on them.

    ``options``: flags of a server by its system's name. Raises ConfigurationError, and UsageError for a system without a stand-in.
    """
    from accord.config.secrets import EnvironmentSecrets
    from accord.config.starter import write_starter
    from accord.model.records import Side
    from accord.sandbox.instead import stand_in_of, start_instead

    given, known = options or {}, dict[str, str]()
    manifests: dict[Side, Manifest] = {}
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accord-checklist-")))
        if path is None:
            write_starter(scratch / "it", demo=True)
        setup = load(path or scratch / "it" / "dataflow.yaml")
        kinds = {side: stand_in_of(setup.manifests[side]) for side in Side}  # before either is started
        for side in Side:
            one, file = setup.manifests[side], Path(setup.dataflow.path).parent / setup.dataflow.entry(side).manifest
            other_records = kinds[side] == "standin" and side is Side.RIGHT  # made up: of one seed both sides would hold the same
            running, values = start_instead(one, file, size, seed + other_records, given.get(one.system, ()))
            stack.enter_context(running)
            known |= values
            manifests[side] = replace(one, origin=running.url)
        # the environment is not asked: it may lead to somebody's real systems
        yield Setup(setup.dataflow, manifests, EnvironmentSecrets({}, known), scratch)


async def run_document(setup: Setup, wanted: Wanted, cleaned: "Cleaned | None" = None) -> "Report":
    """Run the document of a dataflow as a checklist. Test records are removed afterwards, also when it is interrupted; ``cleaned`` is told.

    Raises UsageError when a system may not be written or an earlier run has to be cleaned first, SystemProblem when one cannot be listed.
    """
    from accord.checks.cleaning import Cleaned
    from accord.checks.course import course_of
    from accord.checks.phases import run_all
    from accord.checks.report import Report, sealed
    from accord.model.records import Side

    _require_leave(setup, wanted)
    cleaned = cleaned if cleaned is not None else Cleaned()
    async with _bench(setup, wanted) as bench, _ended_by_sigterm():
        course, started = course_of(bench), bench.engine.now()
        await run_all(course, cleaned, keep=wanted.sandbox)
        text = b"".join(line for line in document_text(setup, "rst").splitlines(keepends=True) if not line.startswith(b"Generated: "))
        report = Report(
            title=text.decode().splitlines()[1],
            document=f"sha256:{hashlib.sha256(text).hexdigest()}",
            seed=wanted.seed,
            started=started,
            ended=bench.engine.now(),
            systems=tuple(_under_test(setup, side, wanted.sandbox) for side in Side),
            flows=tuple(flow.name for flow in setup.dataflow.flows if course.asked(flow)),
            lines=course.answers.all(),
            left_behind=tuple(cleaned.left),
            staying=tuple(cleaned.staying),
        )
    return sealed(report, wanted.key)


async def clean(setup: Setup, wanted: Wanted) -> "Cleaned":
    """Remove what an interrupted run left, and say what came of it. Raises as ``run_document``."""
    from accord.checks.cleaning import Cleaned, clean_up
    from accord.checks.roll import unfinished

    path = _roll_path(setup)
    if not unfinished(path):
        path.unlink(missing_ok=True)
        return Cleaned()
    _require_leave(setup, replace(wanted, leave=True))
    async with _bench(setup, wanted, again=True) as bench:
        return await clean_up(bench.hands, bench.roll)


def left_behind(setup: Setup) -> bool:
    """Whether an interrupted run has left test records that may still be there."""
    from accord.checks.roll import unfinished

    return bool(unfinished(_roll_path(setup)))


@contextlib.asynccontextmanager
async def _ended_by_sigterm() -> AsyncIterator[None]:
    """SIGTERM ends the run as Ctrl-C does, so that the test records are removed before the process goes."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def _roll_path(setup: Setup) -> Path:
    return setup.folder / STATE_FOLDER / f"{Path(setup.dataflow.path).stem}.checklist"


def _require_leave(setup: Setup, wanted: Wanted) -> None:
    """Raise UsageError unless both systems may be written, and test records may stay where they could not be removed."""
    from accord.errors import UsageError
    from accord.model.records import Side

    if wanted.sandbox:
        return
    systems = [setup.manifests[side].system for side in Side]
    if unknown := [name for name in wanted.allowed if name not in systems]:
        raise UsageError(f"--allow-writes-to {unknown[0]}: the systems are {' and '.join(systems)}", "Correct the name.")
    if refused := [name for name in dict.fromkeys(systems) if name not in wanted.allowed]:
        remedy = f"If test records may be made there: {' '.join(f'--allow-writes-to {name}' for name in refused)}. Or: --sandbox"
        raise UsageError(f"the checklist makes test records in {' and '.join(refused)}", remedy)
    flows = [flow for flow in setup.dataflow.flows if not wanted.names or flow.name in wanted.names]
    kinds = [(side, flow.datatype(side)) for flow in flows for side in Side]
    stay = [f"{setup.manifests[side].system} {kind}" for side, kind in kinds if not setup.manifests[side].datatypes[kind].delete]
    if stay and not wanted.leave:
        raise UsageError(
            f"test records could not be removed from {', '.join(dict.fromkeys(stay))}: the manifest has no way to delete them",
            "If they may stay, marked, say so: --leave-records.",
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    """Secrets that remember what was looked up, so that it can be masked in the evidence."""

    inner: "EnvironmentSecrets"
    known: list[str]

    def get(self, reference: str) -> str:
        secret = str(self.inner.get(reference))
        if secret not in self.known:
            self.known.append(secret)
        return secret

    @property
    def tokens(self) -> Path:
        """See ports.KeepsTokens."""
        return self.inner.tokens


@dataclass(frozen=True, slots=True)
class _Wire:
    """What goes over the wire is noted in ``calls``; with these secrets."""

    calls: "list[Noted]"
    secrets: _Opened


def _roll(setup: Setup, wanted: Wanted, again: bool) -> "Roll":
    """The roll of this run. Raises UsageError for a flow that is not there, and while an earlier run has left something."""
    from accord.checks.roll import Roll, unfinished
    from accord.errors import UsageError

    if not wanted.sandbox:
        require_secrets(setup)
    if unknown := [name for name in wanted.names if name not in [flow.name for flow in setup.dataflow.flows]]:
        raise UsageError(f"there is no flow {unknown[0]}", f"Known are: {', '.join(flow.name for flow in setup.dataflow.flows)}.")
    roll = Roll(_roll_path(setup))
    if not again and unfinished(roll.path):
        raise UsageError("an earlier checklist left test records", "Remove them first: accord document run --clean.")
    return roll


@contextlib.asynccontextmanager
async def _bench(setup: Setup, wanted: Wanted, again: bool = False) -> "AsyncIterator[Bench]":
    """All parts, and an engine on a state that is gone afterwards. ``again``: to clean up after an earlier run."""
    from accord.checks.course import Bench
    from accord.checks.hands import Hands
    from accord.checks.roll import unfinished
    from accord.engine.parts import Engine
    from accord.model.dataflow import Onboarding
    from accord.model.records import Side
    from accord.store.sqlite import SqliteStore

    roll = _roll(setup, wanted, again)
    flows = tuple(replace(flow, onboarding=Onboarding.CREATE) for flow in setup.dataflow.flows)
    dataflow, keep = replace(setup.dataflow, flows=flows), StoreThread()
    compiled = compile_flows(replace(setup, dataflow=dataflow))
    secrets = _Opened(setup.secrets, [])
    calls: list[Noted] = []
    marks: set[str] = set()
    with contextlib.ExitStack() as stack:
        stack.callback(keep.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="accord-checklist-"))
        store = stack.enter_context(SqliteStore.open(Path(folder) / "state.db", flows))
        seams = {side: _seam(setup, side, roll, _Wire(calls, secrets), None) for side in Side}
        hands = Hands({side: _seam(setup, side, roll, _Wire(calls, secrets), marks) for side in Side}, marks, RandomIds().new())
        engine = Engine(
            dataflow=dataflow,
            compiled=compiled,
            connectors=dict(seams),
            store=store,
            keep=keep,
            clock=RealClock(),
            ids=RandomIds(),
            go_ahead=True,
        )
        cycle = functools.partial(run_once, Session(setup, engine, store), "checklist", ())
        try:
            yield Bench(engine, setup.manifests, wanted.names, seams, hands, roll, calls, cycle, secrets.known, wanted.seed, wanted.tell)
        finally:
            for one in (*seams.values(), *hands.sides.values()):
                await one.close()
            roll.close(finished=wanted.sandbox or not unfinished(roll.path))


def _seam(setup: Setup, side: "Side", roll: "Roll", wire: _Wire, marks: set[str] | None) -> "TestRecordsOnly":
    """A connector that touches only the roll. ``marks``: under which it may create; None: for records of the other side on the roll."""
    from accord.checks.seam import TestRecordsOnly
    from accord.core.matching import reference

    inner, other = _noted(setup, side, wire, "engine" if marks is None else "checklist"), setup.manifests[side.other].system

    def may_create(mark: str) -> bool:
        if marks is not None:
            return mark in marks
        return any(ref.side is side.other and reference(other, ref) == mark for ref in roll.made)

    return TestRecordsOnly(inner, side, roll, may_create)


def _noted(setup: Setup, side: "Side", wire: _Wire, by: str) -> "Connector":
    """A connector that reads every property, and whose calls are noted; a database has no calls that could be."""
    from accord.checks.wire import NotedHttp
    from accord.connectors.rest import RestConnector, open_http

    manifest, clock = setup.manifests[side], RealClock()
    wanted = {flow.datatype(side): frozenset(manifest.datatypes[flow.datatype(side)].properties) for flow in setup.dataflow.flows}
    if manifest.kind != "rest":
        return connector(setup, side, wanted)
    http = NotedHttp(open_http(manifest, wire.secrets), by, manifest.system, manifest.authentication.path or "", clock, wire.calls)
    return RestConnector(manifest, side, wanted, http, wire.secrets, clock, random.SystemRandom())


def _under_test(setup: Setup, side: "Side", sandbox: bool) -> "SystemUnderTest":
    from accord.checks.report import SystemUnderTest
    from accord.connectors.rest_paths import fill_secrets

    manifest = setup.manifests[side]
    if manifest.kind == "rest":
        origin = fill_secrets(manifest.origin, lambda one: str(setup.secrets.get(one)))
    else:  # where it is may hold a password
        origin = "a database" if manifest.kind == "sql" else f"of the kind {manifest.kind}"
    return SystemUnderTest(side=side, name=manifest.system, origin=origin, sandbox=sandbox)
