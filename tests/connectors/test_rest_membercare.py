"""What the Membercare manifest makes of the odd corners of its API, in front of the sandbox: groups, texts, purchases, feeds."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from inprocess import Hosted, connect, every_property
from rigs import PassingClock, create, run, shipped, update

from accord.connectors.http import Answer
from accord.connectors.rest import RestConnector
from accord.model.plans import Found, Outcome, OutcomeKind, Write
from accord.model.records import Hint, Observation, Seen

MEMBERCARE = shipped("membercare")


class Town(Hosted):
    """A Membercare that notes the calls made to it, signing in left out."""

    def __init__(self, *, strict: bool = False) -> None:
        super().__init__("membercare", PassingClock(), strict=strict)
        self.calls: list[str] = []
        self.bodies: list[bytes] = []
        self.connector: RestConnector = connect(self, MEMBERCARE, every_property(MEMBERCARE))

    async def request(self, method: str, url: str, headers: Any, body: bytes | None = None) -> Answer:
        path = url.partition("/api/v1")[2].partition("?")[0]
        if path != "/token":
            self.calls.append(f"{method} {path}")
            self.bodies.append(body or b"")
        return await super().request(method, url, headers, body)

    def write(self, datatype: str, *writes: Write) -> list[Outcome]:
        async def scenario() -> list[Outcome]:
            return [each async for each in self.connector.write(datatype, writes)]

        self.calls.clear()
        self.bodies.clear()
        self.clock.passed += 5
        return run(scenario())

    def seen(self, outcomes: Sequence[Outcome]) -> Seen:
        (outcome,) = outcomes
        assert outcome.kind is OutcomeKind.DONE, outcome
        assert outcome.observation is not None
        self.clock.passed += 5
        (read,) = self.read(outcome.observation)
        assert isinstance(read, Seen)
        assert read.values == outcome.observation.values, "what was observed is what is there"
        return read

    def read(self, seen: Seen) -> Sequence[Observation]:
        return run(self.connector.read(seen.ref.datatype, [seen.ref.id]))

    def find(self, datatype: str, write: Write) -> Found:
        return run(self.connector.find(datatype, [write]))[0]


def _person(**more: Any) -> Write:
    values = {"firstname": "Ingrid", "lastname": "Solheim", "gender": 2, "birthDate": "1984-03-09T00:00:00", "email": "i@example.org"}
    address = {"address__street": "Storgata", "address__number": "14", "address__zipCode": "0184", "address__country": "NO"}
    return create(datatype="Persons", **{**values, "mobile": "91234567", **address, **more})


def test_a_person_is_made_by_three_calls_and_observed_without_a_fourth() -> None:
    town = Town()
    seen = town.seen(town.write("Persons", _person(phone=None)))
    assert town.calls[:3] == ["POST /persons", f"POST /persons/{seen.ref.id}/contacts", f"POST /persons/{seen.ref.id}/addresses"]
    assert town.calls[3:] == [f"GET /persons/{seen.ref.id}"]  # the test's own
    wanted = {"firstname": "Ingrid", "email": "i@example.org", "mobile": "91234567", "phone": None, "address.country": "NO"}
    assert {name: seen.values[name] for name in wanted} == wanted
    assert seen.values["externalId"] == "left-1"


def test_a_new_address_is_sent_whole_with_what_was_not_changed_and_what_nobody_mapped() -> None:
    town = Town()
    seen = town.seen(town.write("Persons", _person(address__floor="3", address__city="Oslo")))
    seen = town.seen(town.write("Persons", update(seen, datatype="Persons", address__number="16")))
    address = {name: value for name, value in seen.values.items() if name.startswith("address.") and value is not None}
    assert address == {
        "address.street": "Storgata",
        "address.number": "16",
        "address.floor": "3",
        "address.zipCode": "0184",
        "address.city": "Oslo",
        "address.country": "NO",
    }


def test_patch_uses_its_own_spellings_and_contacts_share_one_call() -> None:
    town = Town()
    seen = town.seen(town.write("Persons", _person()))
    values = {"lastname": "Berg", "allowSms": True, "allowEmail": True, "email": "b@example.org", "mobile": "98765432"}
    after = town.seen(town.write("Persons", update(seen, datatype="Persons", **values)))
    one = f"/persons/{seen.ref.id}"
    assert town.calls[:4] == [f"GET {one}", f"PATCH {one}", f"POST {one}/contacts", f"GET {one}"]
    assert town.bodies[1] == b'{"lastName":"Berg","allowContactViaSms":true,"allowContactViaEmail":true}'
    assert {name: after.values[name] for name in values} == values


def test_clearing_a_contact_ends_it() -> None:
    town = Town()
    seen = town.seen(town.write("Persons", _person()))
    after = town.seen(town.write("Persons", update(seen, datatype="Persons", email=None)))
    assert after.values["email"] is None
    assert after.values["mobile"] == "91234567"


def test_P07_persons_and_companies_are_found_by_our_reference() -> None:
    town = Town()
    person = town.seen(town.write("Persons", _person()))
    company = create(datatype="Companies", companyName="Fjordlys AS", organisationNumber="987654321", website="https://f.example")
    made = town.seen(town.write("Companies", company))
    assert made.values["organisationNumber"] == "987654321"
    town.write("Companies", create(reference="left-2", datatype="Companies", companyName="Fjordlys AS"))
    assert [each.ref for each in town.find("Persons", _person()).records] == [person.ref]
    assert [each.ref for each in town.find("Companies", company).records] == [made.ref]


def test_a_changed_organisation_number_is_posted_again() -> None:
    town = Town()
    seen = town.seen(town.write("Companies", create(datatype="Companies", companyName="A", organisationNumber="987654321")))
    after = town.seen(town.write("Companies", update(seen, datatype="Companies", organisationNumber="123456785", fax="22")))
    assert (after.values["organisationNumber"], after.values["fax"]) == ("123456785", "22")


def test_the_feed_of_debtors_hints_at_the_right_datatype_and_leaves_out_what_did_not_change() -> None:
    town = Town()

    async def scenario() -> tuple[list[str], list[str]]:
        cursors = [[page async for page in town.connector.list(name)][-1].cursor for name in ("Persons", "Companies")]
        town.clock.passed += 60
        people = [each async for each in town.connector.write("Persons", [_person()])]
        firms = [each async for each in town.connector.write("Companies", [create(datatype="Companies", companyName="A")])]
        town.clock.passed += 60
        hinted: list[list[Hint]] = []
        for name, cursor in zip(("Persons", "Companies"), cursors, strict=True):
            assert cursor is not None
            hinted.append([hint async for page in town.connector.changes(name, cursor) for hint in page.hints])
        assert all(hint.version for hints in hinted for hint in hints)
        made = [each.observation.ref.id for each in (*people, *firms) if each.observation]
        return [hint.ref.id for hints in hinted for hint in hints], made

    hinted, made = run(scenario())
    assert hinted == made


def _line(sequence: int, description: str, quantity: str, price: str, vat: str, product: str | None) -> dict[str, Any]:
    amounts = {"quantity": Decimal(quantity), "unitPrice": Decimal(price), "vatPercent": Decimal(vat)}
    return {"sequence": sequence, "description": description, **amounts, "productNumber": product}


LINES = [_line(1, "Book", "4", "250.00", "25.0", "B"), _line(2, "Talk", "1.5", "33.33", "12.5", None)]


def _order(town: Town, **more: Any) -> Write:
    payer = town.seen(town.write("Persons", _person())).ref.id
    values = {"payer": payer, "lines": LINES, "orderNumber": "SO-1", "payDueDate": "2024-10-01T00:00:00", **more}
    return create(datatype="Invoices", reference="left:Order:1", **values)


def _lines(seen: Seen) -> list[tuple[Any, ...]]:
    names = ("sequence", "description", "quantity", "unitPrice", "vatPercent", "productNumber")
    return [tuple(line.get(name) for name in names) for line in seen.values["lines"]]


EXPECTED = [
    (1, "Book", 4, 250, Decimal("25.0"), "B"),
    (2, "Talk", Decimal("1.5"), Decimal("33.33"), Decimal("12.5"), None),
]
PURCHASED = [EXPECTED[0], (2, "Talk", Decimal("1.5"), Decimal("33.3333"), Decimal("12.5"), None)]
"""A purchase says the line's total, 50.00, of which the server works out the price again."""


def test_an_order_becomes_a_purchase_and_the_rest_follows() -> None:
    town = Town()
    seen = town.seen(town.write("Invoices", _order(town)))
    assert town.calls[:2] == ["POST /externalPurchase", f"PATCH /invoices/{seen.ref.id}"]
    assert b'"totalPriceWithoutVat":1000.00,"totalVat":250.00' in town.bodies[0]
    assert b'"totalPriceWithoutVat":50.00,"totalVat":6.25' in town.bodies[0]
    assert _lines(seen) == PURCHASED
    assert (seen.values["orderNumber"], seen.values["quoteNumber"], seen.values["payDueDate"]) == ("SO-1", None, "2024-10-01T00:00:00")


def test_P07_a_purchase_is_found_by_the_mark_on_its_lines() -> None:
    town = Town()
    order = _order(town)
    seen = town.seen(town.write("Invoices", order))
    found = town.find("Invoices", order)
    assert ([each.ref for each in found.records], found.certain) == ([seen.ref], True)
    other = create(datatype="Invoices", reference="left:Order:2", **dict(order.values))
    assert town.find("Invoices", other).records == ()


def test_a_quote_becomes_an_invoice_by_one_lenient_call_and_is_found() -> None:
    town = Town()
    order = _order(town)
    values = {**order.values, "orderNumber": None, "quoteNumber": "Q-1", "referenceName": "Kari"}
    quote = create(datatype="Invoices", reference="left:Quote:1", **values)
    seen = town.seen(town.write("Invoices", quote))
    assert town.calls[0] == "POST /invoices"
    assert (seen.values["quoteNumber"], seen.values["referenceName"], seen.values["orderNumber"]) == ("Q-1", "Kari", None)
    assert seen.values["externalId"] == "left:Quote:1"
    assert _lines(seen) == EXPECTED
    assert [each.ref for each in town.find("Invoices", quote).records] == [seen.ref]


def test_an_invoice_takes_new_lines_and_loses_a_text_by_one_call() -> None:
    town = Town()
    seen = town.seen(town.write("Invoices", _order(town)))
    lines = [{**LINES[1], "sequence": 1}]
    after = town.seen(town.write("Invoices", update(seen, datatype="Invoices", lines=lines, orderNumber=None, referenceEmail="a@b")))
    assert town.calls[:2] == [f"GET /invoices/{seen.ref.id}", f"PATCH /invoices/{seen.ref.id}"]
    assert _lines(after) == [(1, *EXPECTED[1][1:])]
    assert (after.values["orderNumber"], after.values["referenceEmail"]) == (None, "a@b")


def test_P26_a_tenant_without_lenient_calls_keeps_the_purchase_and_says_what_it_refused() -> None:
    town = Town(strict=True)
    (outcome,) = town.write("Invoices", _order(town))
    assert outcome.kind is OutcomeKind.DONE
    assert outcome.message.startswith("done in part: 400")
    assert outcome.observation is not None
    assert _lines(outcome.observation) == PURCHASED
    (refused,) = town.write("Products", create(datatype="Products", name="Book"))
    assert refused.kind is OutcomeKind.REFUSED


def test_products_are_made_changed_and_found() -> None:
    town = Town()
    product = create(datatype="Products", name="Book", productNumber="B-1", vatPercent=Decimal("12.5"), valid=True)
    seen = town.seen(town.write("Products", product))
    after = town.seen(town.write("Products", update(seen, datatype="Products", productNumber="B-2")))
    assert after.values == {**seen.values, "productNumber": "B-2"}
    assert [each.ref for each in town.find("Products", product).records] == [seen.ref]


def test_a_token_that_ran_out_is_renewed_without_anybody_noticing() -> None:
    town = Town()
    seen = town.seen(town.write("Persons", _person()))
    town.clock.passed += 10_000
    assert town.read(seen) == [seen]
