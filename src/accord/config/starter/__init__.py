"""The first set of files: the shipped dataflow, both manifests, and an .env to fill in.

Owns: which files a new folder gets, under which names. Does not own: what the manifests say (connectors/manifests).
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from accord.errors import ConfigurationError, Problem

_CAREFUL = "onboarding: link_only     # match and report, create nothing yet. When the report is right: create"
_DEMO = "onboarding: create        # the demo's go-ahead: create what has no counterpart"


def write_starter(folder: str | Path, demo: bool = False) -> list[Path]:
    """Write dataflow.yaml, customcrm.yaml, membercare.yaml and .env.example; give their paths.

    ``demo``: the first run may create. Raises ConfigurationError, having written nothing, if one of the files is there already.
    """
    target = Path(folder)
    contents = {target / name: source.read_text(encoding="utf-8") for name, source in _sources().items()}
    if demo:
        dataflow = target / "dataflow.yaml"
        contents[dataflow] = contents[dataflow].replace(_CAREFUL, _DEMO)
    problems = [
        Problem(str(path), 0, 0, "is there already", "Choose another folder, or move it away.") for path in contents if path.exists()
    ]
    if problems:
        raise ConfigurationError(problems)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path, text in contents.items():
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ConfigurationError([Problem(str(error.filename or target), 0, 0, what, "Choose a folder that you may write to.")]) from error
    return list(contents)


def shipped_manifests() -> dict[str, str]:
    """The manifests that Accord brings, by the name of their system."""
    folder = files("accord") / "connectors" / "manifests"
    return {name: (folder / f"{name}.yaml").read_text(encoding="utf-8") for name in ("customcrm", "membercare")}


def _sources() -> dict[str, Traversable]:
    """File name in the folder -> the shipped file."""
    package = files("accord")
    starter, manifests = package / "config" / "starter", package / "connectors" / "manifests"
    return {
        "dataflow.yaml": starter / "dataflow.yaml",
        "customcrm.yaml": manifests / "customcrm.yaml",
        "membercare.yaml": manifests / "membercare.yaml",
        ".env.example": starter / "env.example",
    }
