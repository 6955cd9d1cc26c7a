"""A connector for Accord: card boxes (``kind: cardbox``). See docs/how-to/write-a-connector.md."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from accord.errors import ConfigurationError, ListingFailed, SystemRefused, SystemUnavailable
from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.plans import Found, OperationKind, Outcome, OutcomeKind, Write
from accord.model.plugged import Misfit, PluggedManifest
from accord.model.records import Evidence, Gone, Observation, Page, RecordRef, Seen
from accord.ports import Services
from accord_cardbox.wire import Lost, NotSent, Wire

PROTOCOL = 1
"""The version of ports.Plugin that this was written for."""

ADDRESS = "address"
"""The option that holds HOST:PORT: there `accord manifest conform` can spoil what lies between."""

PAGE = 200
DO = {OperationKind.CREATE: "add", OperationKind.UPDATE: "set", OperationKind.DELETE: "drop"}
ERRORS = {"moved": OutcomeKind.MOVED, "gone": OutcomeKind.GONE, "refused": OutcomeKind.REFUSED}


def check(manifest: PluggedManifest) -> Iterator[Misfit]:
    """What is wrong with the options; Accord tells it with file, line and column."""
    for name in manifest.options:
        if name not in ("address", "token"):
            yield Misfit(("options", name), f"options: unknown key {name}", "Known are: address, token.")
    for name in ("address", "token"):
        if not isinstance(manifest.options.get(name), str):
            yield Misfit(("options",), f"options: {name} is missing", f"Add {name}: to options.")
    for name, datatype in manifest.datatypes.items():
        if not isinstance(datatype.options.get("box"), str):
            yield Misfit(("datatypes", name), f"{name}: nothing says which box", "Add options: {box: NAME}.")
        for each, prop in datatype.properties.items():
            if prop.type != "string":
                yield Misfit(("datatypes", name, "properties", each, "type"), f"{each}: a card holds texts only", "Write type: string.")


def connect(manifest: PluggedManifest, services: Services) -> "Cardbox":
    """A connector; nothing is called yet."""
    if not re.fullmatch(r"[^\s:/]+:\d+", manifest.options["address"]):
        raise ConfigurationError(
            [services.problem(("options", "address"), "address: is no HOST:PORT", "Write 127.0.0.1:7070 or the like.")]
        )
    return Cardbox(manifest, services)


class Cardbox:
    """See ports.Connector."""

    def __init__(self, manifest: PluggedManifest, services: Services) -> None:
        self._manifest = manifest
        self._services = services
        self._wire = Wire(manifest.options["address"], manifest.options["token"])
        self._page = services.page_size or PAGE

    @property
    def system(self) -> str:
        return self._manifest.system

    def capabilities(self, datatype: str) -> Capabilities:
        described = self._manifest.datatypes[datatype]
        return Capabilities(
            create=described.create,
            update=described.update,
            delete=described.delete,
            conditional_write=True,
            finding=Finding.CERTAIN,
            changes=ChangeCapture.SINCE,
            sees_deletes=True,
            settles=20.0,
            reference=described.reference,
            create_only=described.create_only,
            read_only=described.read_only,
        )

    async def list(self, datatype: str) -> AsyncIterator[Page]:
        after, cursor, more = "", None, True
        while more:
            answer = await self._read("list", datatype, after=after, limit=self._page)
            cursor = cursor or str(answer["seq"])  # as it was before the first page
            more, after = answer["more"], answer["cards"][-1]["id"] if answer["cards"] else ""
            yield Page(tuple(self._seen(datatype, card) for card in answer["cards"]), last=not more, cursor=None if more else cursor)

    async def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        if not cursor.isdecimal():
            raise ListingFailed(self.system, f"{datatype}: the cursor {cursor!r} is none of this system's")
        since, following, more = int(cursor), "", True
        while more:
            answer = await self._read("since", datatype, seq=since, limit=self._page)
            following = following or str(answer["seq"])
            more, cards = answer["more"], answer["cards"]
            since = cards[-1]["seq"] + 1 if cards else since
            found = tuple(self._observed(datatype, card) for card in cards)
            yield Page(found, last=not more, cursor=None if more else following)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        found: list[Observation] = []
        for start in range(0, len(ids), PAGE):
            part = list(ids[start : start + PAGE])
            cards = (await self._read("get", datatype, ids=part))["cards"]
            pairs = zip(part, cards, strict=True)
            found += [self._seen(datatype, card) if card else Gone(self._ref(datatype, id), Evidence.NOT_FOUND) for id, card in pairs]
        return found

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        found = []
        for write in writes:
            cards = (await self._read("find", datatype, ref=write.reference))["cards"]
            found.append(Found(write.key, tuple(self._seen(datatype, card) for card in cards), certain=True))
        return found

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        denied = ""
        for write in writes:
            if denied:
                yield Outcome(write.key, OutcomeKind.FAILED, message=denied)
                continue
            outcome = await self._written(datatype, write)
            denied = outcome.message if outcome.fatal else ""
            yield outcome

    async def close(self) -> None:
        await self._wire.close()

    async def _read(self, do: str, datatype: str, **asked: Any) -> dict[str, Any]:
        """An answer, or what ports.Connector says instead of one."""
        try:
            answer = await self._wire.read(do=do, box=self._box(datatype), **asked)
        except (NotSent, Lost) as error:
            raise SystemUnavailable(self.system, str(error), "Is it running, at the address in the manifest?") from None
        if "error" in answer:
            raise SystemRefused(self.system, str(answer["text"]), "Look at the token in the manifest.")
        if not isinstance(answer.get("cards"), list):
            raise ListingFailed(self.system, f"{datatype}: an answer of another form", "Is it a box of cards that is at this address?")
        return answer

    async def _written(self, datatype: str, write: Write) -> Outcome:
        if words := self._impossible(datatype, write):
            return Outcome(write.key, OutcomeKind.REFUSED, message=words)
        expected, described = write.precondition, self._manifest.datatypes[datatype]
        seq = expected.version if expected else None
        try:
            if expected and seq is None:  # by content: it is read, and what was read is stated
                (now,) = await self.read(datatype, [write.ref.id])
                if isinstance(now, Seen) and now.fingerprint != expected.fingerprint:
                    return Outcome(write.key, OutcomeKind.MOVED, now, "the card has changed since")
                seq = now.version if isinstance(now, Seen) else None
            await self._services.hold()
            values = {described.path(name): value for name, value in write.values.items()}
            stated = {"id": write.ref.id, "seq": seq and int(seq), "values": values, "ref": write.reference}
            answer = await self._wire.ask(do=DO[write.kind], box=self._box(datatype), **stated)
        except (NotSent, SystemUnavailable, ListingFailed) as error:
            return Outcome(write.key, OutcomeKind.FAILED, message=str(error))
        except SystemRefused as error:
            return Outcome(write.key, OutcomeKind.FAILED, message=str(error), fatal=True)
        except Lost as error:  # it may have been done: only looking can tell
            return Outcome(write.key, OutcomeKind.UNKNOWN, message=str(error))
        return self._outcome(datatype, write, answer)

    def _outcome(self, datatype: str, write: Write, answer: dict[str, Any]) -> Outcome:
        if "error" in answer:
            described, kind = self._manifest.datatypes[datatype], ERRORS.get(answer["error"], OutcomeKind.FAILED)
            names = {described.path(name): name for name in described.properties}
            words, name, denied = str(answer["text"]), names.get(answer.get("field") or ""), answer["error"] == "denied"
            return Outcome(write.key, kind, message=words, property=name, fatal=denied)
        if write.kind is OperationKind.DELETE:
            return Outcome(write.key, OutcomeKind.DONE)
        if not isinstance(answer.get("card"), dict):
            return Outcome(write.key, OutcomeKind.UNKNOWN, message="an answer of another form")
        return Outcome(write.key, OutcomeKind.DONE, self._seen(datatype, answer["card"]))

    def _impossible(self, datatype: str, write: Write) -> str:
        """Why it is not even asked, in words; "" if it is."""
        able = self.capabilities(datatype)
        if not getattr(able, write.kind.value):
            return f"{datatype}: the manifest allows no {write.kind.value}"
        closed = able.read_only if write.kind is OperationKind.CREATE else able.read_only | able.create_only
        names = ", ".join(sorted(closed & write.values.keys()))
        return f"{names}: cannot be written in this system" if names else ""

    def _observed(self, datatype: str, card: dict[str, Any]) -> Observation:
        return Gone(self._ref(datatype, card["id"]), Evidence.TOMBSTONE) if card["gone"] else self._seen(datatype, card)

    def _seen(self, datatype: str, card: dict[str, Any]) -> Seen:
        described = self._manifest.datatypes[datatype]
        paths = {name: described.path(name) for name in self._services.wanted[datatype]}
        values = {name: card["values"][path] for name, path in paths.items() if path in card["values"]}
        return Seen.of(self._ref(datatype, card["id"]), values, version=str(card["seq"]))

    def _ref(self, datatype: str, id: str) -> RecordRef:
        return RecordRef(self._services.side, datatype, id)

    def _box(self, datatype: str) -> str:
        return str(self._manifest.datatypes[datatype].options["box"])
