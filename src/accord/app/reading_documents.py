"""Documents read into a folder: a dataflow file, and a manifest for each system that has none there.

Owns: which files are read, used and written, and that all of them are written or none. Does not own: what documents become
(documents/configured.py), what a command says (cli/).
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.documents.configured import Configured, Entry
    from accord.documents.meant import Meant
    from accord.errors import Problem
    from accord.model.records import Side


@dataclass(frozen=True, slots=True)
class ReadIn:
    """What was read and written. ``used``: manifests that were there; ``missing``: what keeps the dataflow from running as it is."""

    configured: "Configured"
    documents: tuple[Path, ...]
    written: tuple[Path, ...]
    used: tuple[Path, ...]
    missing: "tuple[Problem, ...]"


def read_documents(paths: Sequence[Path], output: Path, *, sandbox: bool = False, force: bool = False) -> ReadIn:
    """Read documents, and write the dataflow file that gives each of them back byte for byte.

    ``paths``: files, or folders of .rst files. ``sandbox``: manifests that stand-ins can serve; else those in the folder of ``output``,
    the shipped ones, or drafts. ``force``: files that are there may be replaced. Raises ConfigurationError for a document that breaks the
    grammar, UsageError for anything else in the way; nothing is written then.
    """
    from accord.documents.configured import configured
    from accord.documents.meant import meant
    from accord.documents.read import read_rst

    files = list(_files(paths))
    documents = [(path.name, read_rst(path.read_bytes(), str(path))) for path in files]
    whole = meant(documents)
    folder = output.parent
    entries, drafts = _entries(whole, folder, sandbox)
    made = configured(whole, entries, _head(files, entries))
    contents = {output: made.text.encode(), **{folder / name: text for name, text in drafts.items()}}
    _refuse_taken(contents, force)
    used = tuple(dict.fromkeys(folder / one.file for one in entries.values() if one.file not in drafts))
    problems = _problems(contents, used, output)
    _prove(made, entries, [path.read_bytes() for path in files])
    _write(contents)
    return ReadIn(made, tuple(files), tuple(contents), used, problems)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    from accord.errors import UsageError

    for path in paths:
        found = sorted(path.glob("*.rst")) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"{path}: there is no .rst file in this folder", "Name the folder that holds the documents.")
        yield from found


def _head(files: Sequence[Path], entries: "Mapping[Side, Entry]") -> list[str]:
    from accord.model.records import Side

    names = ", ".join(path.name for path in files)
    return [
        f"{entries[Side.LEFT].system} <-> {entries[Side.RIGHT].system}: what is kept in step, as read from {names}",
        'What the document leaves open is filled in and marked "proposal:", what is odd is marked "warning:". Then: accord check',
        "Every key: docs/reference/dataflow-file.md",
    ]


# --- manifests ------------------------------------------------------------------------------------------------------------------------


def _entries(whole: "Meant", folder: Path, sandbox: bool) -> "tuple[dict[Side, Entry], dict[str, bytes]]":
    """Both systems with their manifests, and the files that have to be written for that, by name."""
    from accord.config.dialect import collection_of, environment_of
    from accord.config.manifest import manifest_of, read_manifest
    from accord.config.yamlfile import parse_yaml
    from accord.documents.configured import Entry
    from accord.documents.standin import manifest_text
    from accord.model.records import Side

    labels = whole.systems
    words = {side: collection_of(labels[side], ()) for side in Side}
    alike = words[Side.LEFT] == words[Side.RIGHT]
    entries, drafts = {}, {}
    for side in Side:
        there = None if sandbox else _there(folder, labels[side])
        if there is not None:
            manifest = read_manifest(there)
            entries[side] = Entry(manifest.system, there.name, manifest)
            continue
        name = f"{words[side]}-{side.value}.yaml" if alike else f"{words[side]}.yaml"
        shipped = None if sandbox else _shipped(labels[side])
        environment = environment_of(f"{labels[side]} {side.value}" if alike else labels[side])
        text = shipped or _marked(manifest_text(labels[side], whole.cells(side), environment), environment, sandbox)
        manifest = manifest_of(parse_yaml(text.encode(), name))
        entries[side], drafts[name] = Entry(manifest.system, name, manifest), text.encode()
    return entries, drafts


def _there(folder: Path, system: str) -> Path | None:
    """The manifest of a system that is in the folder already."""
    from accord.config.drafting_names import plain
    from accord.config.yamlfile import read_yaml
    from accord.errors import ConfigurationError

    for path in sorted(folder.glob("*.y*ml")):
        try:
            data = read_yaml(path).data
        except ConfigurationError:
            continue  # some other file
        name = data.get("system") if isinstance(data, dict) and "manifest" in data else None
        if isinstance(name, str) and (name == system or plain(name) == plain(system) != ""):
            return path
    return None


def _shipped(system: str) -> str | None:
    """The manifest that Accord brings for a system, if it does."""
    from accord.config.drafting_names import plain
    from accord.config.starter import shipped_manifests

    found = [source for name, source in shipped_manifests().items() if name == plain(system)]
    return found[0] if found else None


def _marked(text: str, environment: str, sandbox: bool) -> str:
    if sandbox:
        return text
    return "\n".join(
        (
            "# DRAFT from a document, which names datatypes and properties and nothing else. What it names is taken from it.",
            "# Addresses, paging, changes and credentials are assumptions: correct them by the system's own description, or have a",
            "# manifest drafted from that: accord manifest new --openapi. Then try it: accord manifest probe.",
            f"# To be filled in, in .env: {environment}_URL and {environment}_KEY.",
            text,
        )
    )


# --- writing --------------------------------------------------------------------------------------------------------------------------


def _refuse_taken(contents: Mapping[Path, bytes], force: bool) -> None:
    from accord.errors import ConfigurationError, Problem

    taken = [] if force else [path for path in contents if path.exists()]
    if taken:
        remedy = "Name another file with -o, move it away, or replace it with --force."
        raise ConfigurationError([Problem(str(path), 0, 0, "is there already", remedy) for path in taken])


def _problems(contents: Mapping[Path, bytes], used: Sequence[Path], output: Path) -> "tuple[Problem, ...]":
    """What `accord check --offline` would refuse; tried in a folder of its own, before anything is written."""
    from accord.app import compile_flows, load
    from accord.errors import ConfigurationError

    with tempfile.TemporaryDirectory(prefix="accord-read-") as scratch:
        for path, content in contents.items():
            (Path(scratch) / path.name).write_bytes(content)
        for path in used:
            shutil.copyfile(path, Path(scratch) / path.name)
        try:
            compile_flows(load(Path(scratch) / output.name))
        except ConfigurationError as error:
            return tuple(error.problems)
    return ()


def _prove(made: "Configured", entries: "Mapping[Side, Entry]", originals: Sequence[bytes]) -> None:
    """Every document comes back byte for byte from what is about to be written. Raises ConfigurationError when one does not."""
    from accord.documents.kept import document_of
    from accord.documents.write import to_rst
    from accord.errors import ConfigurationError, Problem

    manifests = {side: entry.manifest for side, entry in entries.items()}
    for place, original in enumerate(originals):
        if to_rst(document_of(made.dataflow, manifests, "", place)) != original:
            what = f"document {place + 1} would not be written back as it stands"
            raise ConfigurationError([Problem("dataflow.yaml", 0, 0, what, "This is a fault of Accord; nothing was written.")])


def _write(contents: Mapping[Path, bytes]) -> None:
    from accord.errors import ConfigurationError, Problem

    new = [path for path in contents if not path.exists()]
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        for path in new:
            with contextlib.suppress(OSError):  # where nothing can be, there is nothing to take away
                path.unlink(missing_ok=True)
        what = f"cannot be written: {error.strerror}"
        raise ConfigurationError([Problem(str(error.filename or ""), 0, 0, what, "Choose a folder that you may write to.")]) from error
