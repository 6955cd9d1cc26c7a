"""A file connector from its manifest: which folder, on this machine or on a server.

Owns: the address of the folder, its secrets. Does not own: the connector (files.py), the folders themselves.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from accord.connectors.files import FilesConnector
from accord.connectors.files_extra import require_asyncssh, require_openpyxl
from accord.connectors.files_folder import Folder, LocalFolder
from accord.connectors.held import Hold
from accord.errors import ConfigurationError, Problem
from accord.model.files import FilesSystem
from accord.ports import Secrets, Services

_REFERENCE = re.compile(r"\$\{([^}]+)\}")


def open_files(described: FilesSystem, services: Services) -> FilesConnector:
    """A connector to the folder; nobody is called yet. Raises ConfigurationError for an address that is none, or a missing package."""
    if any(each.format == "xlsx" for each in described.files.datatypes.values()):
        require_openpyxl()
    folder = _folder(described, services)
    return FilesConnector(described, services.side, services.wanted, folder, services.clock, Hold(services.hold, services.clock))


def _folder(described: FilesSystem, services: Services) -> Folder:
    text = _filled(described.files.folder, services.secrets)
    here = Path(described.file).resolve().parent
    deadline = described.files.limits.deadline_seconds
    if not text.startswith("sftp:"):
        return LocalFolder(here / Path(text).expanduser(), described.system, services.clock, deadline)
    require_asyncssh()
    from accord.connectors.files_sftp import Address, SftpFolder  # noqa: PLC0415  only those whose folder is on a server need its package

    parts = urlsplit(text)
    try:
        port = parts.port or 22
    except ValueError:
        port = 0
    if not parts.hostname or not port or parts.query or parts.fragment or parts.password is not None:
        remedy = "Write sftp://user@host:port/folder, and a password as sftp: {password: ${env:NAME}}."
        raise ConfigurationError(
            [Problem(f"manifest of {described.system}", 0, 0, "folder: is no address of a folder on a server", remedy)]
        )
    said = described.files.sftp
    address = Address(
        host=parts.hostname,
        port=port,
        user=parts.username or "",
        folder=parts.path or ".",
        password=_filled(said.password, services.secrets) if said.password is not None else None,
        key=here / said.key if said.key is not None else None,
        known_hosts=here / said.known_hosts if said.known_hosts is not None else None,
    )
    return SftpFolder(address, described.system, services.clock, deadline)


def _filled(text: str, secrets: Secrets) -> str:
    return _REFERENCE.sub(lambda found: secrets.get(found[1]), text)
