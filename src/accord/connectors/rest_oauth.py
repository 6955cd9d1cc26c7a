"""OAuth 2.0 (RFC 6749): an access token for client credentials, or for a refresh token that may be replaced at each use.

Owns: the call for a token and what its answer means; that such a call goes to its own origin alone. Does not own: when a token is fetched
(rest_auth.py), where refresh tokens are kept (rest_tokens.py).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from accord.connectors.http import Answer, Http
from accord.connectors.rest_auth import LIFE_OF_A_DOUBTFUL_TOKEN, Token, TokenSignIn, Vault, basic, sign_in_answer
from accord.connectors.rest_calls import Courier, SignIn
from accord.connectors.rest_tokens import Chain, TokenFile
from accord.errors import SystemRefused
from accord.model.manifest import Authentication
from accord.ports import Clock

_ERRORS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)
_ASK_AGAIN = "let a person allow Accord in that system again, and set the new refresh_token"


@dataclass(frozen=True, slots=True)
class Grant:
    """A call for a token, with the secrets filled in. ``form`` lacks what changes from call to call."""

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    lifetime: float | None
    courier: Courier
    clock: Clock
    learn: Callable[[str], None] = field(repr=False)

    async def fetch(self, _stale: str) -> Token:
        """See rest_auth.Fetches: by client credentials."""
        said = await self.ask({"grant_type": "client_credentials"}, "check client_id, client_secret and scope in the manifest")
        return Token(self.access(said), self.life(said))

    async def ask(self, members: Mapping[str, str], remedy: str) -> Mapping[str, Any]:
        """What the answer says. An answer that is lost is asked for again. Raises SystemRefused, SystemUnavailable."""
        body = urlencode({**self.form, **members}).encode("ascii")
        answer = await self.courier.repeat("POST", self.url, self.headers, body)
        if not 200 <= answer.status < 300:
            raise SystemRefused(self.courier.system, f"the sign-in was refused ({_refusal(answer)})", remedy)
        said = sign_in_answer(self.courier.system, answer)
        return said if isinstance(said, dict) else {}

    def access(self, said: Mapping[str, Any]) -> str:
        """The access token. Raises SystemRefused where there is none, or one of another kind than bearer."""
        token, kind = said.get("access_token"), said.get("token_type", "bearer")
        if not isinstance(token, str) or not token:
            raise SystemRefused(self.courier.system, "the sign-in gave no access_token", "check authentication.path in the manifest")
        if not isinstance(kind, str) or kind.casefold() != "bearer":
            raise SystemRefused(self.courier.system, "the sign-in gave a token that is no bearer token", "this system needs another kind")
        self.learn(token)
        return token

    def life(self, said: Mapping[str, Any]) -> float:
        """Seconds that it is believed; some systems write their number as a text."""
        told = said.get("expires_in")
        given = int(told) if isinstance(told, int) or (isinstance(told, str) and told.isascii() and told.isdigit()) else 0
        return min(self.lifetime or float("inf"), float(given) if given > 0 else LIFE_OF_A_DOUBTFUL_TOKEN)


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """A token for a refresh token. What replaces it is durable before anything is done with it."""

    grant: Grant
    file: TokenFile

    async def fetch(self, stale: str) -> Token:
        """See rest_auth.Fetches. Whoever is told to stop meanwhile first waits for the answer: in it is the only token that goes on."""
        fetching = asyncio.create_task(self._fetch(stale))
        try:
            return await asyncio.shield(fetching)
        except asyncio.CancelledError:
            await asyncio.wait({fetching})
            raise

    async def _fetch(self, stale: str) -> Token:
        """What another process has fetched meanwhile is taken."""
        grant = self.grant
        async with self.file.turn():
            chain = self.file.read()
            grant.learn(chain.refresh)
            left = chain.until - grant.clock.now().timestamp()
            if chain.access and chain.access != stale and left > 0:
                grant.learn(chain.access)
                return Token(chain.access, left)
            said = await grant.ask({"grant_type": "refresh_token", "refresh_token": chain.refresh}, _ASK_AGAIN)
            replaced, access = said.get("refresh_token"), said.get("access_token")
            onward = replaced if isinstance(replaced, str) and replaced else chain.refresh
            grant.learn(onward)
            life = grant.life(said)
            kept = access if isinstance(access, str) else ""
            self.file.keep(Chain(onward, kept, grant.clock.now().timestamp() + life))
            return Token(grant.access(said), life)


def _refusal(answer: Answer) -> str:
    """The status, and the word for it where it is one of the known: nothing else that is said at a sign-in is repeated."""
    try:
        said = sign_in_answer("", answer)
    except SystemRefused:
        said = None
    word = said.get("error") if isinstance(said, dict) else None
    return f"{answer.status} {word}" if isinstance(word, str) and word in _ERRORS else f"{answer.status}"


def oauth(rules: Authentication, base: str, constant: Mapping[str, str], vault: Vault, courier: Courier, clock: Clock) -> SignIn:
    """Signing in by OAuth. ``constant``: headers of every call to the system; another origin is told none of them.

    Raises ConfigurationError where a refresh token could not be kept.
    """
    headers = {"Accept": "application/json", "User-Agent": constant["User-Agent"]} if rules.origin else dict(constant)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    form = {name: vault.fill(text) for name, text in rules.body.items()}
    client, secret = vault.fill(rules.client_id or ""), vault.fill(rules.client_secret or "")
    if rules.client == "basic" and secret:
        packed = basic(quote_plus(client), quote_plus(secret))
        vault.learn(packed)
        headers["Authorization"] = f"Basic {packed}"
    else:
        form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
    if rules.scope:
        form["scope"] = rules.scope
    grant = Grant(token_address(rules, base, vault.fill), form, headers, rules.lifetime_seconds, courier, clock, vault.learn)
    source: Grant | RefreshGrant = grant
    if rules.grant == "refresh_token":
        seed = vault.fill(rules.refresh_token or "")
        source = RefreshGrant(grant, TokenFile(courier.system, vault.token_folder(), seed, clock))
    return TokenSignIn(source, lambda token: {**constant, "Authorization": f"Bearer {token}"}, rules.renew_seconds, clock)


def token_address(rules: Authentication, base: str, fill: Callable[[str], str]) -> str:
    """Where a token is asked for. ``base``: of the system's own paths; ``fill`` puts secrets in."""
    return (fill(rules.origin).rstrip("/") if rules.origin else base) + fill(rules.path or "")


class TwoOrigins:
    """Http to the system, but for one address: that where tokens are fetched, which has connections of its own."""

    def __init__(self, system: Http, office: Http, address: str) -> None:
        """``address``: the whole of it."""
        self._system = system
        self._office = office
        self._address = address

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """See Http."""
        http = self._office if url == self._address and method == "POST" else self._system
        return await http.request(method, url, headers, body)

    async def close(self) -> None:
        """See Http."""
        try:
            await self._system.close()
        finally:
            await self._office.close()
