"""The conformance kit: the laws of every connector, tried on a live system through its manifest (`accord manifest conform`).

Owns: trying one law after another, the verdicts and their reasons. Does not own: the laws (contract_*.py), the test records
(conformance_world.py), which properties are used (conformance_subject.py).
"""

import ast
import asyncio
import contextlib
import linecache
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from accord.connectors.live import Live, absent_like
from accord.errors import ListingFailed, SystemProblem, UsageError
from accord.model.capabilities import Capabilities
from accord.model.records import Seen
from accord.ports import Connector
from accord.testing.bench import Bench, Subject
from accord.testing.conformance_subject import Choice, choose, wanted_of
from accord.testing.conformance_world import LiveWorld, Noting
from accord.testing.contract_interruption import InterruptionContract
from accord.testing.contract_paging import PagingContract
from accord.testing.contract_reading import ReadingContract
from accord.testing.contract_transport import Lines, TransportContract
from accord.testing.contract_writing import WritingContract
from accord.testing.laws import CannotTell, Trial, trials_of
from accord.testing.relay import Relay, Way, way_of

_MARGIN_SECONDS = 0.05
CONTRACTS: Mapping[str, object] = MappingProxyType(
    {
        "Reading": ReadingContract(),
        "Paging: what moves meanwhile, how much there is, and going on": PagingContract(),
        "Writing": WritingContract(),
        "Interruptions: the way is cut off, or nothing comes back": InterruptionContract(),
        "HTTP: answers that are lost, cut short, or none": TransportContract(),
    }
)
"""The laws, in the order in which they are tried, by what they are about."""

_FEW_PAGES = 40
"""How many pages a system is listed in when small ones are asked for; with its own records it may hold a great many."""


class Verdict(StrEnum):
    """What came of a check."""

    HOLDS = "holds"
    DOES_NOT = "does not hold"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Judged:
    """A check, its verdict, and why where it does not simply hold."""

    check: str
    verdict: Verdict
    reason: str = ""


@dataclass(slots=True)
class Conformed:
    """What came of a datatype. ``removed``: how many test records; ``left``: the ids of those that could not be removed."""

    datatype: str
    subject: Subject
    judged: list[Judged] = field(default_factory=list)
    removed: int = 0
    left: list[str] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """How many checks came out like that."""
        return sum(each.verdict is verdict for each in self.judged)


def trials() -> list[Trial]:
    """All trials of all laws."""
    return [trial for contract in CONTRACTS.values() for trial in trials_of(contract)]


def conform(live: Live, datatype: str, said: Choice, tell: Callable[[Judged], None]) -> Conformed:
    """Try every law on one datatype of a live system; ``tell`` is given each verdict as it comes. Test records are removed.

    Raises UsageError when the manifest does not say enough to try anything, SystemProblem when the system cannot be listed.
    """
    if not __debug__:
        raise UsageError("the laws are assertions, and Python was told to leave those out", "Run it without -O and PYTHONOPTIMIZE.")
    described = live.manifest.datatypes.get(datatype)
    if described is None:
        raise UsageError(f"there is no datatype {datatype}", f"Known are: {', '.join(live.manifest.datatypes)}.")
    able, ids = asyncio.run(_survey(live, datatype))
    subject = choose(datatype, described, able, said, f"accord-trial:{live.run}:")
    if able.create and not able.delete and not said.leave:
        raise UsageError(
            f"{datatype}: test records could not be removed, as the manifest has no way to delete them",
            "If they may stay, say so: --leave-records.",
        )
    stage = _Stage(live, replace(subject, absent=absent_like(ids[:50])), page_size=max(1, -(-len(ids) // _FEW_PAGES)))
    conformed = Conformed(datatype, stage.subject)
    stage.rehearse(conformed)
    for number, trial in enumerate(trials()):
        judged = stage.judge(trial, number, conformed)
        conformed.judged.append(judged)
        tell(judged)
    return conformed


async def _survey(live: Live, datatype: str) -> tuple[Capabilities, list[str]]:
    """What a datatype can do, and the ids of all its records. Raises SystemProblem."""
    connector = live.connect({datatype: frozenset()})
    try:
        pages = [page async for page in connector.list(datatype)]
    finally:
        await connector.close()
    return connector.capabilities(datatype), [each.ref.id for page in pages for each in page.observations if isinstance(each, Seen)]


class _Stage:
    """One datatype of a live system, and one law at a time on it."""

    def __init__(self, live: Live, subject: Subject, page_size: int) -> None:
        self._live = live
        self.subject = subject
        self._page_size = page_size
        self._way = live if live.over_http else way_of(live)
        self._everything = frozenset(live.manifest.datatypes[subject.datatype].properties)
        clock = live.manifest.clock
        self._settle = clock.granularity_seconds + clock.lag_seconds + _MARGIN_SECONDS

    def judge(self, trial: Trial, number: int, into: Conformed) -> Judged:
        """Try one law, and tidy up after it."""
        if "line" in trial.wants and not self._live.over_http:
            return Judged(trial.sentence, Verdict.CANNOT_TELL, "a law of HTTP")
        if "between" in trial.wants and isinstance(self._way, str):
            return Judged(trial.sentence, Verdict.CANNOT_TELL, self._way)
        if trial.needs is not None and getattr(self.subject, trial.needs[0]) is None:
            return Judged(trial.sentence, Verdict.CANNOT_TELL, trial.needs[1])
        subject = replace(self.subject, salt=f"{self.subject.salt}{number}:")
        world = self._world(subject)
        noted: list[Noting] = []
        try:
            with asyncio.Runner() as runner, self._through("between" in trial.wants) as (live, between):
                return self._tried(trial, self._handed(live, between, runner, world, subject, noted), runner, noted)
        finally:
            self._tidy(world, into, *noted)

    @contextlib.contextmanager
    def _through(self, interrupted: bool) -> Iterator[tuple[Live, Lines | Relay | None]]:
        """The system by a way that can be spoiled; over HTTP it always can."""
        if isinstance(self._way, Way) and interrupted:
            with contextlib.closing(self._way.relay()) as relay:
                yield self._way.through(relay), relay
            return
        if not self._live.over_http:
            yield self._live, None
            return
        limits = replace(self._live.manifest.limits, retries=0) if interrupted else self._live.manifest.limits
        yield replace(self._live, manifest=replace(self._live.manifest, limits=limits)), Lines(self._live.dial)

    def rehearse(self, into: Conformed) -> None:
        """Make one test record, and remove it. Raises UsageError when that cannot be done: then nothing else could be tried."""
        world = self._world(replace(self.subject, salt=f"{self.subject.salt}first:"))
        try:
            world.make(self.subject.sample())
        except CannotTell as unable:
            remedy = "Say what it needs, or other texts: --with NAME=VALUE, --text NAME, --other NAME."
            raise UsageError(f"{self.subject.datatype}: {unable}", remedy) from unable
        finally:
            self._tidy(world, into)

    def _world(self, subject: Subject) -> LiveWorld:
        users = self._live.connect({subject.datatype: self._everything})
        return LiveWorld(users, subject, self._live.clock, self._settle)

    def _tidy(self, world: LiveWorld, into: Conformed, *noted: Noting) -> None:
        removed, left = world.tidy(*noted)
        into.removed += removed
        into.left += left
        world.close()

    def _handed(
        self, live: Live, between: Lines | Relay | None, runner: asyncio.Runner, world: LiveWorld, subject: Subject, noted: list[Noting]
    ) -> Mapping[str, Any]:
        def connect(size: int | None) -> Connector:
            page_size = None if size is None else max(size, self._page_size)
            line = between.another() if isinstance(between, Lines) else None
            noted.append(Noting(live.connect({subject.datatype: wanted_of(subject)}, line, page_size)))
            return noted[-1]

        bench = Bench(runner.run, connect(None), world, subject)
        line = between.all[0] if isinstance(between, Lines) else None
        return {"bench": bench, "connect": connect, "line": line, "between": between, "world": world, "subject": subject}

    def _tried(self, trial: Trial, handed: Mapping[str, Any], runner: asyncio.Runner, noted: list[Noting]) -> Judged:
        try:
            trial.law(**{name: handed[name] for name in trial.wants}, **trial.case)
        except CannotTell as unable:
            return Judged(trial.sentence, Verdict.CANNOT_TELL, str(unable))
        except AssertionError as error:
            return Judged(trial.sentence, Verdict.DOES_NOT, _told(error))
        except ListingFailed as error:
            return Judged(trial.sentence, Verdict.DOES_NOT, error.message)
        except SystemProblem as error:
            return Judged(trial.sentence, Verdict.CANNOT_TELL, error.message)
        except Exception as error:  # noqa: BLE001  what is raised instead of what ports.Connector says is what does not hold
            return Judged(trial.sentence, Verdict.DOES_NOT, f"{type(error).__name__}: {_told(error)}")
        else:
            return Judged(trial.sentence, Verdict.HOLDS)
        finally:
            for each in noted:
                runner.run(each.close())


def _told(error: Exception) -> str:
    """What an error says, or the assertion that failed and what is in it, as far as that cannot be somebody's record."""
    said = str(error).strip().split("\n")[0]
    if said and not isinstance(error, LookupError):
        return said
    frame, line = next(reversed(list(traceback.walk_tb(error.__traceback__))))
    text = linecache.getline(frame.f_code.co_filename, line).strip()
    held = ((name, _short(frame.f_locals[name])) for name in _names(text) if name in frame.f_locals)
    values = [f"{name} = {value}" for name, value in held if value is not None]
    return "; ".join([f"{said}: {text}" if said else text, *values])


def _names(text: str) -> Iterator[str]:
    """The names in a line of a program, each once; none if it is not a whole statement."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    yield from dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _short(value: Any) -> str | None:
    """A plain value, or how much of something there is; None for anything else: a listing holds other people's records too."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return f"{len(value)} of them"
    if value is None or isinstance(value, str | int | Decimal):
        text = repr(value)
        return text if len(text) <= 200 else f"{text[:197]}..."
    return None
