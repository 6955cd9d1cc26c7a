"""The seeded data: the same for the same seed, and every number in it valid."""

from collections import Counter
from itertools import islice

import msgspec
import phonenumbers
import pytest
from stdnum.no import orgnr

from accord.sandbox.data import counts, left_records, right_data
from accord.sandbox.seeds.numbers import FIXED, MOBILE, international, organisation_number

COLLECTIONS = ("contacts", "customers", "products", "orders", "quotes", "users")
ISO2 = {"Norway": "NO", "Sweden": "SE", "Denmark": "DK", "Finland": "FI"}


def left(collection: str, size: int = 2000, seed: int = 1) -> list[dict[str, object]]:
    return [fields for _, fields in left_records(collection, size, seed)]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(collection: str) -> None:
    first, again, other = (msgspec.json.encode(list(left_records(collection, 300, seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_membercare_data_is_the_same_for_the_same_seed() -> None:
    first, again = (
        [list(part) for part in (data.persons(), data.companies(), data.products(), data.bills())]
        for data in (right_data(500, 7), right_data(500, 7))
    )
    assert first == again


@pytest.mark.parametrize("size", [18, 20, 200, 1000, 99_999])
def test_the_counts_add_up_to_the_size_with_at_least_three_of_each(size: int) -> None:
    assert sum(counts(size).values()) == size
    assert min(counts(size).values()) >= 3


def test_no_size_no_records() -> None:
    assert sum(counts(0).values()) == 0
    assert not list(right_data(0, 1).persons())


def test_times_rise_and_never_repeat_within_a_collection() -> None:
    times = [at for at, _ in left_records("contacts", 2000, 1)]
    assert times == sorted(set(times))


def test_every_phone_is_valid_in_its_country_however_it_is_written() -> None:
    spellings = Counter[str]()
    for contact in left("contacts"):
        for name in ("Phone", "Mobile"):
            written = contact[name]
            if written is not None:
                assert isinstance(written, str)
                assert phonenumbers.is_valid_number(phonenumbers.parse(written, ISO2[str(contact["Country"])])), written
                spellings[written[:1] + (" " if " " in written else "")] += 1
    assert len(spellings) > 4


@pytest.mark.parametrize("ranges", [MOBILE, FIXED])
@pytest.mark.parametrize("iso2", ["NO", "SE", "DK", "FI"])
def test_all_over_a_range_numbers_are_valid_and_never_repeat(ranges: dict, iso2: str) -> None:
    numbers = [international(ranges[iso2], index) for index in range(0, 1_900_000, 997)]
    assert len(set(numbers)) == len(numbers)
    assert all(phonenumbers.is_valid_number_for_region(phonenumbers.parse(number), iso2) for number in numbers)


def test_organisation_numbers_have_a_right_check_digit_and_never_repeat() -> None:
    numbers = [organisation_number(index) for index in range(20_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(orgnr.is_valid(number) for number in numbers)


def test_bills_have_unique_line_numbers_prices_from_25_and_known_rates() -> None:
    customers, contacts = len(left("customers")), len(left("contacts"))
    payers = Counter[str]()
    for bill in [*left("orders"), *left("quotes")]:
        lines = bill["Lines"]
        assert isinstance(lines, list)
        assert [line["LineNumber"] for line in lines] == list(range(1, len(lines) + 1))
        assert 1 <= len(lines) <= 6
        for line in lines:
            assert line["UnitPrice"] >= 25
            assert round(line["UnitPrice"], 2) == line["UnitPrice"]
            assert line["VatPercent"] in (0, 12, 15, 25)
        prefix, number = str(bill["PayerId"]).split("-")
        payers[prefix] += 1
        assert 1 <= int(number) <= {"CU": customers, "CO": contacts}[prefix]
    assert 0.7 < payers["CU"] / payers.total() < 0.9


def test_shares_of_won_orders_accepted_quotes_and_existing_members_are_as_promised() -> None:
    orders, quotes = Counter(bill["Status"] for bill in left("orders", 8000)), Counter(bill["Status"] for bill in left("quotes", 8000))
    data = right_data(8000, 1)
    persons = sum(member.left is not None for member in data.persons())
    invoices = sum(1 for _ in data.bills())
    assert orders["won"] / orders.total() == pytest.approx(0.7, abs=0.05)
    assert quotes["accepted"] / quotes.total() == pytest.approx(0.6, abs=0.06)
    assert persons / counts(8000)["contacts"] == pytest.approx(0.3, abs=0.03)
    assert invoices / orders["won"] == pytest.approx(0.05, abs=0.025)


@pytest.mark.parametrize("size", [20, 200, 2000])
def test_there_are_always_doubtful_pairs_on_both_sides(size: int) -> None:
    persons = Counter((member.email, member.first, member.last) for member in right_data(size, 3).persons())
    organisations = Counter(
        str(customer["OrganisationNumber"]) for customer in left("customers", size, 3) if customer["OrganisationNumber"]
    )
    assert max(persons.values()) == 2
    assert max(organisations.values()) == 2
    known = {member.organisation_number for member in right_data(size, 3).companies()}
    assert any(number in known for number, count in organisations.items() if count == 2)


def test_nobody_shares_an_e_mail_address_or_a_mobile_on_the_left() -> None:
    contacts = left("contacts")
    for name in ("Email", "Mobile"):
        values = [contact[name] for contact in contacts if contact[name]]
        assert len(set(values)) == len(values)


def test_a_generator_makes_only_what_is_taken() -> None:
    assert len(list(islice(left_records("contacts", 10_000_000, 1), 3))) == 3
