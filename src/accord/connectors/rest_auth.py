"""Signing in, as the manifest says: not at all, by a fixed header, or by a token that runs out.

Owns: the headers of a signed call, how long a token is believed. Does not own: when a call is repeated (rest_calls.py).
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from accord.connectors.http import Answer
from accord.connectors.rest_answers import Malformed, decode, encode
from accord.connectors.rest_calls import Courier, SignIn
from accord.connectors.rest_paths import ABSENT, fill_query, look, steps
from accord.connectors.rest_times import answered_at, zone
from accord.errors import SystemRefused
from accord.model.manifest import Authentication
from accord.ports import Clock

_LIFE_OF_A_DOUBTFUL_TOKEN = 300.0  # seconds, when the answer gives no life that can be believed


class Vault(Protocol):
    """Where secrets come from, and where they are remembered so that they can be masked."""

    def fill(self, text: str) -> str:
        """A text with its references replaced by the secrets behind them."""
        ...

    def learn(self, secret: str) -> None:
        """Remember a secret that was given or made."""
        ...


class FixedSignIn:
    """The same headers for ever."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def renew(self, _stale: Mapping[str, str], _status: int, /) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """How a token is fetched: address, body and headers with the secrets filled in, and what is read from the answer."""

    url: str
    body: bytes | None
    headers: Mapping[str, str]
    rules: Authentication
    zone: str


class TokenSignIn:
    """A token that is fetched when it is first needed and again before it runs out; callers at the same time share one fetch."""

    def __init__(self, request: TokenRequest, courier: Courier, clock: Clock, learn: Callable[[str], None]) -> None:
        """``learn``: told each token, before it is used."""
        self._request = request
        self._learn = learn
        self._courier = courier
        self._clock = clock
        self._lock = asyncio.Lock()
        self._current: dict[str, str] | None = None
        self._until = 0.0
        self._innocent: Mapping[str, str] | None = None

    async def headers(self) -> Mapping[str, str]:
        """See SignIn."""
        current = self._current
        if current is not None and self._clock.monotonic() < self._until:
            return current
        async with self._lock:
            if self._current is None or self._current is current:
                await self._fetch()
            assert self._current is not None
            return self._current

    async def renew(self, stale: Mapping[str, str], status: int, /) -> bool:
        """See SignIn. A 403 that outlived one renewal is about the record, not about the token: no further ones for it."""
        if status == 403 and stale is self._innocent:
            return False
        async with self._lock:
            if self._current is stale:
                await self._fetch()
            if status == 403:
                self._innocent = self._current
            return True

    async def _fetch(self) -> None:
        asked = self._request
        answer = await self._courier.repeat(asked.rules.method, asked.url, asked.headers, asked.body)
        said = self._read(answer)
        token = look(said, steps(asked.rules.token))
        if not isinstance(token, str) or not token:
            raise SystemRefused(self._courier.system, "the sign-in gave no token", "check authentication.token in the manifest")
        self._learn(token)
        life = self._life(said, answer)
        self._current = {**asked.headers, asked.rules.header: asked.rules.prefix + token}
        self._until = self._clock.monotonic() + max(life - asked.rules.renew_seconds, life / 2)

    def _read(self, answer: Answer) -> Any:
        if not 200 <= answer.status < 300:
            raise SystemRefused(self._courier.system, f"the sign-in was refused ({answer.status})", "check the credentials in the manifest")
        try:
            return decode(answer.body)
        except Malformed as error:
            raise SystemRefused(self._courier.system, f"the sign-in: {error}", "check authentication.path in the manifest") from error

    def _life(self, said: Any, answer: Answer) -> float:
        """Seconds that the token may be used, measured on the server's own clock so that ours need not be right."""
        rules = self._request.rules
        longest = rules.lifetime_seconds or float("inf")
        if rules.expires is None:
            return min(longest, _LIFE_OF_A_DOUBTFUL_TOKEN) if rules.lifetime_seconds is None else longest
        expires = look(said, steps(rules.expires))
        lives = _lives(expires, answered_at(answer.headers) or self._clock.now(), self._request.zone)
        return min(longest, *lives) if lives else min(longest, _LIFE_OF_A_DOUBTFUL_TOKEN)


def _lives(expires: object, now: datetime, naive_zone: str) -> list[float]:
    """The possible remaining seconds: one for seconds or a zoned time, for a naive time one for each way to read it."""
    if expires is ABSENT or isinstance(expires, bool):
        return []
    if isinstance(expires, int):
        return [float(expires)] if expires > 0 else []
    try:
        moment = datetime.fromisoformat(str(expires))
    except ValueError:
        return []
    readings = [moment] if moment.tzinfo else [moment.replace(tzinfo=each) for each in (zone(naive_zone), UTC)]
    return [life for each in readings if (life := (each - now) / timedelta(seconds=1)) > 0]


def sign_in(
    rules: Authentication,
    base: str,
    constant: Mapping[str, str],
    vault: Vault,
    courier: Courier,
    clock: Clock,
    naive_zone: str,
) -> SignIn:
    """The way to sign in that a manifest asks for. ``constant``: headers of every call; ``vault`` puts secrets in."""
    if rules.kind == "token":
        query = fill_query({name: vault.fill(text) for name, text in rules.query.items()}, {})
        url = f"{base}{rules.path}" + (f"?{query}" if query else "")
        body = encode({name: vault.fill(text) for name, text in rules.body.items()}) if rules.body and rules.method != "GET" else None
        return TokenSignIn(TokenRequest(url, body, constant, rules, naive_zone), courier, clock, vault.learn)
    value = vault.fill(rules.value or "")
    if rules.kind == "bearer":
        return FixedSignIn({**constant, "Authorization": f"Bearer {value}"})
    if rules.kind == "header":
        return FixedSignIn({**constant, rules.header: rules.prefix + value})
    if rules.kind == "basic":
        pair = f"{vault.fill(rules.user or '')}:{vault.fill(rules.password or '')}".encode()
        packed = base64.b64encode(pair).decode("ascii")
        vault.learn(packed)
        return FixedSignIn({**constant, "Authorization": f"Basic {packed}"})
    return FixedSignIn(constant)
