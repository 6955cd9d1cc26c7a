"""Signing in, as the manifest says: not at all, by a fixed header, or by a token that runs out.

Owns: the headers of a signed call, how long a token is believed. Does not own: when a call is repeated (rest_calls.py).
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from accord.connectors.http import Answer
from accord.connectors.rest_answers import Malformed, decode, encode
from accord.connectors.rest_calls import Courier, SignIn
from accord.connectors.rest_paths import ABSENT, fill_query, look, steps
from accord.connectors.rest_times import answered_at, zone
from accord.errors import SystemRefused
from accord.model.manifest import Authentication
from accord.ports import Clock

LIFE_OF_A_DOUBTFUL_TOKEN = 300.0
"""Seconds, when the answer gives no life that can be believed."""


class Vault(Protocol):
    """Where secrets come from, and where they are remembered so that they can be masked."""

    def fill(self, text: str) -> str:
        """A text with its references replaced by the secrets behind them."""
        ...

    def learn(self, secret: str) -> None:
        """Remember a secret that was given or made."""
        ...

    def token_folder(self) -> Path:
        """Where tokens may be kept. Raises ConfigurationError if there is no such place."""
        ...


class FixedSignIn:
    """The same headers for ever."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def address(self, url: str) -> str:
        return url

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def renew(self, _stale: Mapping[str, str], _status: int, /) -> bool:
        return False


class QuerySignIn(FixedSignIn):
    """A key in the address of each call. Nobody but the transport sees such an address."""

    def __init__(self, headers: Mapping[str, str], parameter: str, value: str) -> None:
        super().__init__(headers)
        self._name = quote(parameter, safe="")
        self._pair = f"{self._name}={quote(value, safe='')}"

    def address(self, url: str) -> str:
        """See SignIn. A key that the server has put into its own link is replaced, as it may be an older one."""
        path, _, query = url.partition("?")
        kept = [each for each in query.split("&") if each and each.partition("=")[0] != self._name]
        return path + "?" + "&".join([*kept, self._pair])


@dataclass(frozen=True, slots=True)
class Token:
    """One that was fetched. ``life``: the seconds that it may be used, from now."""

    value: str
    life: float


class Fetches(Protocol):
    """How a token is fetched."""

    async def fetch(self, stale: str) -> Token:
        """A token other than ``stale``, which is no good any more ("" for none). Raises SystemRefused, SystemUnavailable."""
        ...


class TokenSignIn:
    """A token that is fetched when it is first needed and again before it runs out; callers at the same time share one fetch."""

    def __init__(self, source: Fetches, dress: Callable[[str], dict[str, str]], renew_seconds: float, clock: Clock) -> None:
        """``dress``: all headers of a call with this token; ``renew_seconds``: how long before its end it is fetched anew."""
        self._source = source
        self._dress = dress
        self._early = renew_seconds
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._current: dict[str, str] | None = None
        self._until = 0.0
        self._innocent: Mapping[str, str] | None = None

    def address(self, url: str) -> str:
        """See SignIn."""
        return url

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
        token = await self._source.fetch(self._token)
        self._token = token.value
        self._current = self._dress(token.value)
        self._until = self._clock.monotonic() + max(token.life - self._early, token.life / 2)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token for a key, in the system's own way: address, body and headers with the secrets filled in."""

    url: str
    body: bytes | None
    headers: Mapping[str, str]
    rules: Authentication
    zone: str
    courier: Courier
    clock: Clock
    learn: Callable[[str], None]

    async def fetch(self, _stale: str) -> Token:
        """See Fetches."""
        answer = await self.courier.repeat(self.rules.method, self.url, self.headers, self.body)
        if not 200 <= answer.status < 300:
            raise SystemRefused(self.courier.system, f"the sign-in was refused ({answer.status})", "check the credentials in the manifest")
        said = sign_in_answer(self.courier.system, answer)
        token = look(said, steps(self.rules.token))
        if not isinstance(token, str) or not token:
            raise SystemRefused(self.courier.system, "the sign-in gave no token", "check authentication.token in the manifest")
        self.learn(token)
        return Token(token, self._life(said, answer))

    def _life(self, said: Any, answer: Answer) -> float:
        """Seconds that the token may be used, measured on the server's own clock so that ours need not be right."""
        longest = self.rules.lifetime_seconds or float("inf")
        if self.rules.expires is None:
            return min(longest, LIFE_OF_A_DOUBTFUL_TOKEN) if self.rules.lifetime_seconds is None else longest
        expires = look(said, steps(self.rules.expires))
        lives = _lives(expires, answered_at(answer.headers) or self.clock.now(), self.zone)
        return min(longest, *lives) if lives else min(longest, LIFE_OF_A_DOUBTFUL_TOKEN)


def sign_in_answer(system: str, answer: Answer) -> Any:
    """What a sign-in said. Raises SystemRefused for what is no JSON."""
    try:
        return decode(answer.body)
    except Malformed as error:
        raise SystemRefused(system, f"the sign-in: {error}", "check authentication.path in the manifest") from error


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
        request = TokenRequest(url, body, constant, rules, naive_zone, courier, clock, vault.learn)
        return TokenSignIn(request, lambda token: {**constant, rules.header: rules.prefix + token}, rules.renew_seconds, clock)
    value = vault.fill(rules.value or "")
    if rules.kind == "query":
        return QuerySignIn(constant, rules.parameter or "", value)
    return FixedSignIn({**constant, **_fixed(rules, value, vault)})


def _fixed(rules: Authentication, value: str, vault: Vault) -> dict[str, str]:
    """The header by which a key, or a user with a password, signs in for ever."""
    if rules.kind == "bearer":
        return {"Authorization": f"Bearer {value}"}
    if rules.kind == "header":
        return {rules.header: rules.prefix + value}
    if rules.kind == "basic":
        packed = basic(vault.fill(rules.user or ""), vault.fill(rules.password or ""))
        vault.learn(packed)
        return {"Authorization": f"Basic {packed}"}
    return {}


def basic(user: str, password: str) -> str:
    """A user and a password, as the header carries them."""
    return base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
