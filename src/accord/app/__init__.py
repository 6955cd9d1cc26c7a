"""The only place where parts are joined: clocks, ids, secrets, connectors, store and engine.

Owns: how a dataflow file becomes a running engine, and the runs that commands and pages ask for. Does not own: what a command says
(cli/), what a step does (engine/). Heavy parts are imported where they are first needed.
"""

import asyncio
import contextlib
import functools
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from accord.app.machine import RandomIds, RealClock, StoreThread, start

if TYPE_CHECKING:
    from accord.config.secrets import EnvironmentSecrets
    from accord.core.mapping import CompiledFlow
    from accord.engine.census import FlowCensus
    from accord.engine.parts import Depth, Engine
    from accord.engine.preview import PretendedWrites
    from accord.engine.serving import Bell, Notice, Rhythm
    from accord.errors import Problem
    from accord.model.dataflow import Dataflow
    from accord.model.manifest import Datatype, Manifest, Webhooks
    from accord.model.records import Side
    from accord.model.runs import Run
    from accord.ports import Connector
    from accord.store.moving import Moved
    from accord.store.sqlstore import SqlStore
    from accord.store.states import Place

STATE_FOLDER = ".accord"
__all__ = [
    "Session",
    "Setup",
    "Started",
    "compile_flows",
    "connector",
    "load",
    "looking",
    "move_state",
    "notices",
    "require_secrets",
    "run_once",
    "serve",
    "session",
    "start",
    "take_census",
]


@dataclass(slots=True)
class Setup:
    """What the files say: the dataflow, the manifest of each side, the secrets that they refer to."""

    dataflow: "Dataflow"
    manifests: "Mapping[Side, Manifest]"
    secrets: "EnvironmentSecrets"
    folder: Path

    @property
    def state(self) -> "Place":
        """Where the state of this dataflow is. Raises ConfigurationError for a bad address, and for a secret in it that is not set."""
        from accord.config.secrets import expand
        from accord.config.yamlfile import read_yaml
        from accord.errors import ConfigurationError, UsageError
        from accord.store.states import place_of

        name = Path(self.dataflow.path).stem
        try:
            return place_of(expand(self.dataflow.state or f"{STATE_FOLDER}/{name}.db", self.secrets), self.folder, name)
        except UsageError as error:
            raise ConfigurationError([read_yaml(self.dataflow.path).problem(("state",), error.message, error.remedy)]) from None


@dataclass(slots=True)
class Session:
    """An engine that is ready, and what has to be let go of afterwards."""

    setup: Setup
    engine: "Engine"
    store: "SqlStore"
    pretended: "dict[Side, PretendedWrites]" = field(default_factory=dict)


def load(path: str | os.PathLike[str]) -> Setup:
    """Read a dataflow with its manifests and check all of it. Raises ConfigurationError with every problem."""
    from accord.config.checking import check_dataflow
    from accord.config.dataflow import read_dataflow
    from accord.config.manifest import read_manifest
    from accord.config.personal import with_personal
    from accord.config.secrets import EnvironmentSecrets, read_dotenv
    from accord.errors import ConfigurationError
    from accord.model.records import Side

    file = Path(path)
    dataflow = read_dataflow(file)
    folder = file.resolve().parent
    manifests = {side: read_manifest(folder / dataflow.entry(side).manifest) for side in Side}
    problems = check_dataflow(dataflow, manifests[Side.LEFT], manifests[Side.RIGHT])
    if problems:
        raise ConfigurationError(problems)
    manifests = {side: with_personal(each, dataflow, side) for side, each in manifests.items()}
    return Setup(dataflow, manifests, EnvironmentSecrets(os.environ, read_dotenv(folder / ".env")), folder)


@contextlib.asynccontextmanager
async def session(
    setup: Setup,
    *,
    preview: bool = False,
    go_ahead: bool = False,
    approve: bool = False,
    believe: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> AsyncIterator[Session]:
    """Open store, connectors and engine, and let go of them at the end. ``preview``: on a copy of the state, with pretended writes.

    ``believe``: "system:datatype" of listings that a person vouches for. Raises UsageError for one that no flow reads, StoreBusy when
    another engine holds the state.
    """
    from accord.engine.parts import Engine, ignore_progress
    from accord.engine.preview import PretendedWrites
    from accord.model.records import Side
    from accord.store.states import open_state, working_copy

    require_secrets(setup)
    dataflow, keep = setup.dataflow, StoreThread()
    compiled = compile_flows(setup)
    wanted = {side: _wanted(dataflow, compiled, side, setup.manifests[side].datatypes) for side in Side}
    with contextlib.ExitStack() as stack:
        stack.callback(keep.close)
        store = stack.enter_context((working_copy if preview else open_state)(setup.state, dataflow.flows))
        real = {side: connector(setup, side, wanted[side], lambda: keep(store.hold)) for side in Side}
        pretended = {side: PretendedWrites(real[side], lambda *where: keep(store.records, *where)) for side in Side} if preview else {}
        connectors: dict[Side, Connector] = {side: pretended.get(side, real[side]) for side in Side}
        engine = Engine(
            dataflow=dataflow,
            compiled=compiled,
            connectors=connectors,
            store=store,
            keep=keep,
            clock=RealClock(),
            ids=RandomIds(),
            progress=progress or ignore_progress,
            go_ahead=go_ahead,
            approve=approve,
            believed=_believed(dataflow, believe),
        )
        try:
            yield Session(setup, engine, store, pretended)
        finally:
            for one in real.values():
                await one.close()


def compile_flows(setup: Setup) -> "dict[str, CompiledFlow]":
    """Compile every flow. Raises ConfigurationError, with a counterexample, for a two-way mapping that breaks its laws (P15)."""
    from accord.core.mapping import compile_flow
    from accord.core.mapping_laws import check_laws
    from accord.errors import ConfigurationError, Problem
    from accord.model.records import Side

    left, right = setup.manifests[Side.LEFT], setup.manifests[Side.RIGHT]
    compiled = {
        flow.name: compile_flow(flow, left.datatypes[flow.left], right.datatypes[flow.right], left.clock.zone, right.clock.zone)
        for flow in setup.dataflow.flows
    }
    remedy = "Choose another transform, or let the property cross one way only (direction)."
    broken = [
        Problem(setup.dataflow.path, 0, 0, f"{name}: {sentence}", remedy) for name, one in compiled.items() for sentence in check_laws(one)
    ]
    if broken:
        raise ConfigurationError(broken)
    return compiled


def require_secrets(setup: Setup) -> None:
    """Raise ConfigurationError, with every place, if a secret that a manifest refers to is not set."""
    from accord.config.checking import missing_secrets
    from accord.errors import ConfigurationError
    from accord.model.records import Side

    paths = {side: setup.folder / setup.dataflow.entry(side).manifest for side in Side}
    problems = [problem for side in Side for problem in missing_secrets(paths[side], setup.manifests[side], setup.secrets)]
    if problems:
        raise ConfigurationError(problems)


def _wanted(
    dataflow: "Dataflow", compiled: "Mapping[str, CompiledFlow]", side: "Side", datatypes: "Mapping[str, Datatype]"
) -> dict[str, frozenset[str]]:
    wanted: dict[str, frozenset[str]] = {}
    for flow in dataflow.flows:
        names = compiled[flow.name].wanted(side)
        wanted[flow.datatype(side)] = wanted.get(flow.datatype(side), frozenset()) | names
    for name, datatype in datatypes.items():
        if name in wanted and datatype.reference in datatype.properties:
            wanted[name] |= {datatype.reference}  # by it, what Accord made is known again when the state was lost
    return wanted


def _believed(dataflow: "Dataflow", places: Sequence[str]) -> "frozenset[tuple[Side, str]]":
    from accord.errors import UsageError
    from accord.model.records import Side

    known = {
        f"{dataflow.entry(side).system}:{flow.datatype(side)}": (side, flow.datatype(side)) for flow in dataflow.flows for side in Side
    }
    for one in places:
        if one not in known:
            raise UsageError(f'"{one}" is no system and datatype that a flow reads', f"One of: {', '.join(known)}")
    return frozenset(known[one] for one in places)


def connector(
    setup: Setup, side: "Side", wanted: Mapping[str, frozenset[str]], hold: "Callable[[], Awaitable[None]] | None" = None
) -> "Connector":
    """The connector of one side, by its manifest. ``hold``: raises when nothing may be sent any more."""
    from accord.config.yamlfile import read_yaml
    from accord.connectors.kinds import connect
    from accord.connectors.shielded import Shielded
    from accord.model.plugged import PluggedSystem
    from accord.ports import Services, always, placeless

    manifest, file = setup.manifests[side], setup.folder / setup.dataflow.entry(side).manifest
    services = Services(
        side=side,
        wanted=wanted,
        secrets=setup.secrets,
        clock=RealClock(),
        rng=random.SystemRandom(),
        hold=hold or always,
        problem=read_yaml(file).problem if manifest.kind != "rest" else placeless,
    )
    one = connect(manifest, services)
    return Shielded(one, manifest.kind) if isinstance(manifest, PluggedSystem) else one


async def run_once(opened: Session, cause: str, names: Sequence[str] = (), depth: "Depth | None" = None) -> "Run":
    """One run of one cycle, noted in the store whatever becomes of it. ``depth``: how much is read, by default what changed."""
    from accord.engine.cycle import cycle
    from accord.engine.parts import Depth
    from accord.model.runs import Run

    engine = opened.engine
    run = Run(engine.ids.new(), cause, engine.now())
    await engine.keep(engine.store.begin, run)
    try:
        await cycle(engine, run, names, depth or Depth.CHANGES)
        run.result = "done"
    except BaseException as error:
        run.result, run.message = "stopped" if isinstance(error, asyncio.CancelledError) else "failed", str(error)
        raise
    finally:
        run.ended = engine.now()
        await engine.keep(engine.store.end, run)
    return run


@dataclass(frozen=True, slots=True)
class Started:
    """The service is up. ``urls``: where webhooks are taken, by system; ``without``: why a system's are not."""

    urls: Mapping[str, str]
    without: Sequence[str]


async def serve(
    setup: Setup, rhythm: "Rhythm", listen: tuple[str, int] | None, tell: "Callable[[Started | Notice], None]", public_url: str = ""
) -> None:
    """Keep both systems in step until SIGTERM or SIGINT. ``listen``: host and port for webhooks and /health; None for neither.

    ``public_url``: how that is reached from outside; with it, systems whose manifest says how are asked to announce their changes there.
    Raises StoreBusy when another engine holds the state, UsageError when it cannot listen there.
    """
    from accord.app.announcing import addresses, keep_registered, registrars_of, stopped
    from accord.connectors.receiver import Receiver, listening, readers_of
    from accord.engine.quieting import Quiet, Typing
    from accord.engine.serving import Bell, Health, Service, announce, keep_in_step

    bell, health = Bell(), Health(tell)
    with _stopped_by_signals(bell):
        async with session(setup) as opened, contextlib.AsyncExitStack() as stack:
            engine = opened.engine
            if quiet := {side: Quiet(each.quiet_seconds, each.quiet_at_most_seconds) for side, each in _announcing(setup)}:
                engine.typing = Typing(quiet, engine.clock)
                stack.push_async_callback(engine.typing.close)
            readers, without = readers_of(setup.manifests, setup.secrets) if listen else ({}, [])
            urls: dict[str, str] = {}
            if listen:
                receiver = Receiver(readers, functools.partial(announce, engine, bell), engine.clock.now, health.said)
                origin = await stack.enter_async_context(listening(receiver.application(), *listen))
                urls = {system: f"{origin}/webhooks/{system}" for system in readers}
            tell(Started(urls, without))
            work, chance = functools.partial(run_once, opened), random.SystemRandom().random
            if urls and public_url:
                told, parts = addresses(public_url, origin, urls), (engine.clock, rhythm, chance, tell)
                asked = [one for one in registrars_of(engine) if one.system in told]
                stack.push_async_callback(stopped, [asyncio.create_task(keep_registered(one, told[one.system], *parts)) for one in asked])
            await keep_in_step(engine, Service(work, bell, engine.in_hand, engine.clock, chance, health.note, rhythm))


def _announcing(setup: Setup) -> "Iterator[tuple[Side, Webhooks]]":
    """The sides whose system announces changes of what somebody may still be typing in."""
    for side, manifest in setup.manifests.items():
        if manifest.webhooks is not None and manifest.webhooks.quiet_seconds > 0:
            yield side, manifest.webhooks


@contextlib.contextmanager
def _stopped_by_signals(bell: "Bell") -> "Iterator[None]":
    loop, signals = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for one in signals:
        loop.add_signal_handler(one, bell.stop)
    try:
        yield
    finally:
        for one in signals:
            loop.remove_signal_handler(one)


async def take_census(opened: Session) -> "list[FlowCensus]":
    """Read both systems afresh and compare."""
    from accord.engine.census import census

    return await census(opened.engine)


def looking(setup: Setup) -> "SqlStore":
    """The state, to look at only; beside a running engine too. Raises StoreError when there is none yet."""
    from accord.store.states import look_at

    return look_at(setup.state, setup.dataflow.flows)


def move_state(source: str, target: str, folder: Path) -> "tuple[Place, Sequence[Moved]]":
    """Move a state to an empty place: the place, and what of each table arrived. ``folder``: with .env, for references.

    Raises StoreBusy while an engine runs on either, StoreError, UsageError for a bad address, ConfigurationError for a missing secret.
    """
    from accord.config.secrets import EnvironmentSecrets, expand, read_dotenv
    from accord.store.states import move_between, place_of

    secrets = EnvironmentSecrets(os.environ, read_dotenv(folder / ".env"))
    name = next((Path(one).stem for one in (source, target) if "://" not in one and "${" not in one), "dataflow")
    places = [place_of(expand(one, secrets), folder, name) for one in (source, target)]
    return places[1], move_between(places[0], places[1])


def notices(setup: Setup) -> "list[Problem]":
    """What holds but should be known: assumptions, what cannot be changed later, what loses. Raises ConfigurationError for broken laws."""
    from accord.config.checking import notices_of
    from accord.model.records import Side

    compile_flows(setup)
    return notices_of(setup.dataflow, setup.manifests[Side.LEFT], setup.manifests[Side.RIGHT])
