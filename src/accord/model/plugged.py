"""How a system of a kind that a plug-in adds is described: the variant of a manifest whose ``kind`` is the plug-in's name, as frozen data.

Owns: the shape of such a file, Misfit, and PluggedSystem, as which the rest of the program meets it. Does not own: what the options mean
(the plug-in), reading the file (config/plugged.py).
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from accord.model.manifest import Manifest, PropertyType, SystemClock

__pydantic_config__ = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedProperty:
    """One property. ``path``: where the connector finds it (default: its name). ``create``, ``update``: it may be written then.

    Raw values: a date is the text "YYYY-MM-DD", an instant a text with its zone, a decimal an int or a Decimal, a list a list of mappings.
    """

    path: str | None = None
    type: PropertyType = "string"
    create: bool = True
    update: bool = True
    scale: int | None = None
    precision_seconds: float = 1.0
    max_length: int | None = None
    options: tuple[Any, ...] | None = None
    clearing: Literal["null", "empty"] = "null"
    items: dict[str, "PluggedProperty"] = field(default_factory=dict)
    personal: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedDatatype:
    """A kind of record. ``options``: the plug-in's own, of this datatype. ``modified``: records tell the time of their last change.

    ``create``, ``update``, ``delete``: what Accord may do here; the connector's capabilities never claim more. ``reference``: the property
    that takes our reference.
    """

    options: dict[str, Any] = field(default_factory=dict)
    create: bool = True
    update: bool = True
    delete: bool = False
    modified: bool = False
    reference: str | None = None
    properties: dict[str, PluggedProperty]
    assumptions: tuple[str, ...] = ()

    @property
    def create_only(self) -> frozenset[str]:
        """Properties that a create may carry and an update may not."""
        return frozenset(name for name, each in self.properties.items() if self._created(each) and not self._updated(each))

    @property
    def read_only(self) -> frozenset[str]:
        """Properties that neither may carry."""
        return frozenset(name for name, each in self.properties.items() if not self._created(each) and not self._updated(each))

    def _created(self, each: PluggedProperty) -> bool:
        return self.create and each.create

    def _updated(self, each: PluggedProperty) -> bool:
        return self.update and each.update

    def path(self, name: str) -> str:
        """Where the connector finds a property."""
        return self.properties[name].path or name


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedManifest:
    """A system of a plug-in's ``kind``. ``options``: its own, such as where it is. ``manifest`` is the version of this format (1)."""

    manifest: Literal[1]
    kind: str
    system: str
    options: dict[str, Any] = field(default_factory=dict)
    clock: SystemClock = field(default_factory=SystemClock)
    datatypes: dict[str, PluggedDatatype]


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a plug-in does not take in a manifest. ``path``: keys and positions from the top, such as ("options", "address")."""

    path: tuple[str | int, ...]
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedSystem(Manifest):
    """A system of a plug-in's kind: its datatypes and properties as those of every system, beside how its own connector sees them.

    ``plugin``: what the entry point named, a ports.Plugin; the model knows nothing of ports, hence Any.
    """

    plugged: PluggedManifest
    plugin: Any = field(repr=False, compare=False)
    file: str = ""
