"""A real Kinto server as a process of its own, with its records in memory: a foreign server that nobody here has written."""

import base64
import contextlib
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER, PASSWORD = "accord", "kinto-word"
COLLECTIONS = ("contacts", "customers", "orders", "products", "quotes", "users")
SETTINGS = """[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = 0

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = only-for-this-test
kinto.bucket_create_principals = system.Authenticated
kinto.paginate_by = 500
multiauth.policies = basicauth

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = plain

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain

[formatter_plain]
format = %(message)s
"""


@dataclass(frozen=True)
class Kinto:
    """A server that listens; ``ask`` is what its users do."""

    origin: str

    def ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """A call below the bucket; what it answers as ``data``. Raises HTTPError."""
        word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {word}", "Content-Type": "application/json"}
        body = None if data is None else json.dumps({"data": data}, default=float).encode()
        request = urllib.request.Request(f"{self.origin}/v1/buckets/crm{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())["data"]

    def state(self) -> dict[str, str]:
        """By collection, the mark that moves with every write."""
        marks = {}
        for name in COLLECTIONS:
            marks[name] = max((str(each["last_modified"]) for each in self.ask("GET", f"/collections/{name}/records")), default="")
        return marks

    def env(self) -> str:
        """The lines for an .env."""
        return f"KINTO_URL={self.origin}\nKINTO_USER={USER}\nKINTO_PASSWORD={PASSWORD}\n"


@contextlib.contextmanager
def kinto(folder: Path) -> Iterator[Kinto]:
    """A server with an empty collection for each kind of record, until the block ends."""
    settings = folder / "kinto.ini"
    settings.write_text(SETTINGS)
    words = [sys.executable, "-c", "from kinto.__main__ import main; main()", "start", "--ini", str(settings)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None  # a pipe was asked for
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "Serving on http" in line:
                break
        else:
            raise AssertionError("Kinto did not start: " + "".join(said))
        rest = threading.Thread(target=process.stderr.read, daemon=True)  # so that it never waits for a reader
        rest.start()
        server = Kinto(said[-1].rpartition(" ")[2].strip())
        server.ask("PUT", "", {})
        for name in COLLECTIONS:
            server.ask("PUT", f"/collections/{name}", {})
        yield server
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
