"""A connector from elsewhere: found by its entry point, checked by its own words, refused with one clear error."""

import sys
from pathlib import Path

import pytest
from installing import Offer

from accord.cli.advice import ended
from accord.cli.main import accord
from accord.config.manifest import read_manifest
from accord.errors import ConfigurationError, Problem
from accord.model.plugged import PluggedSystem

GOOD = """
import pydantic
from accord.model.plugged import Misfit
PROTOCOL = 1
class Options(pydantic.BaseModel, extra="forbid"):
    address: str
    depth: int = 1
def check(manifest):
    Options.model_validate(manifest.options)
    if "x" in manifest.datatypes["Thing"].options:
        yield Misfit(("datatypes", "Thing", "options", "x"), "x: not in this house", "Take it out.")
def connect(manifest, services):
    return manifest, services
"""
MANIFEST = """manifest: 1
kind: odd
system: house
options:
  address: ${env:HOUSE}
datatypes:
  Thing:
    options: {y: 1}
    reference: Ref
    properties:
      Name: {}
      Ref: {create: false, update: false}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    file = tmp_path / "house.yaml"
    file.write_text(MANIFEST)
    return file


def problems(file: Path) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        read_manifest(file)
    return list(caught.value.problems)


def places(file: Path) -> list[tuple[int, int, str]]:
    return [(each.line, each.column, each.what) for each in problems(file)]


def test_a_manifest_of_a_plug_in_is_seen_like_that_of_any_other_system(house: Path, offer: Offer) -> None:
    offer("odd", GOOD, "odd-one")
    described = read_manifest(house)
    assert isinstance(described, PluggedSystem)
    assert (described.kind, described.system, described.plugged.options) == ("odd", "house", {"address": "${env:HOUSE}"})
    thing = described.datatypes["Thing"]
    assert thing.properties["Ref"].create is False
    assert thing.reference == "Ref"
    assert (len(thing.create), thing.update is not None, thing.delete) == (1, True, None)


def test_a_kind_that_nobody_offers_is_one_error_that_lists_what_is_there(house: Path, offer: Offer) -> None:
    offer("even", GOOD, "even-one")
    (problem,) = problems(house)
    assert (problem.file, problem.line, problem.column) == (str(house), 2, 7)
    assert problem.what == "kind: odd is not known"
    assert "rest, sql" in problem.remedy
    assert "even" in problem.remedy


def test_a_plug_in_that_cannot_be_loaded_is_one_error_with_its_package_and_the_cause(house: Path, offer: Offer) -> None:
    offer("odd", "import nothing_of_this_name", "odd-one")
    (problem,) = problems(house)
    assert problem.line == 2
    assert "odd-one 1.0" in problem.what
    assert "ModuleNotFoundError: No module named 'nothing_of_this_name'" in problem.what


@pytest.mark.parametrize(
    ("module", "what"),
    [
        (GOOD.replace("PROTOCOL = 1", "PROTOCOL = 2"), "is for version 2 of the protocol; this Accord has version 1"),
        (GOOD.replace("PROTOCOL = 1", ""), "does not say PROTOCOL; this Accord has version 1"),
        ("PROTOCOL = 1", "has no check and no connect"),
    ],
)
def test_a_plug_in_for_another_version_of_the_protocol_is_one_error(house: Path, offer: Offer, module: str, what: str) -> None:
    offer("odd", module, "odd-one")
    (problem,) = problems(house)
    assert problem.what == f"kind: the plug-in odd (odd-one 1.0) {what}"


def test_two_packages_that_offer_the_same_kind_are_named(house: Path, offer: Offer) -> None:
    offer("odd", GOOD, "odd-one")
    offer("odd", GOOD, "odd-two")
    (problem,) = problems(house)
    assert problem.what == "kind: odd is offered by odd-one 1.0 and odd-two 1.0"


def test_a_plug_in_cannot_take_the_name_of_what_is_shipped(tmp_path: Path, offer: Offer) -> None:
    offer("sql", "raise RuntimeError", "odd-one")
    file = tmp_path / "shop.yaml"
    file.write_text(
        "manifest: 1\nkind: sql\nsystem: shop\nurl: ${env:SHOP}\ndatatypes: {Product: {table: p, key: [id], properties: {Name: {}}}}\n"
    )
    assert read_manifest(file).kind == "sql"


def test_the_exit_code_of_all_that_is_the_one_of_refused_configuration(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["manifest", "probe", str(house)]
    assert ended(lambda: accord.main(words, "accord", standalone_mode=False), json_wanted=False) == 3
    assert f"{house}:2:7: kind: odd is not known" in capsys.readouterr().err


def test_what_a_plug_in_does_not_take_is_told_at_its_place(house: Path, offer: Offer) -> None:
    offer("odd", GOOD, "odd-one")
    house.write_text(MANIFEST.replace("{y: 1}", "{y: 1, x: 2}"))
    assert places(house) == [(8, 21, "x: not in this house")]


def test_a_pydantic_model_is_a_check_and_its_errors_have_places(house: Path, offer: Offer) -> None:
    offer("odd", GOOD, "odd-one")
    house.write_text(MANIFEST.replace("  address: ${env:HOUSE}", "  depth: deep\n  adress: x"))
    found = problems(house)
    assert [(each.line, each.column) for each in found] == [(5, 3), (5, 3), (6, 3)]
    assert {each.what.partition(":")[0] for each in found} == {"options.address", "options.depth", "options.adress"}


def test_what_every_manifest_must_hold_is_checked_beside(house: Path, offer: Offer) -> None:
    offer("odd", GOOD, "odd-one")
    house.write_text(MANIFEST.replace("reference: Ref", "reference: Reff") + "clock: {zone: Europe/Osl}\n")
    assert [what for _, _, what in places(house)] == ["Thing: reference Reff is no property", "clock: unknown zone Europe/Osl"]
    house.write_text(MANIFEST.replace("system: house", "system: house\nlimits: {}"))
    assert places(house) == [(4, 1, "unknown key limits")]


def test_a_check_that_fails_itself_is_said_to(house: Path, offer: Offer) -> None:
    offer("odd", GOOD.replace("Options.model", "Optionz.model"), "odd-one")
    ((line, _, what),) = places(house)
    assert line == 2
    assert what == "the plug-in odd fails in its own check: NameError: name 'Optionz' is not defined"


def test_a_secret_in_an_option_that_is_not_set_is_told_at_its_place(house: Path, offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer("odd", GOOD, "odd-one")
    words = ["manifest", "probe", str(house)]
    assert ended(lambda: accord.main(words, "accord", standalone_mode=False), json_wanted=False) == 3
    assert f"{house}:5:12: HOUSE is not set" in capsys.readouterr().err


def test_a_plug_in_is_handed_secrets_instead_of_references_and_the_folder(house: Path, offer: Offer) -> None:
    from accord.app.trying import live

    offer("odd", GOOD, "odd-one")
    house.write_text(MANIFEST.replace("{y: 1}", "{y: ['${env:HOUSE}/x', 2]}"))
    (house.parent / ".env").write_text("HOUSE=secret\n")
    manifest, services = live(house).connect({"Thing": frozenset({"Name"})}, page_size=3)
    assert manifest.options == {"address": "secret"}
    assert "secret" not in repr(manifest.options)
    assert manifest.datatypes["Thing"].options == {"y": ["secret/x", 2]}
    assert (services.page_size, services.folder, services.wanted) == (3, house.parent.resolve(), {"Thing": frozenset({"Name"})})
    assert str(services.problem(("options", "address"), "no", "")) == f"{house}:5:12: no"


def test_a_plug_in_that_cannot_be_opened_is_one_error_that_repeats_no_secret(
    house: Path, offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer("odd", GOOD.replace("return manifest, services", "raise ValueError(manifest.options)"), "odd-one")
    (house.parent / ".env").write_text("HOUSE=hunter2\n")
    words = ["manifest", "probe", str(house)]
    assert ended(lambda: accord.main(words, "accord", standalone_mode=False), json_wanted=False) == 3
    said = capsys.readouterr().err
    assert f"{house}:2:7: the plug-in odd fails when it is opened: ValueError" in said
    assert "hunter2" not in said


def test_the_part_of_ports_that_an_author_reads_takes_five_minutes() -> None:
    """At 220 words a minute, code and all."""
    import accord.ports

    text = Path(accord.ports.__file__).read_text("utf-8")
    assert len(text.partition("class Store(")[0].split()) <= 5 * 220
    assert sys.modules["accord.ports"].PROTOCOL == 1
