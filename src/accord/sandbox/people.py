"""People at work in the two systems: edits made through the systems' own APIs, as the demo, the tests and the tutorial need them.

Owns: signing in and calling as a person would. Does not own: Accord's way of calling (connectors/). Nothing here is used by the engine.
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import msgspec

from accord.sandbox.lies import Lie


class Refused(RuntimeError):
    """The server said no; the text holds its words."""


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Make one call and give the decoded answer (None when it is empty). Raises Refused."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:300]}") from None
    return json.loads(text) if text else None


@dataclass(slots=True)
class CrmUser:
    """Somebody who works in Customcrm. ``url``: of the server; ``key``: what signs in."""

    url: str
    key: str

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Call a path below /api."""
        return call(method, f"{self.url}/api/{path}", body, {"Authorization": f"Bearer {self.key}"})

    def edit(self, collection: str, id: str, **changes: Any) -> Any:
        """Change properties of one record."""
        return self.do("PATCH", f"{collection}/{id}", changes)


@dataclass(slots=True)
class MembercareUser:
    """Somebody who works in Membercare. Signs in with ``key`` as ``person`` at the first call."""

    url: str
    key: str
    person: str = "1"
    token: str = field(default="", repr=False)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Call a path below /api/v1."""
        if not self.token:
            given = {"clientApiKey": self.key, "personToImpersonate": self.person}
            self.token = call("POST", f"{self.url}/api/v1/token", given)["value"]
        return call(method, f"{self.url}/api/v1/{path}", body, {"token": self.token})

    def edit(self, collection: str, id: str, **changes: Any) -> Any:
        """Change properties of one record, by the names that PATCH takes."""
        return self.do("PATCH", f"{collection}/{id}", changes)


def calls(url: str) -> dict[str, Any]:
    """What a sandbox has counted since the last reset: {"reads", "writes", "by_call"}."""
    counted: dict[str, Any] = call("GET", f"{url}/_sandbox/calls")
    return counted


def reset_calls(url: str) -> None:
    """Start counting from 0."""
    call("POST", f"{url}/_sandbox/calls/reset")


def lie(url: str, about: Lie) -> None:
    """Have a sandbox get something wrong without a word, from now on (lies.py); ``Lie(kind="none")`` ends it."""
    call("POST", f"{url}/_sandbox/lies", msgspec.to_builtins(about))
