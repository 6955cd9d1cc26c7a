"""Calls to one system: paced, repeated where that is safe, signed in.

Owns: retries and waiting, the shared bound on calls at once, one renewal of the sign-in. Does not own: what is asked or written.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from accord.connectors.http import Answer, Http, Origin, TransportProblem
from accord.connectors.limiter import HostLimiter
from accord.connectors.redacting import without_mail
from accord.connectors.rest_times import retry_after
from accord.errors import SystemRefused, SystemUnavailable
from accord.model.manifest import Limits
from accord.ports import Clock

_FIRST_BACKOFF = 0.25  # seconds, doubled at each try, less up to half by chance
_LONGEST_BACKOFF = 20.0
_REDIRECTS = 5
_TOO_MANY = 429
_UNAVAILABLE = 503


def place(url: str) -> str:
    """The path of an address: fit to be shown, as it holds no query, no credentials and no e-mail address."""
    return without_mail(urlsplit(url).path) or "/"


class Courier:
    """Carries calls to one host, unsigned: what may be repeated is, what may not is not."""

    def __init__(self, system: str, http: Http, limits: Limits, clock: Clock, rng: random.Random) -> None:
        self.system = system
        self._http = http
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._limiter = HostLimiter(clock, limits.per_second)
        self._slots = asyncio.Semaphore(limits.concurrency)

    async def repeat(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """A call that changes nothing: repeated while the host fails, and led on by redirects within its origin.

        Any answer below 500 comes back. Raises SystemUnavailable when the tries are used up.
        """
        tries = hops = 0
        while True:
            try:
                answer = await self.once(method, url, headers, body)
            except TransportProblem as error:
                problem, wait = str(error), 0.0
            else:
                onward = _redirect(url, answer) if method == "GET" and hops < _REDIRECTS else None
                if onward is not None:
                    url, hops = onward, hops + 1
                    continue
                if answer.status < 500:
                    return answer
                problem, wait = f"answered {answer.status}", retry_after(answer.headers, self._clock.now()) or 0.0
            if tries >= self._limits.retries:
                raise SystemUnavailable(self.system, f"{method} {place(url)}: {problem}", "try again later; look whether the system is up")
            await self._clock.sleep(max(self._backoff(tries), min(wait, self._limits.longest_wait_seconds)))
            tries += 1

    async def once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One call. Only "too many requests", which says that nothing was done, is waited out and sent again.

        Raises NotSent, Lost; SystemUnavailable when the host asks for more patience than there is.
        """
        waited, complaints = 0.0, 0
        while True:
            async with self._slots:
                if self._limiter.busy:
                    await self._limiter.turn()
                answer = await self._http.request(method, url, headers, body)
            if answer.status != _TOO_MANY:
                self._limiter.went_well()
                return answer
            left = self._limits.longest_wait_seconds - waited
            if left <= 0:
                raise SystemUnavailable(
                    self.system, f"{method} {place(url)}: too many requests, still after {waited:.0f} s", "lower limits.per_second"
                )
            asked = retry_after(answer.headers, self._clock.now())
            pause = min(left, asked if asked is not None else self._backoff(complaints))
            self._limiter.pause(pause)
            waited, complaints = waited + pause, complaints + 1

    def _backoff(self, tries: int) -> float:
        longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(tries, 16))
        return longest * (1.0 - self._rng.random() / 2.0)


def _redirect(url: str, answer: Answer) -> str | None:
    """Where a redirect leads, if it stays within the origin."""
    target = answer.headers.get("Location")
    if answer.status not in (301, 302, 303, 307, 308) or not target:
        return None
    try:
        onward = urljoin(url, target)
        return onward if Origin.of(onward) == Origin.of(url) else None
    except ValueError:
        return None


class SignIn(Protocol):
    """How calls are signed in."""

    def address(self, url: str) -> str:
        """Where a signed call goes; it may hold a key, and is never shown or kept."""
        ...

    async def headers(self) -> Mapping[str, str]:
        """All headers of a signed call. The same object until they are renewed. Raises SystemRefused, SystemUnavailable."""
        ...

    async def renew(self, stale: Mapping[str, str], status: int, /) -> bool:
        """Whether there are others than these, which were answered with this status (401 or 403)."""
        ...


class Caller:
    """Signed calls. A 401 or 403 is answered by one renewal of the sign-in and one repeat."""

    def __init__(self, courier: Courier, sign_in: SignIn) -> None:
        self.system = courier.system
        self._courier = courier
        self._sign_in = sign_in

    async def read(self, url: str) -> Answer:
        """GET; any answer below 500 but 401 comes back. Raises SystemUnavailable, SystemRefused."""
        signed, headers = self._sign_in.address(url), await self._sign_in.headers()
        answer = await self._courier.repeat("GET", signed, headers)
        if answer.status in (401, 403) and await self._sign_in.renew(headers, answer.status):
            answer = await self._courier.repeat("GET", signed, await self._sign_in.headers())
        return self._signed_in(answer, url)

    async def send(self, method: str, url: str, body: bytes | None, extra: Mapping[str, str]) -> Answer:
        """A call that writes, sent once. A 401 or 403 says that nothing was done, so it may be sent again, signed in anew.

        Raises NotSent, Lost, SystemUnavailable (nothing was done), SystemRefused (nothing was done).
        """
        signed, headers = self._sign_in.address(url), await self._sign_in.headers()
        answer = await self._courier.once(method, signed, {**headers, **extra} if extra else headers, body)
        if answer.status in (401, 403) and await self._sign_in.renew(headers, answer.status):
            answer = await self._courier.once(method, signed, {**await self._sign_in.headers(), **extra}, body)
        return self._signed_in(answer, url)

    def _signed_in(self, answer: Answer, url: str) -> Answer:
        if answer.status == 401:
            raise SystemRefused(self.system, f"{place(url)}: does not accept our sign-in (401)", "check the credentials in the manifest")
        return answer
