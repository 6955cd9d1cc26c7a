"""A system as trials reach it: its manifest, and as many connectors to it as are asked for.

Owns: what a trial needs to connect, pages of another size, which texts a test record may carry. Does not own: the trials
(checks/probing.py, testing/conformance.py).
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from accord.connectors.http import Http
from accord.connectors.rest import RestConnector
from accord.connectors.sql_extra import require_sql
from accord.model.capabilities import Capabilities
from accord.model.manifest import Datatype, Listing, Manifest
from accord.model.records import Side
from accord.model.sql import SqlSystem
from accord.ports import Clock, Connector, Secrets

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

    def connect(self, wanted: Mapping[str, frozenset[str]], http: Http | None = None, page_size: int | None = None) -> Connector:
        """A connector of its own. ``page_size``: of all listings of the wanted datatypes that can be asked for a size."""
        manifest = self.manifest
        if isinstance(manifest, SqlSystem):
            return self._to_database(manifest, wanted, page_size)
        if page_size is not None:
            sized = {name: _sized(manifest.datatypes[name], page_size) for name in wanted}
            manifest = replace(manifest, datatypes={**manifest.datatypes, **sized})
        return RestConnector(manifest, SIDE, wanted, http or self.dial(), self.secrets, self.clock, self.rng)

    def _to_database(self, manifest: SqlSystem, wanted: Mapping[str, frozenset[str]], page_size: int | None) -> Connector:
        require_sql()
        from accord.connectors.sql import open_sql  # noqa: PLC0415  only those who describe a database need its driver

        if page_size is not None:
            manifest = replace(manifest, sql=replace(manifest.sql, limits=replace(manifest.sql.limits, page=page_size)))
        return open_sql(manifest, SIDE, wanted, self.secrets, self.clock)


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _sized(datatype: Datatype, size: int) -> Datatype:
    def page(listing: Listing) -> Listing:
        return replace(listing, paging=replace(listing.paging, size=size))

    changes = datatype.changes
    if changes is not None and changes.listing is not None:
        changes = replace(changes, listing=page(changes.listing))
    return replace(datatype, list=page(datatype.list), changes=changes)


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
