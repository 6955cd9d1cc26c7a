"""The kinds of system, and how a connector to each is opened: the one place that chooses.

Owns: the choice, by what a manifest was read as; what a plug-in is handed. Does not own: reading manifests (config/), the connectors.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from accord.connectors.files_capabilities import files_capabilities
from accord.connectors.held import Hold
from accord.connectors.rest import open_rest
from accord.connectors.rest_capabilities import capabilities_of
from accord.connectors.sql_capabilities import sql_capabilities
from accord.connectors.sql_extra import require_sql
from accord.errors import AccordError, ConfigurationError
from accord.model.capabilities import Capabilities
from accord.model.files import FilesSystem
from accord.model.manifest import Datatype, Listing, Manifest
from accord.model.plugged import PluggedManifest, PluggedSystem
from accord.model.sql import SqlSystem
from accord.ports import Connector, Secrets, Services

_REFERENCE = re.compile(r"\$\{([^}]+)\}")


def connect(manifest: Manifest, services: Services) -> Connector:
    """A connector to the system that a manifest describes. Raises ConfigurationError for what only opening it shows."""
    return _OPENERS.get(type(manifest), _rest)(manifest, services)


def claimed(manifest: Manifest) -> Mapping[str, Capabilities] | None:
    """What its datatypes can do, as far as the manifest alone says it; None where only the connector knows: a plug-in's."""
    if isinstance(manifest, PluggedSystem):
        return None
    if isinstance(manifest, SqlSystem):
        return {name: sql_capabilities(manifest, name) for name in manifest.datatypes}
    if isinstance(manifest, FilesSystem):
        return {name: files_capabilities(manifest, name) for name in manifest.datatypes}
    return {name: capabilities_of(each, manifest.clock, manifest.limits) for name, each in manifest.datatypes.items()}


def _rest(manifest: Manifest, services: Services) -> Connector:
    sized = manifest if services.page_size is None else with_pages(manifest, services.wanted, services.page_size)
    return open_rest(sized, services.side, services.wanted, services.secrets, services.clock, services.rng, services.hold)


def _sql(manifest: Manifest, services: Services) -> Connector:
    assert isinstance(manifest, SqlSystem)
    require_sql()
    from accord.connectors.sql import open_sql  # noqa: PLC0415  only those who describe a database need its driver

    if services.page_size is not None:
        manifest = replace(manifest, sql=replace(manifest.sql, limits=replace(manifest.sql.limits, page=services.page_size)))
    return open_sql(manifest, services.side, services.wanted, services.secrets, services.clock, services.problem, services.hold)


def _files(manifest: Manifest, services: Services) -> Connector:
    assert isinstance(manifest, FilesSystem)
    from accord.connectors.files_open import open_files  # noqa: PLC0415  only those who describe files need what reads them

    if services.page_size is not None:
        manifest = replace(manifest, files=replace(manifest.files, limits=replace(manifest.files.limits, page=services.page_size)))
    return open_files(manifest, services)


def _plugged(manifest: Manifest, services: Services) -> Connector:
    """By its plug-in, which finds secrets in place of references and need not know whether anybody holds the state."""
    assert isinstance(manifest, PluggedSystem)
    handed = replace(services, hold=Hold(services.hold, services.clock).make_sure, folder=Path(manifest.file).resolve().parent)
    try:
        connector: Connector = manifest.plugin.connect(_opened(manifest.plugged, services.secrets), handed)
    except AccordError:
        raise
    except Exception as error:  # without its words: a secret may stand in them
        what = f"the plug-in {manifest.kind} fails when it is opened: {type(error).__name__}"
        raise ConfigurationError([services.problem(("kind",), what, "Look at its options, or tell who made it.")]) from error
    return connector


_OPENERS: Mapping[type[Manifest], Callable[[Manifest, Services], Connector]] = {
    SqlSystem: _sql,
    FilesSystem: _files,
    PluggedSystem: _plugged,
}
"""What a manifest was read as -> how it is opened; everything else is REST."""


def _opened(manifest: PluggedManifest, secrets: Secrets) -> PluggedManifest:
    datatypes = {name: replace(each, options=_filled(each.options, secrets)) for name, each in manifest.datatypes.items()}
    return replace(manifest, options=_filled(manifest.options, secrets), datatypes=datatypes)


def _filled(held: Any, secrets: Secrets) -> Any:
    """With the secrets themselves; one that stands alone stays the text that does not show itself."""
    if isinstance(held, dict):
        return {name: _filled(each, secrets) for name, each in held.items()}
    if isinstance(held, list):
        return [_filled(each, secrets) for each in held]
    if not isinstance(held, str):
        return held
    whole = _REFERENCE.fullmatch(held)
    return secrets.get(whole[1]) if whole else _REFERENCE.sub(lambda found: secrets.get(found[1]), held)


def with_pages(manifest: Manifest, datatypes: Mapping[str, object], size: int) -> Manifest:
    """A REST manifest that asks for pages of this size, of the listings of these datatypes that can be asked for a size."""
    return replace(manifest, datatypes={**manifest.datatypes, **{name: _sized(manifest.datatypes[name], size) for name in datatypes}})


def _sized(datatype: Datatype, size: int) -> Datatype:
    def page(listing: Listing) -> Listing:
        return replace(listing, paging=replace(listing.paging, size=size))

    changes = datatype.changes
    if changes is not None and changes.listing is not None:
        changes = replace(changes, listing=page(changes.listing))
    return replace(datatype, list=page(datatype.list), changes=changes)
