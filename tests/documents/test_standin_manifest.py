"""A manifest made from a document's names and cells: whatever they are, it can be read, and is of the dialect."""

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.config.dialect import is_id, refers_to, wires
from accord.config.manifest import manifest_of
from accord.config.yamlfile import parse_yaml
from accord.connectors.rest_capabilities import capabilities_of
from accord.documents.standin import SCALE, manifest_text, type_of
from accord.model.manifest import Manifest

ODD = {
    "a": '"string"',
    "a.b": "N/A",
    "a.b.c": '"float"',
    "A.B": '"integer"',
    "$original_id": '"string"',
    "phone_numbers.number (Dependant on having wd:Q17517 in phone_numbers.name)": '"list"',
    "Åse é": "['concat', '_S.x']",
    "name": '"boolean"',
}


def manifest(system: str, datatypes: dict[str, dict[str, str]]) -> Manifest:
    return manifest_of(parse_yaml(manifest_text(system, datatypes).encode(), "standin.yaml"))


def test_every_path_is_its_own_property_also_where_one_begins_another() -> None:
    made = manifest("Custom CRM", {"Contacts (human data)": ODD}).datatypes["Contacts (human data)"]
    paths = [each.path for name, each in made.properties.items() if name != "$original_id"]
    assert set(ODD) <= set(made.properties)
    assert len(set(paths)) == len(paths)
    assert all(len(path.split(".")) == 2 for path in paths if path != "reference" and path is not None)


def test_cells_become_the_nearest_types_and_unknown_ones_text() -> None:
    cells = ('"string"', '"integer"', '"float"', '"decimal"', '"boolean"', '"list"', "N/A", "", "['add', 1]", '"date"', "datetime")
    kinds = ["string", "integer", "decimal", "decimal", "boolean", "list", "string", "string", "string", "date", "instant"]
    assert [type_of(cell) for cell in cells] == kinds


def test_an_id_is_shown_and_never_written() -> None:
    made = manifest("S", {"Customer": {"Id": "N/A", "$original_id": "N/A"}}).datatypes["Customer"]
    for name in ("Id", "$original_id"):
        assert (made.properties[name].path, made.properties[name].create, made.properties[name].update) == ("id", False, False)
    assert not is_id("customer.id")


def test_names_tell_which_datatype_an_id_is_of() -> None:
    known = ("Companies (organisation data)", "Customer")
    names = ("customerId", "customer.id", "invoice.customer_id", "company.id", "id", "video", "country.id")
    assert [refers_to(each, known) for each in names] == ["Customer"] * 3 + ["Companies (organisation data)", None, None, None]


def test_datatypes_whose_names_differ_by_case_or_marks_have_addresses_of_their_own() -> None:
    made = manifest("S", {"Contact": {}, "contact": {}, "CONTACT!": {}, "é": {}, "漢": {}})
    assert len({wire.collection for wire in wires(made)}) == 5


def test_a_datatype_without_properties_can_be_written_looked_for_and_tried() -> None:
    made = manifest("S", {"User": {}})
    able = capabilities_of(made.datatypes["User"], made.clock, made.limits)
    assert able.delete
    assert able.conditional_write
    assert able.sees_deletes
    assert able.finding == "certain"
    assert [each.type for each in made.datatypes["User"].properties.values()] == ["string"] * 4 + ["decimal"]
    assert made.datatypes["User"].properties["Amount"].scale == SCALE


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
tables = st.dictionaries(
    texts, st.dictionaries(texts, st.sampled_from(['"string"', '"list"', '"float"', "N/A", "x"]), max_size=6), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(texts, tables)
def test_any_names_make_a_manifest_of_the_dialect_that_holds_them_all(system: str, datatypes: dict[str, dict[str, str]]) -> None:
    made = manifest(system, datatypes)
    assert made.system == system
    assert [wire.name for wire in wires(made)] == list(datatypes)
    for name, cells in datatypes.items():
        assert set(cells) <= set(made.datatypes[name].properties)
