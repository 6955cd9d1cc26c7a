"""The file connector over SFTP, on a real server in this process: signing in, replacing in one step, locks, refusals."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest
from file_rigs import described, intent, listed, opened, update
from rigs import PassingClock, run

from accord.connectors.files import FilesConnector
from accord.errors import ListingFailed, SystemProblem, SystemRefused, SystemUnavailable
from accord.model.files import Sftp
from accord.model.plans import OperationKind, Outcome, OutcomeKind, Write
from accord.model.records import Seen

GOOD = "Id,Full name,Phone,Born\r\n1,Åse,+4712345678,1970-01-02\r\n2,Bo,,\r\n"
LOCK = ".people.csv.accord-lock"


class Door(asyncssh.SSHServer):
    """Lets one user in."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("accord", "sesame")


@dataclass
class Place:
    """The folder that the server shows, and the port that it has."""

    folder: Path
    port: int
    key: Path


@asynccontextmanager
async def serving(folder: Path, files: type[asyncssh.SFTPServer] = asyncssh.SFTPServer) -> AsyncIterator[Place]:
    shown = folder / "shown"
    shown.mkdir()
    (shown / "people.csv").write_bytes(GOOD.encode())
    own = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Door, server_host_keys=[own], sftp_factory=lambda chan: files(chan, chroot=str(shown))
    )
    port = server.get_port()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {own.export_public_key().decode()}")
    async with server:
        yield Place(shown, port, folder / "known_hosts")


def connected(
    folder: Path, place: Place, user: str = "accord", clock: PassingClock | None = None, known: str = "known_hosts"
) -> FilesConnector:
    system = described(folder)
    sftp = Sftp(password="${env:PASSWORD}", known_hosts=known)
    files = replace(system.files, folder=f"sftp://{user}@127.0.0.1:{place.port}/", sftp=sftp)
    return opened(replace(system, files=files), clock)


async def written(connector: FilesConnector, *writes: Write) -> list[Outcome]:
    return [outcome async for outcome in connector.write("Contact", writes)]


async def names(connector: FilesConnector) -> dict[str, object]:
    return {id: one.values["Name"] for id, one in (await listed(connector)).items() if isinstance(one, Seen)}


def test_files_on_a_server_are_read_and_replaced_as_a_whole(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as place:
            file = place.folder / "people.csv"
            file.chmod(0o640)
            connector = connected(tmp_path, place)
            assert await names(connector) == {"1": "Åse", "2": "Bo"}
            outcomes = await written(connector, update("1", Name="Ase"), intent(OperationKind.CREATE, Name="Cy"))
            assert [one.kind for one in outcomes] == [OutcomeKind.DONE] * 2
            assert file.read_bytes().startswith(GOOD.replace("Åse", "Ase").replace("+47", "+47").encode())
            assert file.stat().st_mode & 0o777 == 0o640
            assert [each.name for each in place.folder.iterdir()] == ["people.csv"]
            assert list((await names(connector)).values()) == ["Ase", "Bo", "Cy"]
            await connector.close()

    run(scenario())


def test_a_file_on_a_server_that_is_not_there_deletes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as place:
            (place.folder / "people.csv").unlink()
            connector = connected(tmp_path, place)
            with pytest.raises(ListingFailed, match="is not there"):
                await connector.read("Contact", ["1"])
            await connector.close()

    run(scenario())


def test_a_wrong_user_is_refused_and_no_password_is_told(tmp_path: Path) -> None:
    async def scenario() -> SystemProblem:
        async with serving(tmp_path) as place:
            with pytest.raises(SystemRefused) as caught:
                await listed(connected(tmp_path, place, user="other"))
            return caught.value

    problem = run(scenario())
    assert "does not let us in" in problem.message
    assert "sesame" not in problem.message + problem.remedy


def test_a_server_whose_key_is_not_known_is_not_talked_to(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as place:
            (tmp_path / "others").write_text("")
            with pytest.raises(SystemRefused, match="key is not known"):
                await listed(connected(tmp_path, place, known="others"))

    run(scenario())


def test_a_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as place:
            pass
        with pytest.raises(SystemUnavailable):
            await listed(connected(tmp_path, place))

    run(scenario())


@pytest.mark.parametrize(("age", "kind"), [(10.0, OutcomeKind.FAILED), (2000.0, OutcomeKind.DONE)])
def test_a_lock_of_another_is_waited_for_and_an_old_one_taken_over(tmp_path: Path, age: float, kind: OutcomeKind) -> None:
    async def scenario() -> None:
        clock = PassingClock()
        async with serving(tmp_path) as place:
            (place.folder / LOCK).write_text(f"{clock.now().isoformat()} another\n")
            clock.passed += age
            connector = connected(tmp_path, place, clock=clock)
            (outcome,) = await written(connector, update("1", Name="Ase"))
            assert outcome.kind is kind
            assert (place.folder / LOCK).exists() == (kind is OutcomeKind.FAILED)
            await connector.close()

    run(scenario())


class Breaking(asyncssh.SFTPServer):
    """Takes the step, and breaks off before it says so."""

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().posix_rename(oldpath, newpath)
        self.channel.get_connection().abort()


class Refusing(asyncssh.SFTPServer):
    """Cannot replace a file."""

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("no")


def test_P26_a_replacement_that_nobody_answered_is_unknown(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, Breaking) as place:
            connector = connected(tmp_path, place)
            (outcome,) = await written(connector, update("1", Name="Ase"))
            assert outcome.kind is OutcomeKind.UNKNOWN
            assert await names(connector) == {"1": "Ase", "2": "Bo"}
            await connector.close()
            await asyncio.sleep(0)

    run(scenario())


def test_a_server_that_cannot_replace_in_one_step_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, Refusing) as place:
            connector = connected(tmp_path, place)
            (outcome,) = await written(connector, update("1", Name="Ase"))
            assert outcome.kind is OutcomeKind.FAILED
            assert "cannot replace a file in one step" in outcome.message
            assert (place.folder / "people.csv").read_bytes() == GOOD.encode()
            await connector.close()

    run(scenario())
