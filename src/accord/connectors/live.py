"""A system as trials reach it: its manifest, and as many connectors to it as are asked for.

Owns: what a trial needs to connect, pages of another size. Does not own: the trials (checks/probing.py, testing/conformance.py).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from accord.connectors.http import Http
from accord.connectors.rest import RestConnector
from accord.model.manifest import Datatype, Listing, Manifest
from accord.model.records import Side
from accord.ports import Clock, Secrets

SIDE = Side.RIGHT
"""It makes no difference which one a system on trial is on."""


@dataclass(frozen=True, slots=True)
class Live:
    """A system that can be reached. ``dial``: makes the connections of one connector; ``run``: names this run in references."""

    manifest: Manifest
    secrets: Secrets
    clock: Clock
    dial: Callable[[], Http]
    rng: random.Random
    run: str

    def connect(self, wanted: Mapping[str, frozenset[str]], http: Http | None = None, page_size: int | None = None) -> RestConnector:
        """A connector of its own. ``page_size``: of all listings of the wanted datatypes that can be asked for a size."""
        manifest = self.manifest
        if page_size is not None:
            sized = {name: _sized(manifest.datatypes[name], page_size) for name in wanted}
            manifest = replace(manifest, datatypes={**manifest.datatypes, **sized})
        return RestConnector(manifest, SIDE, wanted, http or self.dial(), self.secrets, self.clock, self.rng)


def _sized(datatype: Datatype, size: int) -> Datatype:
    def page(listing: Listing) -> Listing:
        return replace(listing, paging=replace(listing.paging, size=size))

    changes = datatype.changes
    if changes is not None and changes.listing is not None:
        changes = replace(changes, listing=page(changes.listing))
    return replace(datatype, list=page(datatype.list), changes=changes)
