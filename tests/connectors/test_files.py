"""The file connector beyond the contract: files that do not fit, bytes that stay, formulas, other writers, half-written files."""

import fcntl
import os
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from file_rigs import described, intent, listed, opened, seen, update, written
from openpyxl import Workbook, load_workbook
from rigs import PassingClock, run

from accord.connectors.files_csv import escaped, unescaped
from accord.connectors.files_folder import LocalFolder
from accord.errors import ConfigurationError, ListingFailed, StoreBusy, SystemUnavailable
from accord.model.plans import OperationKind, OutcomeKind
from accord.model.records import Unreadable

GOOD = "Id,Full name,Phone,Born\r\n1,Åse,+4712345678,1970-01-02\r\n2,Bo,,\r\n"


def people(folder: Path, text: str | bytes = GOOD, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(folder: Path, text: str | bytes, name: str = "people.csv", more: str = "generated: true") -> str:
    """What is said of a file that cannot be taken; both by a listing and by a read, for neither may conclude anything from it."""
    people(folder, text, name)
    connector = opened(described(folder, name, more))
    with pytest.raises(ListingFailed) as listing:
        run(listed(connector))
    with pytest.raises(ListingFailed):
        run(connector.read("Contact", ["1"]))
    assert listing.value.remedy
    return str(listing.value)


# --- files that do not fit ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Id,Phone,Born", "line 1: the column 'Full name' (property Name) is missing"),
        ("Id,full  Name,Phone,Born", "'Full name' (property Name) is missing, and may be called 'full  Name' now"),
        ("Id,Full name,Phone,Born,Phone", "the column 'Phone' is there 2 times"),
        ("Nr,Full name,Phone,Born", "the column 'Id' (the key) is missing"),
        ("Id;Full name;Phone;Born", "the column 'Id' (the key) is missing"),
    ],
)
def test_P9_a_header_that_drifted_stops_before_anything_is_read(tmp_path: Path, header: str, said: str) -> None:
    cells = header.replace(";", ",").count(",")
    assert said in refusal(tmp_path, f"{header}\r\n1{',' * cells}\r\n")


def test_a_new_column_is_told_where_the_manifest_names_them_all(tmp_path: Path) -> None:
    more = "columns: [Id, Full name, Phone, Born]"
    text = refusal(tmp_path, "Id,Full name,Phone,Born,Fax\r\n1,,,,\r\n", more=more)
    assert "the column 'Fax' is new" in text
    moved = refusal(tmp_path, "Id,Full name,Mobile,Born\r\n1,,,\r\n", more=more)
    assert "'Phone' (property Phone) is missing, and may be called 'Mobile' now; the column 'Mobile' is new" in moved


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: there is not even a header"),
        (GOOD[:-3] + '"', "line 3"),
        (GOOD + '3,"Cut of', "line 4: the file ends within quotes: it seems to be cut off"),
        (GOOD + "3,Cut", "line 4: has 2 cells, where there are 4 columns"),
        (GOOD + "3,Too,many,,cells\r\n", "line 4: has 5 cells"),
        (GOOD + "1,Twice,,\r\n", "line 4: Id is the same as in line 2: '1'"),
        (GOOD + ",Nameless,,\r\n", "line 4: has no Id"),
        (GOOD.encode("cp1252"), "line 2: byte 0xc5 is no utf-8"),
    ],
)
def test_P9_a_file_that_is_damaged_is_one_clear_error_and_no_deletion(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"Id": "1", "Full name": "Åse", "Phone": null, "Bor', "line 1: is no JSON object"),
        ('{"Id": 1, "Id": 2}\n', "line 1: the member 'Id' is there twice"),
        ('{"Id": "1", "Phone": NaN}\n', "line 1: is no JSON object"),
        ('{"Id": "1"} {"Id": "2"}\n', "something follows the object"),
        ('{"Id": "1", "Phone": null, "Born": null}\n', "the column 'Full name' (property Name) is missing"),
    ],
)
def test_json_lines_that_are_damaged_are_one_clear_error(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text, "people.jsonl", "format: jsonl")


def test_a_workbook_that_is_cut_off_is_one_clear_error(tmp_path: Path) -> None:
    book = workbook(tmp_path)
    data = book.read_bytes()
    assert "is no whole workbook" in refusal(tmp_path, data[: len(data) // 2], "people.xlsx", "format: xlsx")


def test_P9_a_file_that_is_not_there_deletes_nothing(tmp_path: Path) -> None:
    connector = opened(described(tmp_path))
    with pytest.raises(ListingFailed, match=r"people\.csv: is not there"):
        run(connector.read("Contact", ["1"]))
    system = described(tmp_path)
    away = opened(replace(system, files=replace(system.files, folder="nowhere")))
    with pytest.raises(SystemUnavailable, match="the folder"):
        run(listed(away))


def test_P9_a_file_that_became_shorter_and_lacks_its_end_is_doubted(tmp_path: Path) -> None:
    path = people(tmp_path)
    connector = opened(described(tmp_path))
    assert set(seen(connector)) == {"1", "2"}
    path.write_text("Id,Full name,Phone,Born\r\n1,Åse,+47123,1970", "utf-8")
    with pytest.raises(ListingFailed, match="it seems to be cut off"):
        run(listed(connector))


def test_P9_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    path = people(tmp_path, GOOD.splitlines(keepends=True)[0])
    system = described(tmp_path)
    system = replace(system, files=replace(system.files, limits=replace(system.files.limits, quiet_seconds=1.0)))

    class Writing(PassingClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 1:
                path.write_text(GOOD, "utf-8")

    clock = Writing()
    assert set(seen(opened(system, clock))) == {"1", "2"}
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    ("decimal", "text", "value"),
    [
        (".", "12.50", Decimal("12.50")),
        (".", "0", Decimal(0)),
        (".", "12,50", "12,50"),
        (",", "12,50", Decimal("12.50")),
        (",", "1.234", "1.234"),
    ],
)
def test_a_number_is_read_by_its_own_mark_and_otherwise_stays_the_text_that_it_is(
    tmp_path: Path, decimal: str, text: str, value: object
) -> None:
    people(tmp_path, f"Id;Full name;Phone;Born\n1;{text};;\n")
    system = described(tmp_path, more=f'delimiter: ";"\n    decimal: "{decimal}"')
    contact = system.files.datatypes["Contact"]
    contact = replace(contact, properties=contact.properties | {"Name": replace(contact.properties["Name"], type="decimal")})
    assert seen(opened(replace(system, files=replace(system.files, datatypes={"Contact": contact}))))["1"]["Name"] == value


def test_what_a_workbook_needs_is_said_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigurationError, match="needs openpyxl") as caught:
        opened(described(tmp_path, "people.xlsx", "format: xlsx"))
    assert "accord[files]" in caught.value.remedy


# --- bytes that stay ------------------------------------------------------------------------------------------------------------------

KEPT = (
    "\ufeffNote;Id;Full name;Phone;Born;Sum\r\n"
    '"as ""it"" is";1;"Åse; B";\'+4712345678;1970-01-02;=1+1\r\n'
    "\r\n"
    '"two\r\nlines";"2";Bo;;;\n'
    'x;3;"Ci";"";;007'
)


def test_P3_a_write_leaves_every_other_byte_as_it_was(tmp_path: Path) -> None:
    path = people(tmp_path, KEPT)
    path.chmod(0o640)
    (outcome,) = written(opened(described(tmp_path, more='delimiter: ";"')), update("1", Phone="+46701"))
    assert outcome.kind is OutcomeKind.DONE
    assert path.read_bytes().decode() == KEPT.replace("'+4712345678", "'+46701")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == [".people.csv.accord-lock", "office.yaml", "people.csv"]


def test_P3_a_new_row_and_a_removed_one_leave_the_others_alone(tmp_path: Path) -> None:
    path = people(tmp_path, KEPT)
    connector = opened(described(tmp_path, more='delimiter: ";"\n    generated: true'))
    made, gone = written(connector, intent(OperationKind.CREATE, Name="Dag; E"), intent(OperationKind.DELETE, "2"))
    assert (made.kind, gone.kind) == (OutcomeKind.DONE, OutcomeKind.DONE)
    assert made.observation is not None
    lines = KEPT.replace('"two\r\nlines";"2";Bo;;;\n', "") + f'\r\n;{made.observation.ref.id};"Dag; E";;;'
    assert path.read_bytes().decode() == lines


def test_P3_json_lines_keep_the_spelling_of_what_is_not_changed(tmp_path: Path) -> None:
    text = '{"Id":1,"Full name" : "\\u00c5se","Phone":null,"Born":null,"Sum":1.50e2}\n\n{"Id": 2, "Full name": "Bo", "Phone": ""}'
    path = people(tmp_path, text, "people.jsonl")
    (outcome,) = written(opened(described(tmp_path, "people.jsonl", "format: jsonl")), update("1", Phone="=1"))
    assert outcome.kind is OutcomeKind.DONE
    assert path.read_text("utf-8") == text.replace('"Phone":null', '"Phone":"=1"', 1)


# --- formulas -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["+46 70 123", "=1+1", "-5", "@x", "\tx", "\rx", "'=1", "''+1", "'x", "'", "x=1", " =1", "", "\n=1"])
def test_formula_like_texts_come_back_byte_exact(tmp_path: Path, text: str) -> None:
    path = people(tmp_path)
    connector = opened(described(tmp_path))
    (outcome,) = written(connector, update("1", Name=text))
    assert outcome.kind is OutcomeKind.DONE
    assert seen(opened(described(tmp_path)))["1"]["Name"] == (text or None)
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert b"1,=1" not in path.read_bytes()


def test_what_others_wrote_without_the_apostrophe_is_taken_as_it_stands(tmp_path: Path) -> None:
    people(tmp_path)
    assert seen(opened(described(tmp_path)))["1"]["Phone"] == "+4712345678"


def test_a_letter_that_the_encoding_lacks_is_refused_and_the_others_are_written(tmp_path: Path) -> None:
    path = people(tmp_path, GOOD.encode("cp1252"))
    connector = opened(described(tmp_path, more="encoding: cp1252"))
    refused, done = written(connector, update("1", Name="Łukasz"), update("2", Name="Bø"))
    assert (refused.kind, refused.property, done.kind) == (OutcomeKind.REFUSED, "Name", OutcomeKind.DONE)
    assert path.read_bytes() == GOOD.replace("Bo,", "Bø,").encode("cp1252")


# --- workbooks ------------------------------------------------------------------------------------------------------------------------


def workbook(folder: Path, name: str = "=LOWER(A2)", **more: object) -> Path:
    book = Workbook()
    book.active.append(["Id", "Full name", "Phone", "Born", "Sum"])
    book.active.append([1, "Åse", "+4712345678", None, "=1+1"])
    book.active.append([2, name, None, None, "=2+2"])
    book.save(folder / "people.xlsx")
    return folder / "people.xlsx"


def test_a_workbook_keeps_its_formulas_and_never_gets_one_from_us(tmp_path: Path) -> None:
    path = workbook(tmp_path, "Bo")
    connector = opened(described(tmp_path, "people.xlsx", "format: xlsx"))
    (outcome,) = written(connector, update("1", Name="=HYPERLINK(1)", Born="1970-01-02"))
    assert outcome.kind is OutcomeKind.DONE
    sheet = load_workbook(path).active
    assert (sheet["B2"].value, sheet["B2"].data_type, sheet["E2"].value) == ("=HYPERLINK(1)", "s", "=1+1")
    assert sheet["D2"].is_date
    assert seen(connector)["1"] == {"Name": "=HYPERLINK(1)", "Phone": "+4712345678", "Born": "1970-01-02"}


def test_P9_a_formula_that_is_not_worked_out_leaves_its_record_alone(tmp_path: Path) -> None:
    workbook(tmp_path)
    connector = opened(described(tmp_path, "people.xlsx", "format: xlsx"))
    found = run(listed(connector))["2"]
    assert isinstance(found, Unreadable)
    assert "the formula in B3 is not worked out" in found.cause
    (outcome,) = written(connector, update("2", Name="Bo"))
    assert outcome.kind is OutcomeKind.REFUSED


# --- other writers --------------------------------------------------------------------------------------------------------------------


def test_P5_an_edit_between_reading_and_replacing_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fill = people(tmp_path), LocalFolder._fill
    edited = GOOD.replace("Bo,", "Bo edited,").encode()

    def slow(folder: LocalFolder, made: Path, data: bytes, like: Path) -> None:
        """While our new file is on its way to the disk, a user saves another one."""
        fill(folder, made, data, like)
        if path.read_bytes() == GOOD.encode():
            path.write_bytes(edited)

    monkeypatch.setattr(LocalFolder, "_fill", slow)
    (outcome,) = written(opened(described(tmp_path)), update("1", Name="Ase"))
    assert outcome.kind is OutcomeKind.DONE
    assert path.read_bytes() == edited.replace("Åse".encode(), b"Ase")


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = people(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (outcome,) = written(opened(described(tmp_path)), update("1", Name="Ours"))
    assert (outcome.kind, outcome.message) == (OutcomeKind.FAILED, "people.csv: No space left on device")
    assert path.read_bytes() == GOOD.encode()
    assert not list(tmp_path.glob(".*.accord-new"))


def test_a_second_writer_waits_and_then_writes_nothing(tmp_path: Path) -> None:
    path = people(tmp_path)
    handle = os.open(tmp_path / ".people.csv.accord-lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        (outcome,) = written(opened(described(tmp_path)), update("1", Name="Ours"))
    finally:
        os.close(handle)
    assert (outcome.kind, outcome.message) == (OutcomeKind.FAILED, "people.csv is being written by another Accord")
    assert path.read_bytes().decode() == GOOD


@pytest.mark.parametrize("lock", [".~lock.people.csv#", "~$people.csv"])
def test_a_file_that_is_open_in_an_editor_is_not_written(tmp_path: Path, lock: str) -> None:
    path = people(tmp_path)
    (tmp_path / lock).touch()
    (outcome,) = written(opened(described(tmp_path)), update("1", Name="Ours"))
    assert outcome.kind is OutcomeKind.FAILED
    assert "is open in" in outcome.message
    assert path.read_bytes().decode() == GOOD


def test_P21_an_engine_that_was_overtaken_writes_nothing(tmp_path: Path) -> None:
    path = people(tmp_path)

    async def overtaken() -> None:
        raise StoreBusy("overtaken")

    with pytest.raises(StoreBusy):
        written(opened(described(tmp_path), hold=overtaken), update("1", Name="Ours"))
    assert path.read_bytes().decode() == GOOD


def test_a_file_that_stayed_as_it_was_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = people(tmp_path)
    os.utime(path, (1.5e9, 1.5e9))
    connector = opened(described(tmp_path))
    assert len(seen(connector)) == 2

    def never(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("accord.connectors.files.parse", never)
    assert len(seen(connector)) == 2
    os.utime(path, (1.6e9, 1.6e9))  # another time, the same bytes
    assert len(seen(connector)) == 2


# --- new rows -------------------------------------------------------------------------------------------------------------------------


def test_P7_a_create_that_is_made_again_makes_one_row(tmp_path: Path) -> None:
    people(tmp_path)
    connector = opened(described(tmp_path))
    write = intent(OperationKind.CREATE, Name="Cy")
    first, second = written(connector, write)[0], written(opened(described(tmp_path)), write)[0]
    assert first.observation == second.observation
    assert len(seen(connector)) == 3


def test_a_row_without_an_id_is_not_made(tmp_path: Path) -> None:
    people(tmp_path)
    connector = opened(described(tmp_path, more=""))
    assert not connector.capabilities("Contact").create
    assert written(connector, intent(OperationKind.CREATE, Name="Cy"))[0].kind is OutcomeKind.REFUSED


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("header: false", "without a header nothing names the columns"),
        ("columns: [Id, Id]", "columns names Id twice"),
        ("encoding: utf-9", "unknown encoding utf-9"),
        ('delimiter: ";;"', "a delimiter is one character"),
        ("sheet: People", "sheet says nothing of csv"),
        ("booleans: [Yes, yes]", "booleans are two texts that differ"),
        ("reference: Nam", "reference Nam is no property"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        described(tmp_path, more=more)
    assert any(said in str(each) for each in caught.value.problems)


def test_a_file_is_within_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no file of the folder"):
        described(tmp_path, "../people.csv")
