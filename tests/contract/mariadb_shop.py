"""Tables on a MariaDB that runs, their owner's statements, and a connector to them."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from mariadb_server import connect
from sql_case import Secret

from accord.app.databases import trigger_statements
from accord.app.machine import RealClock
from accord.config.manifest import read_manifest
from accord.config.yamlfile import read_yaml
from accord.connectors.sql import SqlConnector, open_sql
from accord.model.plans import OperationKind, Outcome, Precondition, Write
from accord.model.records import Observation, RecordRef, Seen, Side
from accord.model.sql import SqlSystem

Runner = Callable[[Coroutine[Any, Any, Any]], Any]
HEAD = "manifest: 1\nprotocol: sql\nsystem: shop\nurl: ${env:SHOP_DATABASE}\nlimits: {page: 2, deadline_seconds: 2}\n"


class Shop:
    """Tables of our own, the owner's statements, and a connector to them."""

    def __init__(self, server: str, folder: Path, run: Runner, statements: str, manifest: str) -> None:
        self.server, self.folder, self.run = server, folder, run
        self.sql("DROP DATABASE shop; CREATE DATABASE shop COLLATE utf8mb4_general_ci; USE shop;" + statements)
        (folder / "shop.yaml").write_text(HEAD + manifest, "utf-8")
        (folder / ".env").write_text(f"SHOP_DATABASE={server}\n")
        described = read_manifest(folder / "shop.yaml")
        assert isinstance(described, SqlSystem)
        self.described = described
        self.wanted = {name: frozenset(each.properties) for name, each in described.datatypes.items()}
        self.connector = self.connect()

    def connect(self, address: str | None = None) -> SqlConnector:
        return open_sql(
            self.described,
            Side.LEFT,
            self.wanted,
            Secret(address or self.server),
            RealClock(),
            read_yaml(self.folder / "shop.yaml").problem,
        )

    def sql(self, statements: str) -> list[Any]:
        """What the last one answers."""
        rows: list[Any] = []
        with connect(self.server) as owner, owner.cursor() as cursor:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                cursor.execute(statement)
                rows = list(cursor.fetchall())
        return rows

    def note(self) -> None:
        self.sql("\n".join(trigger_statements(self.folder / "shop.yaml")))

    def listed(self, cursor: str | None = None) -> tuple[dict[str, Observation], str]:
        async def all_pages() -> tuple[dict[str, Observation], str]:
            pages = self.connector.list("Thing") if cursor is None else self.connector.changes("Thing", cursor)
            found = [page async for page in pages]
            return {one.ref.id: one for page in found for one in page.observations}, found[-1].cursor or ""

        return self.run(all_pages())

    def write(self, kind: OperationKind, values: dict[str, Any], id: str = "", mark: str = "mark", state: Seen | None = None) -> Outcome:
        expected = Precondition(state.version, state.fingerprint) if state else None
        write = Write("key", kind, RecordRef(Side.LEFT, "Thing", id), values, mark, expected, mark)

        async def one() -> Outcome:
            (outcome,) = [each async for each in self.connector.write("Thing", [write])]
            return outcome

        return self.run(one())

    def find(self, mark: str) -> list[str]:
        write = Write("key", OperationKind.CREATE, RecordRef(Side.LEFT, "Thing", ""), {}, mark, None, mark)
        (found,) = self.run(self.connector.find("Thing", [write]))
        return [each.ref.id for each in found.records]
