"""The file connector keeps the contract on a folder of an SFTP server, which runs beside it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from files_case import FilesWorld, connector, subject_of, system_of, world_of

from accord.model.files import Sftp
from accord.testing.connector_contract import Connect, ConnectorContract, Subject


class Door(asyncssh.SSHServer):
    """Lets everybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


class Served:
    """A server of its own thread and loop. ``shown``: the folder that it shows as its root."""

    def __init__(self, folder: Path) -> None:
        self.shown = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        key = asyncssh.generate_private_key("ssh-ed25519")
        self._server = self._run(self._listen(key))
        self.port = self._server.get_port()
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {key.export_public_key().decode()}", "utf-8")

    async def _listen(self, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
        def files(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
            return asyncssh.SFTPServer(channel, chroot=self.shown.encode())

        return await asyncssh.listen("127.0.0.1", 0, server_factory=Door, server_host_keys=[key], sftp_factory=files)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _end(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    def stop(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("sftp"))
    yield served
    served.stop()


class TestSftpKeepsTheContract(ConnectorContract):
    @pytest.fixture
    def subject(self) -> Subject:
        return subject_of("csv")

    @pytest.fixture
    def world(self, tmp_path: Path) -> FilesWorld:
        return world_of("csv", tmp_path)

    @pytest.fixture
    def connect(self, world: FilesWorld, served: Served, tmp_path: Path) -> Connect:
        served.shown = str(tmp_path / "exchange")
        described = system_of("csv", tmp_path)
        folder = f"sftp://accord@127.0.0.1:{served.port}/"
        files = replace(described.files, folder=folder, sftp=Sftp(known_hosts=str(served.known_hosts)))
        return lambda size: connector(replace(described, files=files), size)
