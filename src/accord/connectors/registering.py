"""Asking a system to announce its changes to us, and to go on doing so: the calls of a manifest's ``webhooks.registration``.

Owns: when to register, renew and take back; what is remembered of it. Does not own: receiving (receiver.py), when it is looked at again
(app/). A registration that was made and not remembered, since the process ended between the two, announces everything a second time;
that costs a repeated hint, nothing else.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from accord.connectors.http import Answer, TransportProblem
from accord.connectors.rest_answers import Malformed, Showing, decode, encode
from accord.connectors.rest_calls import Caller
from accord.connectors.rest_paths import ABSENT, fill_path, look, steps
from accord.connectors.rest_times import answered_at, instant
from accord.errors import SystemRefused, SystemUnavailable
from accord.model.manifest import Call, Registration
from accord.ports import Clock

LOOKS_AFTER_SECONDS = 86_400.0
"""A registration without an end is looked at once a day, as long as nothing else is known of it."""

_SOONEST = 5.0
_SPENT = 2 / 3  # of its life: then it is renewed, with time for several tries


class _Kept(msgspec.Struct):
    """What is remembered of a registration: times in seconds since 1970; ``signed``: a digest of the secret that it signs with."""

    id: str
    url: str
    made: float
    ends: float | None
    signed: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """Where a registration is remembered, by a name: the store's settings."""

    read: Callable[[str], Awaitable[str | None]]
    write: Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Registrar:
    """Keeps one system announcing. ``secret``: what it shall sign with; ``base``: what stands before the paths of calls."""

    rules: Registration
    secret: str
    base: str
    caller: Caller
    showing: Showing
    clock: Clock
    notebook: Notebook

    @property
    def system(self) -> str:
        """The system's name."""
        return self.caller.system

    async def ensure(self, url: str) -> float:
        """See that changes are announced to ``url``; gives the seconds until it should be looked at again.

        Raises SystemUnavailable, SystemRefused; then it is to be tried again, and changes are polled for as ever.
        """
        kept, now = await self._kept(), self.clock.now().timestamp()
        if kept is not None and (kept.url, kept.signed) == (url, self._signed):
            due = self._due(kept)
            if due is None or now < due:
                return LOOKS_AFTER_SECONDS if due is None else due - now
            renewed = await self._renew(kept)
            if renewed is not None:
                return await self._keep(renewed)
        wait = await self._keep(await self._create(url))
        if kept is not None:
            await self._remove(kept)
        return wait

    async def _create(self, url: str) -> _Kept:
        answer = await self._send(self.rules.create, {"url": url, "secret": self.secret})
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        id = look(_said(answer), steps(self.rules.id))
        if isinstance(id, bool) or not isinstance(id, str | int) or id == "":
            raise SystemRefused(self.system, "registering for webhooks gave no id", "check webhooks.registration.id in the manifest")
        return self._of(str(id), url, answer)

    async def _renew(self, kept: _Kept) -> _Kept | None:
        """The renewed one; None where there is no such call, or the system knows it no more."""
        if self.rules.renew is None:
            return None
        answer = await self._send(self.rules.renew, {"url": kept.url, "secret": self.secret, "id": kept.id})
        if answer.status in (404, 410):
            return None
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        return self._of(kept.id, kept.url, answer)

    async def _remove(self, kept: _Kept) -> None:
        """Take an older one back. Whatever becomes of that: two that announce the same do no harm."""
        if self.rules.remove is not None:
            await self._send(self.rules.remove, {"url": kept.url, "id": kept.id})

    async def _send(self, call: Call, values: Mapping[str, str]) -> Answer:
        ends = self.clock.now() + timedelta(seconds=self.rules.lifetime_seconds or 0)
        given = {**values, "ends": ends.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        try:
            url = self.base + fill_path(call.path, given)
            body = encode(_filled(call.body, given)) if call.body else None
            return await self.caller.send(call.method, url, body, {})
        except (KeyError, ValueError) as error:
            raise SystemRefused(self.system, f"registering for webhooks: {error}", "check webhooks.registration in the manifest") from error
        except TransportProblem as error:
            raise SystemUnavailable(
                self.system, f"registering for webhooks: {error}", "it is tried again; changes are polled for"
            ) from error

    def _of(self, id: str, url: str, answer: Answer) -> _Kept:
        """What an answer says of its end, measured from the server's own clock; else what the manifest says."""
        now, life = self.clock.now().timestamp(), self.rules.lifetime_seconds
        told = instant(look(_said(answer), steps(self.rules.expires)), UTC) if self.rules.expires else None
        if told is not None:
            theirs: datetime = answered_at(answer.headers) or self.clock.now()
            life = (told - theirs).total_seconds()
        return _Kept(id, url, now, None if life is None else now + max(life, 0.0), self._signed)

    async def _keep(self, kept: _Kept) -> float:
        await self.notebook.write(self._name, msgspec.json.encode(kept).decode())
        due = self._due(kept)
        return LOOKS_AFTER_SECONDS if due is None else max(_SOONEST, due - self.clock.now().timestamp())

    async def _kept(self) -> _Kept | None:
        text = await self.notebook.read(self._name)
        return None if text is None else msgspec.json.decode(text, type=_Kept)

    @property
    def _name(self) -> str:
        return f"webhook-registration:{self.system}"

    @property
    def _signed(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()[:16]

    def _due(self, kept: _Kept) -> float | None:
        return None if kept.ends is None else kept.made + _SPENT * (kept.ends - kept.made)

    def _refused(self, answer: Answer) -> SystemRefused:
        words = self.showing.complaint(answer.status, answer.body).message
        return SystemRefused(self.system, f"does not register us for webhooks: {words}", "changes are polled for meanwhile")


def _said(answer: Answer) -> Any:
    try:
        return decode(answer.body) if answer.body else None
    except Malformed:
        return ABSENT


def _filled(thing: Any, values: Mapping[str, str]) -> Any:
    """A body with {url}, {secret}, {id} and {ends} filled into its texts."""
    if isinstance(thing, str):
        for name, value in values.items():
            if thing == f"{{{name}}}":
                return value
        return thing
    if isinstance(thing, Mapping):
        return {name: _filled(each, values) for name, each in thing.items()}
    if isinstance(thing, list | tuple):
        return [_filled(each, values) for each in thing]
    return thing
