"""What the tests of the file connector share: a folder, a manifest, and what a connector does there."""

import random
from collections.abc import Mapping
from pathlib import Path

from rigs import KnownSecrets, PassingClock, run

from accord.config.manifest import read_manifest
from accord.connectors.files import FilesConnector
from accord.connectors.files_open import open_files
from accord.model.files import FilesSystem
from accord.model.plans import OperationKind, Outcome, Precondition, Write
from accord.model.records import Observation, RecordRef, Seen, Side
from accord.model.values import Raw
from accord.ports import Services, always

MANIFEST = """manifest: 1
kind: files
system: office
zone: Europe/Oslo
limits: {{quiet_seconds: 0, deadline_seconds: 2}}
datatypes:
  Contact:
    file: {file}
    key: Id
    delete: true
    {more}
    properties:
      Name: {{column: Full name}}
      Phone: {{}}
      Born: {{type: date}}
"""


def described(folder: Path, file: str = "people.csv", more: str = "generated: true") -> FilesSystem:
    path = folder / "office.yaml"
    path.write_text(MANIFEST.format(file=file, more=more), "utf-8")
    found = read_manifest(path)
    assert isinstance(found, FilesSystem)
    return found


def opened(system: FilesSystem, clock: PassingClock | None = None, hold: object = always) -> FilesConnector:
    wanted = {name: frozenset(each.properties) for name, each in system.files.datatypes.items()}
    services = Services(
        side=Side.LEFT,
        wanted=wanted,
        secrets=KnownSecrets(PASSWORD="sesame"),
        clock=clock or PassingClock(),
        rng=random.Random(1),
        hold=hold,
    )
    return open_files(system, services)


async def listed(connector: FilesConnector) -> dict[str, Observation]:
    return {one.ref.id: one async for page in connector.list("Contact") for one in page.observations}


def seen(connector: FilesConnector) -> dict[str, Mapping[str, Raw]]:
    return {id: one.values for id, one in run(listed(connector)).items() if isinstance(one, Seen)}


def intent(kind: OperationKind, id: str = "", expected: Precondition | None = None, **values: Raw) -> Write:
    return Write(f"key {kind} {id}", kind, RecordRef(Side.LEFT, "Contact", id), values, f"left:Person:{id or 1}", expected)


def written(connector: FilesConnector, *writes: Write) -> list[Outcome]:
    async def all_of() -> list[Outcome]:
        return [outcome async for outcome in connector.write("Contact", writes)]

    return run(all_of())


def update(id: str, **values: Raw) -> Write:
    return intent(OperationKind.UPDATE, id, **values)
