"""What a transform is: two faces over the common form, its parameters, its domain and its examples.

Owns: these shapes. Does not own: any transform (core/transforms.py lists them).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from accord.model.manifest import Property
from accord.model.values import DataType, Raw, Scalar

Check: TypeAlias = Callable[[object], str | None]
"""What is wrong with a parameter's value ("must be ..."), or None."""

TEXT: Final = frozenset({"string"})
NUMBERS: Final = frozenset({"integer", "decimal"})


@dataclass(frozen=True, slots=True)
class Face:
    """One side of a lens. With several properties on the side, ``get`` takes and ``put`` gives a tuple of their values, in order.

    ``empties``: whether null and empty text are handed in; otherwise they pass by unchanged.
    """

    get: Callable[[Any], Scalar]
    put: Callable[[Any], Any]
    empties: bool = False


def _same(value: Any) -> Any:
    return value


UNCHANGED: Final = Face(_same, _same)


@dataclass(frozen=True, slots=True)
class Lens:
    """A transform made ready for one mapping.

    ``domain``: whether a common value, neither null nor empty, is one that both sides can hold. ``samples``: common values to try.
    ``instead``: common values that are written to the left and to the right in place of an empty one, None for none.
    """

    left: Face
    right: Face
    domain: Callable[[Scalar], bool]
    samples: tuple[Scalar, ...] = ()
    instead: tuple[Scalar, Scalar] = (None, None)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a transform is built for: its checked parameters, and the mapping's data type, scale and properties."""

    parameters: Mapping[str, object]
    type: DataType
    scale: int
    left: tuple[Property, ...]
    right: tuple[Property, ...]

    def text(self, name: str) -> str | None:
        """A parameter that is a text, or None."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a transform, as the YAML names it."""

    name: str
    description: str
    check: Check
    required: bool = False
    default: object = None


@dataclass(frozen=True, slots=True)
class Example:
    """A left and a right that correspond, one raw value per property."""

    left: tuple[Raw, ...]
    right: tuple[Raw, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)
    type: DataType = DataType.STRING
    property_types: tuple[str, str] = ("string", "string")


def _nothing_wrong(_: Setting) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A named rule with its inverse.

    ``left_types``, ``right_types``: property types it takes; None: those that suit the mapping's data type. ``types``: data types of the
    mapping it takes; None: every scalar one. ``loses``: what does not come back, "" for nothing: then the transform is lossy, and says so.
    ``fault``: what is wrong with the parameters for these properties, or None.
    """

    name: str
    description: str
    build: Callable[[Setting], Lens]
    examples: tuple[Example, ...]
    domain: str = "every value"
    left_paths: int = 1
    right_paths: int = 1
    left_types: frozenset[str] | None = None
    right_types: frozenset[str] | None = None
    types: frozenset[DataType] | None = None
    parameters: tuple[Parameter, ...] = ()
    loses: str = ""
    fault: Callable[[Setting], str | None] = _nothing_wrong

    @property
    def lossy(self) -> bool:
        """Whether something does not come back."""
        return bool(self.loses)

    def settled(self, given: Mapping[str, object]) -> dict[str, object]:
        """The given parameters with the defaults of those that are not."""
        return {one.name: given.get(one.name, one.default) for one in self.parameters}


def chosen(*words: str) -> Check:
    """One of these words."""
    return lambda value: None if value in words else f"must be {' or '.join(words)}"


def same_on_both(get: Callable[[Any], Scalar]) -> Lens:
    """Both sides are read into one normal form, which is the common form and what is written; ``get`` is idempotent."""
    face = Face(get, _same)
    return Lens(face, face, lambda value: get(value) == value)
