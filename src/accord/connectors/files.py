"""The file connector: ports.Connector for the files of a folder that a manifest describes.

Owns: when a file is read again, listing, reading, finding, replacing a file under its lock. Does not own: the parts (files_folder,
files_rows, files_writing, the formats), or a word about any particular system.

A file has no cursor: it is listed as a whole, and what changed follows from fingerprints. One that is as it was is not read again, and one
whose bytes are as they were is not parsed again. A file that does not fit is taken as a whole for not read: nothing is concluded from it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from accord.connectors.files_capabilities import files_capabilities
from accord.connectors.files_folder import Folder, Mark, Occupied, Overtaken, Unanswered
from accord.connectors.files_formats import parse
from accord.connectors.files_rows import Kind, identified, made_id
from accord.connectors.files_table import Table, Unfit
from accord.connectors.files_writing import Batch
from accord.connectors.held import Hold
from accord.connectors.rest_times import zone
from accord.errors import ConfigurationError, ListingFailed, Problem, SystemProblem
from accord.model.capabilities import Capabilities
from accord.model.files import FilesSystem
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Evidence, Gone, Observation, Page, Seen, Side
from accord.ports import Clock

TRIES = 5
"""So often a file that others change in between is read again before a write is given up."""


SURE_AFTER_SECONDS = 3.0
"""A file that changed later than that before it was read may change again without its time moving."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was read. ``sure``: as long as its mark stays, its content does."""

    mark: Mark
    digest: bytes
    table: Table
    positions: Mapping[str, int]
    sure: bool


class FilesConnector:
    """See ports.Connector. One per system and side."""

    def __init__(
        self,
        described: FilesSystem,
        side: Side,
        wanted: Mapping[str, frozenset[str]],
        folder: Folder,
        clock: Clock,
        hold: Hold | None = None,
    ) -> None:
        """``wanted``: datatype -> the properties that are read."""
        self._described = described
        self._manifest = described.files
        self._folder = folder
        self._clock = clock
        self._hold = hold
        where = zone(self._manifest.zone)
        self._kinds = {
            name: Kind(side=side, name=name, spec=spec, wanted=_in_order(wanted.get(name, ()), spec.properties), zone=where)
            for name, spec in self._manifest.datatypes.items()
        }
        self._opened: dict[str, Opened] = {}
        self._ours: dict[str, Mark | None] = {}
        self._turns = {name: asyncio.Lock() for name in self._kinds}

    @property
    def system(self) -> str:
        """The system's name."""
        return self._manifest.system

    def capabilities(self, datatype: str) -> Capabilities:
        """See ports.Connector."""
        if datatype not in self._kinds:
            raise ConfigurationError([Problem(f"manifest of {self.system}", 0, 0, f"there is no datatype {datatype}", "")])
        return files_capabilities(self._described, datatype)

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        """See ports.Connector. All pages show the file as it was at one moment."""
        opened, kind, size = await self._open(datatype), self._kinds[datatype], self._manifest.limits.page
        ids = list(opened.positions)
        for start in range(0, max(len(ids), 1), size):
            chosen = ids[start : start + size]
            yield Page(tuple(self._observed(opened, kind, id) for id in chosen), last=start + size >= len(ids))

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """Not called: a file has no cursor. Raises ListingFailed."""
        pages: tuple[Page, ...] = ()
        for page in pages:  # which makes it a generator
            yield page
        raise ListingFailed(self.system, f"{datatype}: a file tells no changes since {cursor[:80]!r}")

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """See ports.Connector. Raises ListingFailed where the file does not fit: then no record of it is known to be gone."""
        if not ids:
            return []
        opened, kind = await self._open(datatype), self._kinds[datatype]
        return [self._observed(opened, kind, id) if id in opened.positions else Gone(kind.ref(id), Evidence.NOT_FOUND) for id in ids]

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """See ports.Connector."""
        if not writes:
            return []
        opened, kind = await self._open(datatype), self._kinds[datatype]
        spec = kind.spec
        if not (spec.generated or spec.reference):
            return [Found(write.key, message="no column takes our references here") for write in writes]
        marked: dict[object, list[str]] = {}
        if spec.reference is not None:
            column, of = spec.column(spec.reference), spec.properties[spec.reference]
            for id, position in opened.positions.items():
                marked.setdefault(opened.table.value(opened.table.rows[position].cells.get(column), of), []).append(id)
        answers = []
        for write in writes:
            made = made_id(write.reference)
            ids = {*marked.get(write.reference, ()), *([made] if spec.generated and made in opened.positions else ())}
            seen = [one for id in sorted(ids) if isinstance(one := self._observed(opened, kind, id), Seen)]
            answers.append(Found(write.key, tuple(seen), certain=len(seen) == len(ids)))
        return answers

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """See ports.Connector. All writes at once: the file is replaced once, or not at all."""
        if not writes:
            return
        if self._hold is not None:
            await self._hold.make_sure()
        for outcome in await self._written(datatype, writes):
            yield outcome

    async def close(self) -> None:
        """See ports.Connector."""
        await self._folder.close()

    # --- the file -------------------------------------------------------------------------------------------------------------------

    def _observed(self, opened: Opened, kind: Kind, id: str) -> Observation:
        return kind.observed(opened.table, id, opened.table.rows[opened.positions[id]].cells)

    async def _open(self, datatype: str) -> Opened:
        """The file as it is. Raises ListingFailed where it does not fit."""
        self.capabilities(datatype)
        async with self._turns[datatype]:
            return await self._looked(self._kinds[datatype])

    async def _looked(self, kind: Kind) -> Opened:
        name = kind.spec.file
        try:
            mark = await self._quiet(kind)
            known = self._opened.get(kind.name)
            if known is not None and known.sure and known.mark == mark:
                return known
            sure = self._clock.now().timestamp() - mark.changed > SURE_AFTER_SECONDS + self._folder.skew_seconds
            data = await self._whole(name, mark)
            opened = await asyncio.to_thread(self._parsed, kind, data, mark, sure)
        except Unfit as unfit:
            raise ListingFailed(self.system, f"{name}: {unfit.what}", unfit.remedy) from None
        self._opened[kind.name] = opened
        return opened

    async def _quiet(self, kind: Kind) -> Mark:
        """How the file is, once nobody but us has changed it for a while. Raises Unfit."""
        until, quiet = self._clock.monotonic() + self._manifest.limits.deadline_seconds, self._manifest.limits.quiet_seconds
        before: Mark | None = None
        while True:
            mark = await self._folder.mark(kind.spec.file)
            if mark is None:
                raise Unfit("is not there", "Put it back, or mend file: in the manifest. Nothing is taken for deleted.")
            age = self._clock.now().timestamp() - mark.changed
            if age >= quiet + self._folder.skew_seconds or mark in (before, self._ours.get(kind.name)) or not quiet:
                return mark
            if self._clock.monotonic() + quiet > until:
                raise Unfit("is still being written", "Run again later; or make limits: deadline_seconds longer.")
            before = mark
            await self._clock.sleep(quiet if self._folder.skew_seconds or age < 0 else quiet - age)

    async def _whole(self, name: str, mark: Mark) -> bytes:
        """The bytes of a file that stays as it is while it is read. Raises Unfit."""
        try:
            data = await self._folder.read(name)
        except FileNotFoundError:
            raise Unfit("was there, and is not any more", "Somebody is replacing it: run again.") from None
        if await self._folder.mark(name) != mark or len(data) != mark.size:
            raise Unfit("changed while it was read", "Somebody is writing it: run again, or set limits: quiet_seconds.")
        return data

    def _parsed(self, kind: Kind, data: bytes, mark: Mark, sure: bool) -> Opened:
        """Run in a thread. Raises Unfit."""
        digest, known = hashlib.blake2b(data).digest(), self._opened.get(kind.name)
        if known is not None and known.digest == digest:
            return Opened(mark, digest, known.table, known.positions, sure)
        table = parse(data, kind.spec, kind.zone)
        if known is not None and known.table.ended and not table.ended and len(table.rows) < len(known.table.rows):
            raise Unfit("has fewer rows than before, and its last line is not ended: it seems to be cut off", "Put the whole file back.")
        return Opened(mark, digest, table, identified(table, kind.spec), sure)

    # --- writing --------------------------------------------------------------------------------------------------------------------

    async def _written(self, datatype: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        able, kind = self.capabilities(datatype), self._kinds[datatype]
        async with self._turns[datatype]:
            try:
                async with self._folder.locked(kind.spec.file):
                    for _ in range(TRIES):
                        try:
                            return await self._replaced(kind, able, writes)
                        except Overtaken:
                            continue
                return _failed(writes, f"{kind.spec.file} changed each time it was about to be replaced")
            except (SystemProblem, Occupied) as problem:
                return _failed(writes, str(problem))
            except Unanswered:
                return [
                    Outcome(write.key, OutcomeKind.UNKNOWN, message="the server did not say whether the file was replaced")
                    for write in writes
                ]
            except OSError as error:
                return _failed(writes, f"{kind.spec.file}: {error.strerror or error}")

    async def _replaced(self, kind: Kind, able: Capabilities, writes: Sequence[Write]) -> Sequence[Outcome]:
        """One attempt. Raises Overtaken when the file is not any more what the writes were compared with."""
        opened = await self._looked(kind)
        batch = Batch(kind, able, opened.table, opened.positions)
        edits = batch.take(writes)
        if edits is None:
            return batch.outcomes
        try:
            data = await asyncio.to_thread(opened.table.changed, edits)
            after = await asyncio.to_thread(self._read_back, kind, data, batch, len(edits.removed))
        except Unfit as unfit:
            return [Outcome(each.key, OutcomeKind.REFUSED, message=f"the file would not be read back: {unfit.what}") for each in writes]
        await self._folder.replace(kind.spec.file, data, opened.mark, self._hold.look if self._hold is not None else _nothing)
        self._opened[kind.name], self._ours[kind.name] = after, await self._left(kind)
        return batch.outcomes

    async def _left(self, kind: Kind) -> Mark | None:
        """How the file is that we wrote just now; None where nobody says so any more, which takes nothing back."""
        try:
            return await self._folder.mark(kind.spec.file)
        except SystemProblem:
            return None

    def _read_back(self, kind: Kind, data: bytes, batch: Batch, removed: int) -> Opened:
        """What will be read from the new file, before it takes the old one's place. Raises Unfit where that is not what was written."""
        table = parse(data, kind.spec, kind.zone)
        positions = identified(table, kind.spec)
        expected = batch.expected
        if len(positions) != len(batch.positions) - removed + len(expected.keys() - batch.positions.keys()):
            raise Unfit("another number of rows", "")
        for id, cells in expected.items():
            want = kind.observed(table, id, cells)
            if id not in positions or kind.observed(table, id, table.rows[positions[id]].cells) != want:
                raise Unfit(f"{kind.spec.key} {id[:80]!r} would not say what was written", "")
        return Opened(Mark(-1, 0.0), hashlib.blake2b(data).digest(), table, positions, sure=False)


def _in_order(wanted: frozenset[str] | tuple[str, ...], properties: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in properties if name in wanted)


def _failed(writes: Sequence[Write], message: str) -> list[Outcome]:
    return [Outcome(write.key, OutcomeKind.FAILED, message=message) for write in writes]


def _nothing() -> None:
    """There is nothing to make sure of."""
