"""The example plug-in, built and installed for real, into a folder of its own; and plug-ins that are made up, one file each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from installing import EXAMPLE, Installed, Offer


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Nothing is fetched: hatchling is here, and Accord is the one under test."""
    source = tmp_path_factory.mktemp("source") / "cardbox"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path_factory.mktemp("installed")
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", str(folder), str(source)], check=True)
    return Installed(folder)


@pytest.fixture
def office(installed: Installed, tmp_path: Path) -> Iterator[Path]:
    """A folder with a manifest of a card box that is running."""
    environment = {**os.environ, "PYTHONPATH": str(installed.folder)}
    serving = [sys.executable, "-m", "accord_cardbox.server", "--port", "0", "--token", "secret"]
    process = subprocess.Popen(serving, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    shutil.copy(EXAMPLE / "office.yaml", tmp_path)
    (tmp_path / ".env").write_text(f"CARDBOX_ADDRESS={address}\nCARDBOX_TOKEN=secret\n")
    yield tmp_path
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Packages as pip leaves them, made up."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(kind: str, module: str, package: str) -> None:
        named = package.replace("-", "_")
        (folder / f"{named}.py").write_text(module)
        metadata = folder / f"{named}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[accord.connectors]\n{kind} = {named}\n")
        monkeypatch.delitem(sys.modules, named, raising=False)

    return install
