"""A system as trials reach it: its manifest, and as many connectors to it as are asked for.

Owns: what a trial needs to connect, pages of another size, which texts a test record may carry. Does not own: the trials
(checks/probing.py, testing/conformance.py).
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from accord.connectors.http import Http
from accord.connectors.kinds import connect, with_pages
from accord.connectors.rest import RestConnector
from accord.connectors.rest_paths import fill_secrets
from accord.errors import Problem
from accord.model.capabilities import Capabilities
from accord.model.manifest import Datatype, Manifest
from accord.model.records import Side
from accord.ports import Clock, Connector, Secrets, Services, placeless

SIDE = Side.RIGHT
"""It makes no difference which one a system on trial is on."""

MARK = "Accord trial "
"""What the texts of every test record begin with, so that a person who meets one knows where it is from."""

_PARTICULAR = re.compile(
    r"mail|phone|mobile|fax|url|web|country|zip|postal|currency|language|locale|iban|number|code|status|type|state|date|time|(^|_|\.)id$|Id$",
    re.IGNORECASE,
)
"""Names of texts that systems like to have in a form of their own."""


@dataclass(frozen=True, slots=True)
class Live:
    """A system that can be reached. ``dial``: makes the connections of one connector; ``run``: names this run in references."""

    manifest: Manifest
    secrets: Secrets
    clock: Clock
    dial: Callable[[], Http]
    rng: random.Random
    run: str
    problem: Callable[[tuple[str | int, ...], str, str], Problem] = placeless

    @property
    def over_http(self) -> bool:
        """Whether its connector speaks HTTP by a manifest, so that ``dial`` is what it speaks through."""
        return self.manifest.kind == "rest"

    def opened(self, text: str) -> str:
        """A text of the manifest with the secrets in place of their references."""
        return fill_secrets(text, self.secrets.get)

    def connect(self, wanted: Mapping[str, frozenset[str]], http: Http | None = None, page_size: int | None = None) -> Connector:
        """A connector of its own. ``page_size``: of all listings of the wanted datatypes that can be asked for a size."""
        services = Services(
            side=SIDE, wanted=wanted, secrets=self.secrets, clock=self.clock, rng=self.rng, page_size=page_size, problem=self.problem
        )
        if not self.over_http:
            return connect(self.manifest, services)
        manifest = self.manifest if page_size is None else with_pages(self.manifest, wanted, page_size)
        return RestConnector(manifest, SIDE, wanted, http or self.dial(), self.secrets, self.clock, self.rng)


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def plain_texts(datatype: Datatype, able: Capabilities) -> list[str]:
    """The properties that can be given any text, by a create and by an update; those that look as if they had a form of their own last."""
    closed = able.create_only | able.read_only | {datatype.reference}
    texts = [
        name
        for name, each in datatype.properties.items()
        if each.type == "string" and each.options is None and each.compute is None and name not in closed
    ]
    return sorted(texts, key=lambda name: _PARTICULAR.search(name) is not None)  # stable: otherwise in the manifest's order


def absent_like(ids: Sequence[str]) -> str:
    """An id of the form of these that no record has."""
    if ids and all(each.isascii() and each.isdigit() for each in ids):
        return str(max(map(int, ids)) + 999_999_937)
    if ids and all(_UUID.fullmatch(each) for each in ids):
        return "00000000-0000-4000-8000-000000000000"
    return "no-such-record"
