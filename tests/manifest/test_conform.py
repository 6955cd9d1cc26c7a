"""`accord manifest conform`: what holds is said to hold, what does not is noticed, and no test record stays."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from inprocess import ORIGIN, Hosted
from rigs import MANIFESTS, KnownSecrets, PassingClock, run, shipped

from accord.cli.advice import ended
from accord.cli.main import accord
from accord.connectors.live import MARK, Live
from accord.errors import UsageError
from accord.model.manifest import Conditional, Datatype
from accord.model.records import Seen
from accord.sandbox.process import Running, start
from accord.testing.conformance import Conformed, Verdict, conform, trials
from accord.testing.conformance_subject import Choice

SECRETS = KnownSecrets(CUSTOMCRM_URL=ORIGIN, CUSTOMCRM_KEY="key", MEMBERCARE_URL=ORIGIN, MEMBERCARE_KEY="key", MEMBERCARE_PERSON="1")
Change = Callable[[Datatype], Datatype]


def live(name: str, datatype: str = "", change: Change = lambda described: described, size: int = 20) -> Live:
    hosted = Hosted(name, PassingClock(), size=size)
    made = shipped(name)
    if datatype:
        made = replace(made, datatypes={**made.datatypes, datatype: change(made.datatypes[datatype])})
    return Live(made, SECRETS, hosted.clock, lambda: hosted, random.Random(5), "trial")


def tried(system: Live, datatype: str, **said: Any) -> Conformed:
    return conform(system, datatype, Choice(**said), lambda _judged: None)


def reasons(conformed: Conformed, verdict: Verdict) -> dict[str, str]:
    return {each.check: each.reason for each in conformed.judged if each.verdict is verdict}


def contents(system: Live, datatype: str) -> dict[str, Any]:
    async def listed() -> dict[str, Any]:
        connector = system.connect({datatype: frozenset(system.manifest.datatypes[datatype].properties)})
        return {o.ref.id: o.values async for page in connector.list(datatype) for o in page.observations if isinstance(o, Seen)}

    return run(listed())


def test_there_are_at_least_forty_checks_each_with_a_sentence_of_its_own() -> None:
    sentences = [trial.sentence for trial in trials()]
    assert len(sentences) == len(set(sentences)) >= 40


@pytest.mark.parametrize("datatype", ["Contact", "Customer", "Order", "Product", "Quote", "User"])
def test_everything_holds_of_customcrm_and_nothing_of_it_stays(datatype: str) -> None:
    system = live("customcrm")
    before = contents(system, datatype)
    conformed = tried(system, datatype)
    assert reasons(conformed, Verdict.DOES_NOT) == {}
    assert set(reasons(conformed, Verdict.CANNOT_TELL).values()) <= {
        "there is no property of type decimal that can be written",
        "say what the system says no to: --refused NAME=VALUE",
    }
    assert contents(system, datatype) == before
    assert conformed.removed > 40
    assert conformed.left == []


def test_all_is_told_where_the_subject_says_enough() -> None:
    conformed = tried(live("customcrm"), "Product", refused={"Price": "much"}, needs={"Price": Decimal(1)})
    assert conformed.count(Verdict.HOLDS) == len(conformed.judged) == len(trials())


@pytest.mark.parametrize("datatype", ["Persons", "Companies", "Products"])
def test_membercare_holds_what_it_claims_and_what_cannot_be_tried_is_said(datatype: str) -> None:
    system = live("membercare")
    with pytest.raises(UsageError, match="could not be removed"):
        tried(system, datatype)
    conformed = tried(system, datatype, leave=True)
    assert reasons(conformed, Verdict.DOES_NOT) == {}
    assert "a test record cannot be removed: the manifest has no way to delete it" in reasons(conformed, Verdict.CANNOT_TELL).values()
    after = contents(system, datatype)
    assert conformed.left and set(conformed.left) <= set(after)
    subject = conformed.subject
    for id in conformed.left:  # each that stays says where it is from
        assert any(str(after[id].get(name)).startswith(MARK) for name in (subject.text, subject.other)) or datatype == "Persons"


def _no_find(described: Datatype) -> Datatype:
    create = tuple(replace(route, find=replace(route.find, compare="Number")) for route in described.create if route.find)
    return replace(described, create=create)


PLANTED: dict[str, tuple[Change, str]] = {
    "the version is one that never moves": (
        lambda described: replace(described, version="CreatedAt", conditional=None),
        "a version stays while nothing changes and moves when something does",
    ),
    "the header of a conditional write is misspelt": (
        lambda described: replace(described, conditional=Conditional(header="If-Matches")),
        "P5: an update on a record that moved writes nothing (by version)",
    ),
    "what is found is compared with something else": (_no_find, "P7: what a create made is found by its reference"),
    "the header of repeated creates is misspelt": (
        lambda described: replace(described, idempotency_header="Idem"),
        "P7: a repeated create makes nothing where the system knows the key",
    ),
    "the deleted ones are looked for elsewhere": (
        lambda described: (
            replace(described, deleted=replace(described.deleted, listing=described.list, parameter="updated_since"))
            if described.deleted
            else described
        ),
        "P9: a deletion is seen with evidence",
    ),
    "a property is misspelt": (
        lambda described: replace(
            described,
            properties={**described.properties, "Name": replace(described.properties["Name"], path="Nam", create="Name", update="Name")},
        ),
        "observations carry only the wanted properties",
    ),
}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_each_planted_mistake_in_a_manifest_is_noticed_with_a_reason(planted: str) -> None:
    change, check = PLANTED[planted]
    system = live("customcrm", "Product", change)
    before = set(contents(system, "Product"))
    conformed = tried(system, "Product")
    broken = reasons(conformed, Verdict.DOES_NOT)
    assert check in broken
    assert broken[check]
    assert set(contents(system, "Product")) == before


def test_a_reason_never_holds_a_record_of_somebody() -> None:
    def unsteady(described: Datatype) -> Datatype:
        """What is listed is never what is read, so that laws about whole listings fail."""
        return replace(described, list=replace(described.list, query={"include_deleted": "true"}), gone_when=())

    system = live("customcrm", "Contact", unsteady, size=60)
    people = {str(value) for values in contents(system, "Contact").values() for value in values.values() if value}
    conformed = tried(system, "Contact")
    assert reasons(conformed, Verdict.DOES_NOT)
    said = " ".join(each.reason for each in conformed.judged)
    assert not [value for value in people if len(value) > 4 and value in said]


def test_a_datatype_without_two_texts_is_not_tried() -> None:
    def without(described: Datatype) -> Datatype:
        return replace(described, properties={name: each for name, each in described.properties.items() if name != "Number"})

    with pytest.raises(UsageError, match="two texts"):
        tried(live("customcrm", "Product", without), "Product")


def test_a_record_that_cannot_be_made_ends_it_with_the_systems_words() -> None:
    with pytest.raises(UsageError, match="a test record cannot be made: 404 Debtor"):
        tried(live("membercare"), "Invoices", leave=True)


def test_an_unknown_datatype_or_property_is_refused() -> None:
    with pytest.raises(UsageError, match="no datatype Contacts"):
        tried(live("customcrm"), "Contacts")
    with pytest.raises(UsageError, match="no property FirstNam"):
        tried(live("customcrm"), "Contact", text="FirstNam")


@pytest.fixture(scope="module")
def crm() -> Iterator[Running]:
    with start("customcrm", 60) as running:
        yield running


def command(folder: Path, crm: Running, *words: str) -> int:
    (folder / "customcrm.yaml").write_bytes((MANIFESTS / "customcrm.yaml").read_bytes())
    (folder / ".env").write_text(f"CUSTOMCRM_URL={crm.url}\nCUSTOMCRM_KEY={crm.key}\n")
    given = ["manifest", *words[:1], str(folder / "customcrm.yaml"), *words[1:]]
    return ended(lambda: accord.main(given, "accord", standalone_mode=False), json_wanted=False)


@pytest.mark.slow
def test_the_command_tries_a_real_server_and_says_so(tmp_path: Path, crm: Running, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--datatype", "Product", "--allow-writes-to", "customcrm", "--with", "Price=1", "--refused", "Price=much")
    assert command(tmp_path, crm, "conform", *words) == 0
    said = capsys.readouterr().out
    assert f"Product: {len(trials())} hold, 0 do not, 0 cannot be told" in said
    assert crm.key not in said


@pytest.mark.slow
def test_what_does_not_hold_is_exit_2_and_json_says_which(tmp_path: Path, crm: Running, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--datatype", "Product", "--allow-writes-to", "customcrm", "--refused", "Name=taken", "--json")
    assert command(tmp_path, crm, "conform", *words) == 2
    (product,) = json.loads(capsys.readouterr().out)["datatypes"]
    broken = [each["check"] for each in product["checks"] if each["verdict"] == "does not hold"]
    assert broken == [
        "P19: the words of a refusal are fit to be shown",
        "P19: refused values are refused with words and nothing is written",
        "P19: a refused write leaves the others alone",
    ]
    assert product["left"] == []


@pytest.mark.slow
def test_nothing_is_written_to_a_system_that_was_not_named(tmp_path: Path, crm: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(tmp_path, crm, "conform", "--allow-writes-to", "membercare") == 3
    assert "this manifest describes customcrm" in capsys.readouterr().err
    assert command(tmp_path, crm, "conform") == 3
