"""Where a described system is, and how calls to it are signed in.

Owns: origin, base path, authentication. Does not own: the datatypes. A secret is never taken from a description, only referred to.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from accord.config.drafting_calls import last_step
from accord.config.drafting_names import SIGN_IN_PATHS, TOKEN_ENDS, TOKENS, first, plain
from accord.config.drafting_schema import Description, Node, listed, mapping
from accord.config.drafting_yaml import Guess, Inline


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is. ``origin`` is None where the description does not say. ``base``: before the description's paths; ``common``: what
    all of its paths begin with."""

    origin: str | None
    base: str
    common: str
    private: bool

    @property
    def base_path(self) -> str:
        """What stands before every path of the manifest."""
        return self.base + self.common


def place_of(description: Description, paths: Sequence[str]) -> Place:
    """Where the system is. ``paths``: of all calls that the manifest will make."""
    servers = listed(description.whole.get("servers"))
    first_server: Node = description.resolve(servers[0]) if servers else {}
    url = str(first_server.get("url") or "")
    for name, variable in mapping(first_server.get("variables")).items():
        url = url.replace(f"{{{name}}}", str(description.resolve(variable).get("default", f"{{{name}}}")))
    parts = urlsplit(url)
    absolute = parts.scheme in ("http", "https") and bool(parts.hostname) and "{" not in url
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if absolute else None  # whoever signs in is not said in an address
    private = origin is not None and _is_private(parts.hostname or "")
    return Place(origin, parts.path.rstrip("/") if absolute or url.startswith("/") else "", _common(paths), private)


_PRIVATE = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")))


def _is_private(host: str) -> bool:
    """Whether it is this machine or in a private network by its very spelling. What a name leads to is asked only when it is called."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in network for network in _PRIVATE)


def _common(paths: Sequence[str]) -> str:
    """The steps that all paths begin with, but for the last of each."""
    split = [path.strip("/").split("/")[:-1] for path in paths]
    common: list[str] = []
    for steps in zip(*split, strict=False):
        if len(set(steps)) > 1 or "{" in steps[0]:
            break
        common.append(steps[0])
    return "".join(f"/{step}" for step in common)


def sign_in_path(description: Description) -> str | None:
    """The path of a call that gives a token for a key."""
    for path in description.paths:
        call = description.operation(path, "post")
        answer = dict(description.properties(description.answer(call).schema)) if call else {}
        if last_step(path) in SIGN_IN_PATHS and first(answer, TOKENS) and dict(description.properties(description.body(call))):
            return path
    return None


def authentication(description: Description, listing: Node, system: str, base_path: str, origin: str | None) -> Guess:
    """How calls are signed in, by the first scheme that the listings ask for; secrets as references."""
    required = listed(listing.get("security", description.whole.get("security")))
    schemes = description.security_schemes
    asked = [name for each in required for name in mapping(each)] or list(schemes)
    name = min(asked, key=lambda each: _unattended(schemes.get(each, {})), default=None)
    scheme = schemes.get(name, {}) if name else {}
    prefix = re.sub(r"[^A-Z0-9]+", "_", system.upper())
    kind, form = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "http" and form == "basic":
        return Guess({"kind": "basic", "user": f"${{env:{prefix}_USER}}", "password": f"${{env:{prefix}_PASSWORD}}"}, f"the scheme {name}")
    if kind == "oauth2" and (made := _client_credentials(scheme, prefix, base_path, origin)):
        return Guess(made, f"the scheme {name}: client credentials")
    if kind == "apiKey" and scheme.get("in") == "header":
        return _header(description, str(scheme.get("name")), str(name), prefix, base_path)
    if kind == "http" or kind in ("oauth2", "openIdConnect"):
        return Guess({"kind": "bearer", "value": f"${{env:{prefix}_KEY}}"}, f"the scheme {name}")
    if kind == "apiKey" and scheme.get("in") == "query":
        made = {"kind": "query", "parameter": str(scheme.get("name")), "value": f"${{env:{prefix}_KEY}}"}
        return Guess(made, f"the scheme {name}; ask whether a header is taken too: addresses end up in logs")
    if kind == "apiKey":
        where = scheme.get("in")
        return Guess({"kind": "none"}, f"the scheme {name} wants a key in a {where}, which Accord does not do: ask for a header")
    return Guess({"kind": "none"}, "the description says nothing of signing in")


def _unattended(scheme: Node) -> int:
    """Of several ways to sign in, the one that needs nobody at a browser comes first."""
    if scheme.get("type") == "oauth2":
        return 0 if "clientCredentials" in mapping(scheme.get("flows")) else 2
    return 2 if scheme.get("type") == "openIdConnect" or scheme.get("in") == "cookie" else 0


def _header(description: Description, header: str, name: str, prefix: str, base_path: str) -> Guess:
    """A key in a header: the key itself, or a token that another call gives."""
    path = sign_in_path(description)
    if path is None or not path.startswith(f"{base_path}/"):
        return Guess({"kind": "header", "header": header, "value": f"${{env:{prefix}_KEY}}"}, f"the scheme {name}")
    call = description.operation(path, "post")
    answer = dict(description.properties(description.answer(call).schema))
    body = {each: f"${{env:{prefix}_{_shouted(each)}}}" for each, _ in description.properties(description.body(call))}
    expires = first(answer, TOKEN_ENDS)
    made: dict[str, Any] = {"kind": "token", "method": "POST", "path": path.removeprefix(base_path), "body": Inline(body)}
    made |= {"token": first(answer, TOKENS)} | ({"expires": expires} if expires else {}) | {"header": header}
    return Guess(made, f"the scheme {name} wants a header, and {path} gives what looks like a token")


def _shouted(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper())


def _client_credentials(scheme: Node, prefix: str, base_path: str, origin: str | None) -> dict[str, Any] | None:
    flow = mapping(mapping(scheme.get("flows")).get("clientCredentials"))
    parts = urlsplit(str(flow.get("tokenUrl", "")))
    if not parts.path:
        return None
    stated = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.hostname else None
    if parts.hostname and parts.scheme == "https" and stated != origin:
        where = {"origin": str(stated), "path": parts.path}
    elif stated not in (None, origin):
        return None
    elif parts.path.startswith(f"{base_path}/"):
        where = {"path": parts.path.removeprefix(base_path)}
    else:  # beside what base_path leads to
        where = {"origin": origin or f"${{env:{prefix}_ORIGIN}}", "path": f"/{parts.path.lstrip('/')}"}
    client = {"client_id": f"${{env:{prefix}_CLIENT_ID}}", "client_secret": f"${{env:{prefix}_CLIENT_SECRET}}"}
    return {"kind": "oauth", **where, **client}


_COMMONPLACES = ("the", "api", "rest", "public", "openapi", "v1", "v2", "v3", "crm", "objects")


def name_of_system(title: str) -> str:
    """What to call the system: the first word of its title that is no commonplace."""
    words = [plain(word) for word in re.split(r"[^A-Za-z0-9]+", title)]
    return next((word for word in words if word and word not in _COMMONPLACES), "system")
