"""The REST connector: ports.Connector for any system that a manifest describes.

Owns: putting the parts together, several writes at once, what a system can really do. Does not own: the parts
(rest_calls, rest_auth, rest_paging, rest_records, rest_reading, rest_bodies, rest_writing), or a word about any particular system.
"""

import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from accord.connectors.held import Hold
from accord.connectors.http import AioHttp, Http, HttpSettings, Origin
from accord.connectors.registering import Notebook, Registrar
from accord.connectors.rest_answers import Showing
from accord.connectors.rest_auth import sign_in
from accord.connectors.rest_bodies import BodyBuilder
from accord.connectors.rest_calls import Caller, Courier
from accord.connectors.rest_capabilities import capabilities_of
from accord.connectors.rest_oauth import TwoOrigins, oauth, token_address
from accord.connectors.rest_paging import Flights
from accord.connectors.rest_paths import fill_secrets
from accord.connectors.rest_pool import as_they_end, in_order
from accord.connectors.rest_reading import Parts, ReadHalf
from accord.connectors.rest_records import RecordReader
from accord.connectors.rest_writing import WriteHalf
from accord.errors import ConfigurationError, Problem
from accord.model.capabilities import Capabilities
from accord.model.manifest import Datatype, Manifest
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Observation, Page, Side
from accord.ports import Clock, KeepsTokens, Secrets

_AGENT = "accord"
_TOKENS_REMEMBERED = 32  # a server may speak of one that it has long replaced


class RestConnector:
    """See ports.Connector. One per system and side; made outside or inside of a loop, used in one."""

    def __init__(
        self,
        manifest: Manifest,
        side: Side,
        wanted: Mapping[str, frozenset[str]],
        http: Http,
        secrets: Secrets,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        """``wanted``: datatype -> the properties that are read. ``rng``: for the jitter of retries. Raises ConfigurationError."""
        self._manifest = manifest
        self._side = side
        self._wanted = wanted
        self._http = http
        self._clock = clock
        vault = self._vault = _Vault(secrets)
        base = vault.fill(manifest.origin).rstrip("/") + manifest.base_path
        constant = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": _AGENT}
        constant |= {name: vault.fill(text) for name, text in manifest.headers.items()}
        courier, rules = Courier(manifest.system, http, manifest.limits, clock, rng), manifest.authentication
        if rules.kind == "oauth":
            office = Courier(manifest.system, http, manifest.limits, clock, rng) if rules.origin else courier
            signing = oauth(rules, base, constant, vault, office, clock)
        else:
            signing = sign_in(rules, base, constant, vault, courier, clock, manifest.clock.zone)
        self._base = base
        self._caller = Caller(courier, signing)
        self._showing = Showing(vault)
        self._flights = Flights()
        self._abilities: dict[str, Capabilities] = {}
        self._halves: dict[str, tuple[ReadHalf, WriteHalf]] = {}

    @property
    def system(self) -> str:
        """The system's name."""
        return self._manifest.system

    def capabilities(self, datatype: str) -> Capabilities:
        """See ports.Connector."""
        able = self._abilities.get(datatype)
        if able is None:
            able = self._abilities[datatype] = capabilities_of(self._of(datatype), self._manifest.clock, self._manifest.limits)
        return able

    def list(self, datatype: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._both(datatype)[0].list()

    def changes(self, datatype: str, cursor: str) -> AsyncIterator[Page]:
        """See ports.Connector."""
        return self._both(datatype)[0].changes(cursor)

    async def read(self, datatype: str, ids: Sequence[str]) -> Sequence[Observation]:
        """See ports.Connector."""
        return await in_order(ids, self._both(datatype)[0].one, self._manifest.limits.concurrency)

    async def find(self, datatype: str, writes: Sequence[Write]) -> Sequence[Found]:
        """See ports.Connector. The search is that of the route by which the write would be created."""
        return await in_order(writes, self._both(datatype)[0].find, self._manifest.limits.concurrency)

    async def write(self, datatype: str, writes: Sequence[Write]) -> AsyncIterator[Outcome]:
        """See ports.Connector. Once the system refuses us as a whole, what has not been sent yet is not sent."""
        half = self._both(datatype)[1]
        refusal: Outcome | None = None

        async def one(write: Write) -> Outcome:
            nonlocal refusal
            if refusal is not None:
                return Outcome(write.key, OutcomeKind.FAILED, message=refusal.message, fatal=True)
            outcome = await half.write(write)
            if outcome.fatal:
                refusal = refusal or outcome
            return outcome

        async with aclosing(as_they_end(writes, one, self._manifest.limits.concurrency)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    def registrar(self, notebook: Notebook) -> Registrar | None:
        """What has the system tell us of changes; None where the manifest says no way. Raises ConfigurationError for a missing secret."""
        hooks = self._manifest.webhooks
        if hooks is None or hooks.registration is None:
            return None
        secret = self._vault.fill(hooks.secret or "")
        return Registrar(hooks.registration, secret, self._base, self._caller, self._showing, self._clock, notebook)

    async def close(self) -> None:
        """See ports.Connector."""
        await self._http.close()

    def _of(self, datatype: str) -> Datatype:
        found = self._manifest.datatypes.get(datatype)
        if found is None:
            raise ConfigurationError([Problem(f"manifest of {self.system}", 0, 0, f"there is no datatype {datatype}")])
        return found

    def _both(self, datatype: str) -> tuple[ReadHalf, WriteHalf]:
        """The two halves of a datatype, compiled when it is first used."""
        halves = self._halves.get(datatype)
        if halves is None:
            described, clock = self._of(datatype), self._manifest.clock
            records = RecordReader(self._side, datatype, described, self._wanted.get(datatype, frozenset()), clock)
            bodies = BodyBuilder(described, clock)
            parts = Parts(self._base, described, clock, self._caller, self._clock, self._showing, self._flights, records, bodies)
            reading = ReadHalf(parts)
            halves = self._halves[datatype] = (reading, WriteHalf(parts, reading))
        return halves


class _Vault:
    """Fills secrets in, and remembers them so that they can be masked: those of the configuration, and the newest that were learnt."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._opened: list[str] = []
        self._learnt: deque[str] = deque(maxlen=_TOKENS_REMEMBERED)

    def __iter__(self) -> Iterator[str]:
        return iter((*self._opened, *self._learnt))

    def fill(self, text: str) -> str:
        """A text with its references replaced by the secrets behind them."""
        return fill_secrets(text, self._open)

    def learn(self, secret: str) -> None:
        """Remember a secret that was fetched or made of others."""
        self._learnt.append(secret)

    def token_folder(self) -> Path:
        """See rest_auth.Vault."""
        if isinstance(self._secrets, KeepsTokens):
            return self._secrets.tokens
        raise ConfigurationError([Problem("manifest", 0, 0, "authentication: there is no place to keep refresh tokens here")])

    def _open(self, reference: str) -> str:
        secret = self._secrets.get(reference)
        self._opened.append(secret)
        return secret


def open_rest(
    manifest: Manifest,
    side: Side,
    wanted: Mapping[str, frozenset[str]],
    secrets: Secrets,
    clock: Clock,
    rng: random.Random,
    hold: Callable[[], Awaitable[None]] | None = None,
) -> RestConnector:
    """A connector with real connections to the manifest's origin. Raises ConfigurationError for an origin it may not speak to.

    ``hold``: raises when nothing may be sent any more, since another engine has taken the state over; asked before what may change
    something.
    """
    return RestConnector(manifest, side, wanted, open_http(manifest, secrets, Hold(hold, clock) if hold else None), secrets, clock, rng)


def open_http(manifest: Manifest, secrets: Secrets, hold: Hold | None = None) -> Http:
    """Real connections to the manifest's origin, and to that where tokens are fetched, within its limits.

    Raises ConfigurationError for an origin it may not speak to.
    """
    fill, rules = _Vault(secrets).fill, manifest.authentication
    system = _dial(manifest, fill(manifest.origin), hold)
    if rules.kind != "oauth" or not rules.origin:
        return system
    return TwoOrigins(system, _dial(manifest, fill(rules.origin), None), token_address(rules, "", fill))


def _dial(manifest: Manifest, origin: str, hold: Hold | None) -> Http:
    try:
        settings = HttpSettings(
            Origin.of(origin),
            manifest.limits.concurrency,
            manifest.limits.deadline_seconds,
            manifest.limits.body_megabytes * 1024 * 1024,
            manifest.private_hosts,
            manifest.certificate_authority,
        )
        return AioHttp(settings, hold)
    except (ValueError, OSError) as error:
        raise ConfigurationError([Problem(f"manifest of {manifest.system}", 0, 0, f"origin: {error}", "correct origin")]) from error
