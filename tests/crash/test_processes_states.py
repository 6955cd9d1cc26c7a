"""States that are not what the last run left: restored from before, missing, damaged, of something else, as a person would meet them.

P25: an older copy is recognised in what it finds: nothing twice, nothing deleted, no newer value overwritten by an older one.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import Load, Place, place, undisturbed

from accord.sandbox.people import calls

pytestmark = pytest.mark.slow

SIZE = 120
PEOPLE = "Contact to Persons"


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Load:
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), SIZE)


def put_aside(here: Place) -> Path:
    """A copy of the state as it is between two runs."""
    kept = here.folder / "kept"
    shutil.copytree(here.state.parent, kept)
    return kept


def put_back(here: Place, kept: Path) -> None:
    """As from a backup: what was there since is gone."""
    shutil.rmtree(here.state.parent)
    shutil.copytree(kept, here.state.parent)


def made_and_deleted(here: Place) -> tuple[int, int]:
    """Creates and deletes that Membercare has counted."""
    by_call: dict[str, int] = calls(here.care.url)["by_call"]
    return (
        sum(times for call, times in by_call.items() if call.startswith("POST") and call.count("{") == 0 and "token" not in call),
        sum(times for call, times in by_call.items() if call.startswith("DELETE")),
    )


def test_P25_a_state_restored_from_before_makes_nothing_twice_and_overwrites_nothing_newer(tmp_path: Path) -> None:
    with place(tmp_path, SIZE) as here:
        crm, care = here.crm_user(), here.care_user()
        here.settle()
        kept = put_aside(here)
        people = here.links(PEOPLE)
        crm.edit("contacts", people[0]["left"], FirstName="Newer on the left")
        care.edit("persons", people[1]["right"], lastName="Newer on the right")
        made = [crm.do("POST", "contacts", {"FirstName": "New", "LastName": name, "Email": f"{name}@example.org"}) for name in ("aa", "bb")]
        here.settle()
        assert {one["Id"] for one in made} <= {link["left"] for link in here.links(PEOPLE)}
        crm.edit("contacts", made[0]["Id"], Email="cc@example.org", LastName="cc")  # nothing but our reference tells which person this is
        crm.edit("contacts", people[0]["left"], LastName="Newest on the left")
        before, counts = made_and_deleted(here), here.counts()
        put_back(here, kept)
        here.settle()
        assert made_and_deleted(here) == before
        assert here.counts() == counts
        assert max(here.references().values()) == 1
        assert here.differing() == []
        persons = {str(one["debtorAccountNumber"]): one for one in here.records("persons")}
        contacts = {one["Id"]: one for one in here.contacts()}
        first, second = people[0], people[1]
        assert contacts[first["left"]]["FirstName"] == persons[first["right"]]["firstname"] == "Newer on the left"
        assert contacts[first["left"]]["LastName"] == persons[first["right"]]["lastname"] == "Newest on the left"
        assert contacts[second["left"]]["LastName"] == persons[second["right"]]["lastname"] == "Newer on the right"
        assert contacts[made[0]["Id"]]["LastName"] == "cc"
        assert sum(one["lastname"] == "cc" for one in persons.values()) == 1


def test_P25_a_state_that_is_missing_is_made_anew_by_matching_and_nothing_is_created(tmp_path: Path, expected: Load) -> None:
    with place(tmp_path, SIZE) as here:
        here.settle()
        links = sorted((link["left"], link["right"]) for link in here.links(PEOPLE))
        before = made_and_deleted(here)
        shutil.rmtree(here.state.parent)
        status = here.run("status")
        assert status.code == 1
        assert status.remedy
        here.settle()
        assert made_and_deleted(here) == before
        assert sorted((link["left"], link["right"]) for link in here.links(PEOPLE)) == links
        expected.check(here)


def damaged(state: Path) -> None:
    content = bytearray(state.read_bytes())
    content[:4096] = b"\xff" * 4096
    state.write_bytes(content)


def damaged_inside(state: Path) -> None:
    content = bytearray(state.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    state.write_bytes(content)


def cut_short(state: Path) -> None:
    state.write_bytes(state.read_bytes()[: 4096 * 3 + 100])


def no_database(state: Path) -> None:
    state.write_text("Dear diary,\n" * 1000)


def of_another_program(state: Path) -> None:
    state.unlink()
    with sqlite3.connect(state) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()


def of_a_newer_version(state: Path) -> None:
    with sqlite3.connect(state) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()


@pytest.mark.parametrize(
    "spoil", [damaged, damaged_inside, cut_short, no_database, of_another_program, of_a_newer_version], ids=lambda one: one.__name__
)
def test_P26_a_state_that_cannot_be_believed_is_refused_with_what_to_do_and_nothing_is_sent(
    spoiled: Place, spoil: Callable[[Path], None]
) -> None:
    here, kept = spoiled, spoiled.folder / "kept"
    put_back(here, kept)
    for rest in here.state.parent.glob(f"{here.state.name}-*"):
        rest.unlink()
    spoil(here.state)
    content, before = here.state.read_bytes(), here.writes()
    for words in (["sync"], ["status"]):
        ended = here.run(*words)
        assert ended.code == 1, ended
        error = json.loads(ended.errors)
        assert error["error"] == "StoreError", error
        assert str(here.state) in error["message"]
        assert ended.remedy
    assert here.writes() == before
    assert here.state.read_bytes() == content, "what cannot be used is left as it was found"
    put_back(here, kept)
    assert here.run("sync").code in (0, 5)
    assert here.writes() == before


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A dataflow that is in step, with a copy of its state beside it."""
    with place(tmp_path_factory.mktemp("spoiled"), 40) as here:
        here.settle()
        put_aside(here)
        yield here
