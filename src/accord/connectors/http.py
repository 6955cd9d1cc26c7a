"""The seam to HTTP: one call in, one answer out, within a deadline and a size, to one origin only.

Owns: connections, deadlines, the cap on answers, which hosts may be spoken to. Does not own: what an answer means, retries, signing in
(rest_calls.py). Redirects are never followed here, cookies never kept, proxies never taken from the environment.
"""

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from yarl import URL

from accord.connectors.held import Hold

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(each) for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_KEEP_ALIVE_SECONDS = 4.0  # below the five seconds after which common servers hang up, so that a call rarely meets a dying connection


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` are looked up without regard to case; ``body`` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportProblem(Exception):
    """A call without an answer. The text names neither query nor header."""


class NotSent(TransportProblem):
    """No connection was made: certainly nothing happened on the other side."""


class Lost(TransportProblem):
    """The call may have been received; its answer was not, or not whole, or not in time."""


class Http(Protocol):
    """One call to the configured origin."""

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Make the call. Raises NotSent or Lost, nothing else. ``url`` is absolute and quoted already."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what credentials are bound to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin of an absolute http(s) address. Raises ValueError for anything else."""
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        if scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("not an absolute http or https address")
        if parts.username or parts.password:
            raise ValueError("credentials do not belong in an address")
        return cls(scheme, parts.hostname.rstrip(".").lower(), parts.port or _DEFAULT_PORTS[scheme])

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def names_this_machine(self) -> bool:
        """Whether the host is loopback by its very spelling: 127.x.x.x, ::1 or localhost."""
        try:
            return _ip(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What one client is bound to. ``deadline``: seconds; ``body_bytes``: cap on an unpacked answer.

    ``private_hosts``: addresses in private networks may be spoken to, there also unencrypted.
    """

    origin: Origin
    concurrency: int = 32
    deadline: float = 30.0
    body_bytes: int = 64 * 1024 * 1024
    private_hosts: bool = False
    certificate_authority: str | None = None


class _CarefulResolver(AbstractResolver):
    """Resolves names, and refuses those that lead to an address which may not be spoken to."""

    def __init__(self, origin: Origin, private_hosts: bool) -> None:
        self._inner = aiohttp.DefaultResolver()
        self._origin = origin
        self._private_hosts = private_hosts

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Addresses of a host, all of which may be spoken to. Raises OSError otherwise, which is a failure to connect."""
        found = await self._inner.resolve(host, port, family)
        for each in found:
            if problem := _refusal(self._origin, each["host"], self._private_hosts):
                raise OSError(errno.EACCES, problem)
        return found

    async def close(self) -> None:
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is reachable from everywhere: not loopback, link-local, private or reserved."""
    return bool(_ip(address).is_global)


def is_private(address: str) -> bool:
    """Whether an IP address, as text, is of this machine or of a private network: there alone may a call go unencrypted."""
    ip = _ip(address)
    return any(ip in network for network in _PRIVATE_NETWORKS)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that is really meant. Raises ValueError for a name."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip


def _refusal(origin: Origin, address: str, private_hosts: bool) -> str:
    """Why calls to this origin may not go to this address, "" if they may."""
    if origin.scheme != "https" and not is_private(address):
        return "only https: unencrypted calls go to private addresses alone, whatever the manifest says"
    if origin.names_this_machine:
        return "" if _ip(address).is_loopback else "localhost does not lead to this machine"
    if private_hosts or is_public(address):
        return ""
    return "the host has a private address; set private_hosts in the manifest if that is meant"


def check_origin(origin: Origin, private_hosts: bool) -> None:
    """Raise ValueError when this origin may not be spoken to: a private address, or unencrypted text to the outside.

    This machine, named as 127.x.x.x, ::1 or localhost, may be spoken to without ``private_hosts``: nothing leaves it.
    """
    try:
        problem = _refusal(origin, origin.host, private_hosts)
    except ValueError:  # a name: its addresses are checked when it is resolved
        bare = origin.scheme != "https" and not private_hosts and not origin.names_this_machine
        problem = "only https, unless private_hosts is set in the manifest and the host is in a private network" if bare else ""
    if problem:
        raise ValueError(problem)


class _LookedAt(aiohttp.BytesPayload):
    """A body whose sender is looked at once more when it is really sent, together with the headers: the connection comes before that."""

    def __init__(self, body: bytes, hold: Hold) -> None:
        super().__init__(body)
        self._hold = hold

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        self._hold.look()
        await super().write_with_length(writer, content_length)


class AioHttp:
    """Http by aiohttp, with one pool of connections. It is made outside of a loop; the pool comes with the first call."""

    def __init__(self, settings: HttpSettings, hold: Hold | None = None) -> None:
        """``hold``: asked before what may change something; the StoreBusy that it raises goes up as it is, and nothing was sent.

        Raises ValueError for an origin that may not be spoken to, OSError or ssl.SSLError for an authority that cannot be read.
        """
        check_origin(settings.origin, settings.private_hosts)
        self._settings = settings
        self._ssl = ssl.create_default_context(cafile=settings.certificate_authority) if settings.certificate_authority else True
        self._hold = hold
        self._session: aiohttp.ClientSession | None = None
        self._prefixes = _prefixes(settings.origin)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Make the call; see Http."""
        if not url.startswith(self._prefixes) and not self._is_ours(url):
            raise NotSent("refused to call another origin than the configured one")
        session = self._session or self._open()
        data: bytes | _LookedAt | None = body
        if self._hold is not None and method != "GET":
            await self._hold.make_sure()
            data = None if body is None else _LookedAt(body, self._hold)
        try:
            async with session.request(method, _parsed(url), headers=headers, data=data, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await self._read(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(_plain(error)) from error
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Lost(_plain(error)) from error

    async def close(self) -> None:
        """Let go of the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _is_ours(self, url: str) -> bool:
        try:
            return Origin.of(url) == self._settings.origin
        except ValueError:
            return False

    def _open(self) -> aiohttp.ClientSession:
        pool = aiohttp.TCPConnector(
            limit=self._settings.concurrency,
            ssl=self._ssl,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            resolver=_CarefulResolver(self._settings.origin, self._settings.private_hosts),
        )
        session = aiohttp.ClientSession(
            connector=pool,
            timeout=aiohttp.ClientTimeout(total=self._settings.deadline, sock_connect=min(10.0, self._settings.deadline)),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        session._retry_connection = False  # aiohttp would send PUT and DELETE twice by itself; whether to repeat is ours to say
        self._session = session
        return session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, never more than the cap however it is packed."""
        cap = self._settings.body_bytes
        length = response.content_length
        if length is not None and length > cap:
            raise Lost(f"the answer is larger than {cap} bytes")
        if length is not None and "Content-Encoding" not in response.headers:
            return await response.read()
        parts: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > cap:
                raise Lost(f"the answer is larger than {cap} bytes")
            parts.append(chunk)
        return b"".join(parts)


@lru_cache(maxsize=256)
def _parsed(url: str) -> URL:
    """An address as aiohttp wants it; remembered, as creates go to few of them."""
    return URL(url, encoded=True)


def _prefixes(origin: Origin) -> tuple[str, ...]:
    """The usual spellings of an origin, so that nearly every address is checked by its beginning."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    with_port = f"{origin.scheme}://{host}:{origin.port}/"
    return (with_port, f"{origin.scheme}://{host}/") if origin.port == _DEFAULT_PORTS[origin.scheme] else (with_port,)


def _plain(error: BaseException) -> str:
    """A transport's error in words that hold no address: some of them carry the whole URL."""
    if isinstance(error, (asyncio.TimeoutError, aiohttp.ServerTimeoutError)):
        return "no whole answer within the deadline"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "the certificate or the encryption was not accepted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {error.os_error.strerror or type(error.os_error).__name__}"
    return f"the connection broke ({type(error).__name__})"
