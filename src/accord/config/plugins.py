"""Which plug-ins are installed: entry points of the group "accord.connectors", each a kind of system.

Owns: finding one by its name, and what is said when it cannot be used. Does not own: what a plug-in is (ports.Plugin), the manifest that
names it (config/plugged.py).
"""

from importlib.metadata import EntryPoint, entry_points

from accord.config.yamlfile import YamlFile
from accord.errors import ConfigurationError
from accord.ports import PROTOCOL, Plugin

GROUP = "accord.connectors"


def installed() -> dict[str, list[EntryPoint]]:
    """The entry points by name; more than one where several packages offer the same."""
    found: dict[str, list[EntryPoint]] = {}
    for each in entry_points(group=GROUP):
        found.setdefault(each.name, []).append(each)
    return found


def plugin_of(source: YamlFile, kind: str, shipped: tuple[str, ...]) -> Plugin:
    """The plug-in that a manifest names. Raises ConfigurationError, at its ``kind``, when there is none or it cannot be used."""

    def refused(what: str, remedy: str) -> ConfigurationError:
        return ConfigurationError([source.problem(("kind",), f"kind: {what}", remedy)])

    known = installed()
    offered = known.get(kind, [])
    if not offered:
        plugins = ", ".join(sorted(known)) or "none"
        raise refused(f"{kind} is not known", f"Accord knows {', '.join(shipped)}; plug-ins installed here: {plugins}.")
    if len(offered) > 1:
        raise refused(f"{kind} is offered by {' and '.join(sorted(map(_package, offered)))}", "Uninstall all but one.")
    try:
        loaded: Plugin = offered[0].load()
    except Exception as error:
        what = f"the plug-in {kind} ({_package(offered[0])}) cannot be loaded: {type(error).__name__}: {error}"
        raise refused(what, "Install it again, in the environment that runs Accord, or ask who made it.") from error
    if problem := _misfit(loaded):
        raise refused(f"the plug-in {kind} ({_package(offered[0])}) {problem}", "Install the release of it that fits this Accord.")
    return loaded


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _misfit(loaded: object) -> str:
    version = getattr(loaded, "PROTOCOL", None)
    if version != PROTOCOL:
        said = f"is for version {version} of the protocol" if isinstance(version, int) else "does not say PROTOCOL"
        return f"{said}; this Accord has version {PROTOCOL}"
    missing = [name for name in ("check", "connect") if not callable(getattr(loaded, name, None))]
    return f"has no {' and no '.join(missing)}" if missing else ""
