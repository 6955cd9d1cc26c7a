"""`accord manifest probe`: what works is said to work, with evidence; what does not is noticed; nothing is written unless asked."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from inprocess import ORIGIN, Hosted
from rigs import MANIFESTS, KnownSecrets, PassingClock, run, shipped

from accord.checks.probing import Probed, Verdict, probe_reading, probe_system
from accord.checks.probing_writes import not_tried, probe_writing
from accord.cli.advice import ended
from accord.cli.main import accord
from accord.connectors.live import Live
from accord.model.manifest import Authentication, Changes, Conditional, Datatype, Paging, Property, Route
from accord.sandbox.process import start

KNOWN = {"CUSTOMCRM_URL": ORIGIN, "CUSTOMCRM_KEY": "key", "MEMBERCARE_URL": ORIGIN, "MEMBERCARE_KEY": "key", "MEMBERCARE_PERSON": "1"}
Change = Callable[[Datatype], Datatype]


class Counted(Hosted):
    """A sandbox that counts the calls that write, but for the sign-in."""

    writes = 0

    async def request(self, method, url, headers, body=None):
        self.writes += method != "GET" and not url.endswith("/token")
        return await super().request(method, url, headers, body)


def live(
    name: str, datatype: str = "", change: Change = lambda described: described, size: int = 60, **secrets: str
) -> tuple[Live, Counted]:
    hosted = Counted(name, PassingClock(), size=size)
    made = shipped(name)
    if datatype:
        made = replace(made, datatypes={**made.datatypes, datatype: change(made.datatypes[datatype])})
    return Live(made, KnownSecrets(**KNOWN | secrets), hosted.clock, lambda: hosted, random.Random(5), "trial"), hosted


def probed(system: Live, datatype: str, *, writes: bool = False) -> dict[str, Probed]:
    found: list[Probed] = []

    async def work() -> None:
        if await probe_reading(system, datatype, found.append) is not None:
            if writes:
                await probe_writing(system, datatype, found.append)
            else:
                not_tried(system, datatype, found.append, "it writes")

    run(work())
    return {each.capability: each for each in found}


@pytest.mark.parametrize(
    ("name", "datatype"), [(name, datatype) for name in ("customcrm", "membercare") for datatype in shipped(name).datatypes]
)
def test_a_shipped_manifest_works_and_nothing_is_written(name: str, datatype: str) -> None:
    system, hosted = live(name, size=200)
    found = probed(system, datatype)
    assert [each for each in found.values() if each.verdict is Verdict.DOES_NOT] == []
    assert {found[each].verdict for each in ("list", "sign-in", "read by id")} == {Verdict.WORKS}
    assert all(each.evidence for each in found.values())
    assert found["create"].verdict is Verdict.CANNOT_TELL
    assert hosted.writes == 0


def test_what_is_seen_is_counted() -> None:
    found = probed(live("customcrm")[0], "Contact")
    assert found["paging"].evidence == "asked for pages of 10: 10, 10, 10 records, all different"
    assert found["changes"].evidence == "since the newest change 1 change came, with that one; since tomorrow none"
    assert found["version"].evidence == "in 32 of 32 records"


def test_what_the_manifest_does_not_name_is_said_with_what_is_done_instead() -> None:
    found = probed(
        live("customcrm", "Contact", lambda d: replace(d, version=None, changes=None, deleted=None, conditional=None))[0], "Contact"
    )
    assert {found[each].verdict for each in ("version", "changes")} == {Verdict.CANNOT_TELL}
    assert found["version"].evidence.endswith("is read again just before it is written, and compared as a whole")
    assert found["changes"].evidence == "the manifest names none, which is no fault: each run reads all records and compares them"


def test_a_time_as_version_says_how_long_it_is_waited_for() -> None:
    system, _ = live("customcrm", "Contact", lambda d: replace(d, version=d.modified, conditional=None))
    found = probed(replace(system, manifest=replace(system.manifest, clock=replace(system.manifest.clock, lag_seconds=10**9))), "Contact")
    assert found["version"].verdict is Verdict.CANNOT_TELL
    assert "is a time, which stands for a version once it is 1e+09 s old; 32 records changed more lately" in found["version"].evidence


@pytest.mark.parametrize(("ours", "verdict", "words"), [(0, Verdict.WORKS, "is ours"), (90, Verdict.CANNOT_TELL, "90 s behind ours")])
def test_the_servers_clock_is_seen_beside_ours(ours: float, verdict: Verdict, words: str) -> None:
    system, hosted = live("customcrm")
    clock = PassingClock()
    clock.passed = hosted.clock.passed + ours
    found = probed(replace(system, clock=clock), "Contact")["clock"]
    assert (found.verdict, words in found.evidence) == (verdict, True), found


def test_webhooks_cannot_be_told_from_here() -> None:
    found: list[Probed] = []
    probe_system(live("customcrm")[0], found.append)
    probe_system(live("membercare")[0], found.append)
    assert [(each.datatype, each.capability, each.verdict) for each in found] == [("customcrm", "webhooks", Verdict.CANNOT_TELL)]


def test_with_leave_a_record_is_made_changed_and_removed() -> None:
    system, hosted = live("customcrm")
    found = probed(system, "Product", writes=True)
    tried = ("create", "idempotency key", "finding", "update", "conditional write", "delete")
    assert {found[each].verdict for each in tried} == {Verdict.WORKS}
    assert hosted.writes == 5
    assert "in 0 of" not in found["version"].evidence
    after = probed(system, "Product")
    assert after["list"].evidence == found["list"].evidence
    assert (after["deletions"].verdict, after["deletions"].evidence) == (Verdict.WORKS, "1 deletion within the last 30 days")


def test_where_a_test_record_could_not_be_removed_none_is_made() -> None:
    system, hosted = live("membercare")
    found = probed(system, "Persons", writes=True)
    assert found["create"] == Probed("Persons", "create", Verdict.CANNOT_TELL, "the manifest has no way to remove a test record")
    assert hosted.writes == 0


def _paged(described: Datatype, **rules: object) -> Datatype:
    return replace(described, list=replace(described.list, paging=replace(described.list.paging, **rules)))


def _searched(described: Datatype, items: str) -> Datatype:
    return replace(described, create=tuple(replace(each, find=replace(each.find, items=items)) for each in described.create if each.find))


MISTAKES: dict[str, tuple[Change, str, str]] = {
    "path": (lambda d: replace(d, list=replace(d.list, path="/contact")), "list", "404"),
    "items": (lambda d: replace(d, list=replace(d.list, items="records")), "list", "there is no list at records"),
    "next": (lambda d: _paged(d, next="next"), "list", "the page lacks next"),
    "read": (lambda d: replace(d, read="/contact/{id}"), "read by id", "cannot be read: it is not there"),
    "since": (
        lambda d: replace(d, changes=Changes(kind="since", parameter="external_id"), deleted=None),
        "changes",
        "that change does not come",
    ),
    "ignored": (
        lambda d: replace(
            d, changes=Changes(kind="since", parameter="limit", clock="server_time"), deleted=None, list=replace(d.list, paging=Paging())
        ),
        "changes",
        "",
    ),
    "deleted": (
        lambda d: replace(d, deleted=replace(d.deleted, listing=replace(d.deleted.listing, path="/contacts/gone"))) if d.deleted else d,
        "changes",
        "404",
    ),
    "version": (lambda d: replace(d, version="Revision"), "version", "in 0 of"),
    "modified": (lambda d: replace(d, modified="FirstName"), "modified", "in 0 of"),
    "type": (lambda d: replace(d, properties={"Email": Property(type="integer")}), "ids and properties", "Email is no integer in"),
    "option": (lambda d: replace(d, properties={"Gender": Property(options=("m", "f"))}), "ids and properties", "Gender is no option in"),
    "find": (lambda d: _searched(d, "records"), "finding", "the search gave no list"),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_in_a_manifest_does_not_work(mistake: str) -> None:
    change, capability, words = MISTAKES[mistake]
    found = probed(live("customcrm", "Contact", change)[0], "Contact")
    assert found[capability].verdict is Verdict.DOES_NOT, found
    assert words in found[capability].evidence


WRONG_WRITES: dict[str, tuple[Change, str]] = {
    "create": (lambda d: replace(d, create=(Route(path="/contact"),)), "create"),
    "update": (lambda d: replace(d, update=Route(path="/contacts/{id}/", method="PUT")), "update"),
    "condition": (lambda d: replace(d, conditional=Conditional(header="If-Matches")), "conditional write"),
    "find": (lambda d: _searched(d, ""), "finding"),
    "key": (lambda d: replace(d, idempotency_header="Once"), "idempotency key"),
}


@pytest.mark.parametrize("mistake", list(WRONG_WRITES))
def test_a_mistake_in_what_writes_does_not_work_and_nothing_stays(mistake: str) -> None:
    change, capability = WRONG_WRITES[mistake]
    system, _ = live("customcrm", "Contact", change)
    found = probed(system, "Contact", writes=True)
    assert found[capability].verdict is Verdict.DOES_NOT, found
    assert probed(system, "Contact")["list"].evidence == found["list"].evidence


def test_a_wrong_key_does_not_list() -> None:
    found = probed(live("customcrm", CUSTOMCRM_KEY="wrong")[0], "Contact")
    assert list(found) == ["list"]
    assert (found["list"].verdict, "401" in found["list"].evidence) == (Verdict.DOES_NOT, True)


def test_a_system_that_answers_without_sign_in_is_not_said_to_check_it() -> None:
    system, hosted = live("customcrm")
    hosted.request_signed = hosted.request

    async def anyway(method, url, headers, body=None):
        return await hosted.request_signed(method, url, {**headers, "authorization": "Bearer key"}, body)

    hosted.request = anyway
    assert probed(system, "Contact")["sign-in"].verdict is Verdict.CANNOT_TELL
    nothing = replace(system, manifest=replace(system.manifest, authentication=Authentication()))
    assert probed(nothing, "Contact")["sign-in"].evidence == "the manifest asks for none"


@pytest.mark.slow
def test_the_command_probes_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = tmp_path / "customcrm.yaml"

    def command(*words: str) -> int:
        return ended(lambda: accord.main(["manifest", "probe", str(manifest), *words], "accord", standalone_mode=False), json_wanted=False)

    with start("customcrm", 60) as crm:
        (tmp_path / ".env").write_text(f"CUSTOMCRM_URL={crm.url}\nCUSTOMCRM_KEY={crm.key}\n")
        text = (MANIFESTS / "customcrm.yaml").read_text("utf-8")
        manifest.write_text(text)
        assert command("--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["system"], said["does_not"], {each["datatype"] for each in said["probes"]}) == (
            "customcrm",
            0,
            {"customcrm", *shipped("customcrm").datatypes},
        )
        assert command("--datatype", "Quote", "--allow-writes-to", "customcrm") == 0
        assert "works       delete" in capsys.readouterr().out
        assert command("--allow-writes-to", "other") == 3
        assert command("--datatype", "Quotes") == 3
        manifest.write_text(text.replace("version: Version", "version: Revision"))
        assert command("--datatype", "Quote") == 2
        said = capsys.readouterr().out
        assert "does not    version             in 0 of" in said
        assert crm.key not in said
    assert command("--datatype", "Quote") == 4
