"""A first manifest from an OpenAPI 3 description (`accord manifest new --openapi`): every guess carries its reason.

Owns: how the parts come together, what is said above them. Does not own: the conclusions (drafting_*.py), whether they hold
(`accord manifest probe`).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accord.config.drafting_calls import Collection, collections
from accord.config.drafting_names import is_about_people
from accord.config.drafting_properties import Drafting, properties, remarked
from accord.config.drafting_reading import changes, gone_when, listing, of_all_records
from accord.config.drafting_schema import Description, read_description
from accord.config.drafting_signing import Place, authentication, name_of_system, place_of, sign_in_path
from accord.config.drafting_writing import Bodies, reading_one, reference_of, writing
from accord.config.drafting_yaml import Guess, Inline, block, remark
from accord.config.secrets import references
from accord.errors import ConfigurationError, Problem

_HEAD = """# yaml-language-server: $schema=manifest.schema.json
# {title}, as far as its description tells; drafted by: accord manifest new
# A remark beside a line says why it was guessed. Look through them, take out datatypes that you do not need, and try it:
#   accord manifest probe {file}
"""
_NOT_DRAFTED = "\n# Listed, but not read one by one, or a second listing of the same; not drafted:\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """A manifest as text. ``secrets``: the names in the environment that it refers to; ``datatypes``: what was drafted."""

    text: str
    secrets: tuple[str, ...]
    datatypes: tuple[str, ...]


def draft_from_openapi(path: Path, target: str, system: str | None = None) -> Draft:
    """A draft of what a description tells. ``target``: the file that it will be. Raises ConfigurationError where it tells too little."""
    description = read_description(path)
    found, others = collections(description)
    if not found:
        what = "nothing is described that is listed (GET, an array of objects) and can be read one by one (GET .../{id})"
        raise ConfigurationError([Problem(str(path), 0, 0, what, "Describe the system by hand: docs/how-to/connect-your-crm.md")])
    name = system or name_of_system(description.title)
    token = sign_in_path(description)
    place = place_of(description, [*(each.path for each in found), *([token] if token else [])])
    data = _manifest(description, found, place, name)
    head = _HEAD.format(title=remark(description.title), file=remark(target))
    text = "\n".join([head, *block(data)]) + "\n"
    if others:
        text += _NOT_DRAFTED + "".join(f"#   {remark(each)}\n" for each in others)
    secrets = dict.fromkeys(each.removeprefix("env:") for each in references(text))
    return Draft(text, tuple(secrets), tuple(each.name for each in found))


def _manifest(description: Description, found: list[Collection], place: Place, name: str) -> dict[str, Any]:
    prefix = re.sub(r"[^A-Z0-9]+", "_", name.upper())
    origin = place.origin or Guess(f"${{env:{prefix}_ORIGIN}}", "the description does not say where the system is")
    data: dict[str, Any] = {"manifest": 1, "system": name, "origin": origin}
    if place.base_path:
        data["base_path"] = place.base_path
    if place.private:
        data["private_hosts"] = Guess(True, "its address is of this machine or of a private network")
    data["authentication"] = authentication(
        description, found[0].list, name, place.common if not place.base else place.base_path, place.origin
    )
    if found[0].answer.kind not in ("", "*/*", "application/json"):
        both = Inline({"Accept": found[0].answer.kind, "Content-Type": found[0].answer.kind})
        data["headers"] = Guess(both, "the kind of JSON that it takes and gives")
    data["limits"] = Guess(Inline(concurrency=8), "the description does not say what the host bears")
    data["clock"] = _clock(description, found)
    data["datatypes"] = {each.name: _relative(_datatype(description, each), place.common) for each in found}
    return data


def _clock(description: Description, found: list[Collection]) -> Guess:
    """Whether times carry a zone, by the examples if there are any."""
    examples = [
        str(schema["example"])
        for collection in found
        for schema in description.members(collection.record).values()
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:", str(schema.get("example", "")))
    ]
    naive = bool(examples) and not any(re.search(r"(Z|[+-]\d\d:?\d\d)$", each) for each in examples)
    why = "the description does not say how fine its times are, so the careful choice; zone: of times without one"
    return Guess(Inline(format="naive" if naive else "zoned", zone="UTC", granularity_seconds=1, lag_seconds=1), why)


def _datatype(description: Description, collection: Collection) -> dict[str, Any]:
    known = description.members(collection.record)
    bodies = Bodies(description, collection)
    reference = reference_of(bodies, description, known)
    data: dict[str, Any] = {"id": Guess(collection.id, collection.why_id)}
    data.update(of_all_records(known))
    if reference:
        data["reference"] = Guess(reference, "by its name; our mark on the records that we create")
    data["list"] = listing(description, collection.path, collection.list, collection.id)
    data.update(changes(description, collection))
    data.update(gone_when(known))
    data.update(reading_one(description, collection))
    data.update(writing(description, collection, bodies, reference))
    drafting = Drafting(description, is_about_people(collection.name), bodies.create, bodies.update)
    found, left = properties(drafting, collection.record, collection.id)
    data["properties"] = remarked(found, left)
    return data


def _relative(data: Any, common: str) -> Any:
    """The same with what stands in base_path taken off the paths of all calls."""
    if not common:
        return data
    if isinstance(data, Guess):
        return Guess(_relative(data.value, common), data.why)
    if isinstance(data, list):
        return [_relative(each, common) for each in data]
    if isinstance(data, dict):
        made = type(data)()
        for key, value in data.items():
            path = value if key in ("path", "read") and isinstance(value, str) and value.startswith(f"{common}/") else None
            made[key] = path.removeprefix(common) if path else _relative(value, common)
        return made
    return data
