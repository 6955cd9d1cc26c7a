"""A real MariaDB on a socket in a folder of its own: never the server of the machine, and gone afterwards."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql

MISSING = "These tests need MariaDB, which `make test` installs where it may; on Debian: sudo apt-get install mariadb-server"


def connect(address: str, **more: Any) -> "pymysql.Connection[Any]":
    """A connection of somebody who is not Accord, each statement committed by itself."""
    folder, _, database = address.partition("unix_socket=")[2], 0, address.partition("?")[0].rpartition("/")[2]
    words: dict[str, Any] = {"unix_socket": folder, "user": "root", "database": database, "autocommit": True}
    return pymysql.connect(**words | more)


class Server:
    """A server of our own, with an empty database ``shop`` whose names and texts are compared as most servers do: without case."""

    def __init__(self, *options: str) -> None:
        if (binary := shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")) is None:
            raise AssertionError(MISSING)
        self._folder = Path(tempfile.mkdtemp(prefix="accord-maria-"))
        self._folder.chmod(0o755)
        socket, ready = self._folder / "s", "ready for connections"
        plain = ["--no-defaults", f"--datadir={self._folder / 'data'}"]
        install = ["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root"]
        subprocess.run(install, check=True, capture_output=True)
        words = [binary, *plain, "--user=root", f"--socket={socket}", "--skip-networking", "--innodb-flush-method=nosync", *options]
        self._process = subprocess.Popen([*words, f"--pid-file={self._folder / 'pid'}"], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None  # a pipe was asked for
        said = []
        for line in self._process.stderr:
            said.append(line)
            if ready in line:
                break
        else:
            raise AssertionError("MariaDB did not start: " + "".join(said))
        self.address = f"mysql://root@localhost/shop?unix_socket={quote(str(socket))}"
        with connect(self.address.replace("/shop?", "/mysql?")) as made, made.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")

    def stop(self) -> None:
        """End it, and leave nothing behind."""
        self._process.terminate()
        self._process.communicate(timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def mariadb(*options: str) -> Iterator[Server]:
    """A server until the block ends."""
    server = Server(*options)
    try:
        yield server
    finally:
        server.stop()
