"""Membercare over real HTTP: the public API's facts, and the assumptions of docs/reference/membercare-sandbox.md."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import sandbox_client
from sandbox_client import Client

from accord.sandbox.process import start

pytestmark = pytest.mark.slow
NUMBER = "registrationNumbers/norwegianCompanyNumber"


def person(care: Client, **members: Any) -> str:
    return str(care.post("persons", {"firstname": "Åse", "lastname": "Bråten", **members})["debtorAccountNumber"])


def company(care: Client, **members: Any) -> str:
    return str(care.post("companies", {"companyName": "Fjordlys AS", **members})["debtorAccountNumber"])


def purchase(care: Client, payer: str, *prices: tuple[float, float]) -> Any:
    items = [
        {"description": "Kursbok", "amount": amount, "totalPriceWithoutVat": total, "totalVat": total / 4, "sequence": place}
        | {"financeDimensions": {"productIdentification": "BOK-1", "dimension5": f"OR-1/{place}"}, "externalSourceIdentification": "OR-1"}
        for place, (amount, total) in enumerate(prices, 1)
    ]
    return care.post("externalPurchase", {"debtorAccountNumber": payer, "externalPurchaseItems": items})


def server_second(care: Client) -> str:
    return f"{parsedate_to_datetime(care.call('GET', 'products/groups').headers['date']):%Y-%m-%dT%H:%M:%S}"


# Signing in


def test_both_ways_of_signing_in_give_a_token_with_a_naive_expiration(care: Client) -> None:
    posted = care.post("token", {"clientApiKey": care.running.key, "personToImpersonate": "1"})
    got = care.get(f"token?clientApiKey={care.running.key}&personToImpersonate=1")
    for token in (posted, got):
        assert set(token) == {"value", "expiration"}
        assert datetime.fromisoformat(token["expiration"]).tzinfo is None
        assert care.call("GET", "persons", token=token["value"]).status == 200


@pytest.mark.parametrize(("key", "number", "status"), [("wrong", "1", 400), (None, "4711", 404)])
def test_a_wrong_key_or_person_gets_no_token(care: Client, key: str | None, number: str, status: int) -> None:
    reply = care.call("POST", "token", {"clientApiKey": key or care.running.key, "personToImpersonate": number})
    assert reply.status == status
    assert isinstance(reply.json, str)


def test_a_missing_or_expired_token_is_401_in_words() -> None:
    with start("membercare", 0, options=["--token-seconds", "0"]) as running:
        client = sandbox_client.membercare(running)
        expired = client.call("GET", "persons")
        del client.headers["token"]
        missing = client.call("GET", "persons")
    for reply in (expired, missing):
        assert reply.status == 401
        assert isinstance(reply.json, str)


# Paging


def test_pages_link_to_their_neighbours_and_keep_the_query(care: Client) -> None:
    first = care.get("persons?pageSize=7&onlyValid=true")
    assert first["previousPageUrl"] is None
    assert first["nextPageUrl"] == f"{care.running.url}/api/v1/persons?pageSize=7&onlyValid=true&page=2"
    assert first["totalPages"] == -(-first["totalCount"] // 7)
    last = care.get(f"persons?pageSize=7&page={first['totalPages']}")
    assert last["nextPageUrl"] is None
    assert last["previousPageUrl"].endswith(f"page={first['totalPages'] - 1}")
    numbers = [each["debtorAccountNumber"] for page in care.numbered_pages("persons?pageSize=7") for each in page]
    assert len(set(numbers)) == len(numbers) == first["totalCount"]


def test_fifty_is_the_page_and_five_thousand_the_longest(care: Client) -> None:
    assert len(care.get("debtors")["result"]) == 50
    assert care.call("GET", "debtors?pageSize=5000").status == 200
    assert care.call("GET", "debtors?pageSize=5001").status == 400


# Persons


def test_a_created_person_is_found_by_its_external_id(care: Client) -> None:
    number = person(care, externalId="crm-1", birthDate="1984-03-09T00:00:00", gender=2)
    found = care.get("persons/search/by/externalid?externalId=crm-1")
    assert found == care.get(f"persons/{number}")
    assert (found["name"], found["memberType"], found["birthDate"], found["contacts"]) == ("Åse Bråten", 1, "1984-03-09T00:00:00", [])
    assert len(found) == 56
    assert care.call("GET", "persons/search/by/externalid?externalId=nobody").status == 404


@pytest.mark.parametrize("member", ["contacts", "addresses"])
def test_a_person_with_contacts_or_addresses_is_refused(care: Client, member: str) -> None:
    items = {"contacts": [{"type": 1, "value": "a@example.org"}], "addresses": [{"street": "Storgata"}]}
    refused = care.call("POST", "persons", {"firstname": "A", member: items[member]})
    assert refused.status == 400
    assert isinstance(refused.json, str)
    assert care.call("POST", "persons", {"firstname": "A", member: []}).status == 200


def test_posting_a_taken_number_updates_that_person_and_keeps_the_rest(care: Client) -> None:
    number = person(care, text="kept")
    posted = care.post("persons", {"debtorAccountNumber": number, "firstname": "Liv"})
    assert (posted["debtorAccountNumber"], posted["firstname"], posted["lastname"], posted["text"]) == (number, "Liv", "Bråten", "kept")


def test_a_patch_has_names_of_its_own_and_answers_nothing(care: Client) -> None:
    number = person(care, externalId="crm-patched", allowSms=True)
    reply = care.call("PATCH", f"persons/{number}", {"firstName": "Ine", "allowContactViaSms": False, "defaultPayerRule": 2})
    assert (reply.status, reply.body) == (200, b"")
    after = care.get(f"persons/{number}")
    assert (after["firstname"], after["lastname"], after["name"]) == ("Ine", "Bråten", "Ine Bråten")
    assert (after["allowSms"], after["dafualtPayerRule"], after["externalId"]) == (False, 2, "crm-patched")
    care.call("PATCH", f"persons/{number}", {"birthDate": None, "externalId": None})
    assert care.get(f"persons/{number}")["externalId"] is None
    assert care.call("GET", "persons/search/by/externalid?externalId=crm-patched").status == 404


@pytest.mark.parametrize("body", [{"firstname": "x"}, {"allowSms": True}, {"gender": 9}, {"birthDate": "1984-03-09T00:00:00Z"}])
def test_a_patch_refuses_what_it_does_not_know(care: Client, body: Any) -> None:
    refused = care.call("PATCH", f"persons/{person(care)}", body)
    assert refused.status == 400
    assert isinstance(refused.json, str)


def test_a_closed_person_leaves_the_plain_listing_but_not_the_feed(care: Client) -> None:
    number = person(care)
    care.call("PATCH", f"persons/{number}", {"closeDate": "2020-01-01T00:00:00"})
    shown = [each["debtorAccountNumber"] for each in care.get("persons?pageSize=5000")["result"]]
    everybody = [each["debtorAccountNumber"] for each in care.get("persons?pageSize=5000&onlyValid=false")["result"]]
    assert number not in shown
    assert number in everybody
    assert care.get(f"debtors/{number}")["closeDate"] == "2020-01-01T00:00:00"


# Contacts and addresses


@pytest.mark.parametrize("kind", ["persons", "companies"])
def test_a_new_contact_of_a_type_ends_the_earlier_one(care: Client, kind: str) -> None:
    number = person(care) if kind == "persons" else company(care)
    path = f"{kind}/{number}/contacts"
    care.post(path, [{"type": 1, "value": "old@example.org"}, {"type": 5, "value": "+4791234567"}])
    answered = care.post(path, [{"type": 1, "value": "new@example.org", "start": "2024-09-10T00:00:00"}])
    contacts = care.get(f"{kind}/{number}")["contacts"]
    assert [(each["value"], each["end"] is None) for each in contacts] == [
        ("old@example.org", False),
        ("+4791234567", True),
        ("new@example.org", True),
    ]
    assert answered == [contacts[2]]


def test_a_contact_whose_end_has_come_ends_the_current_one_and_adds_nothing(care: Client) -> None:
    number = person(care)
    care.post(f"persons/{number}/contacts", [{"type": 1, "value": "old@example.org"}])
    answered = care.post(f"persons/{number}/contacts", [{"type": 1, "value": "old@example.org", "end": server_second(care)}])
    contacts = care.get(f"persons/{number}")["contacts"]
    assert len(contacts) == 1
    assert contacts[0]["end"] is not None
    assert answered == contacts
    assert care.post(f"persons/{number}/contacts", [{"type": 1, "end": "2020-01-01T00:00:00"}]) == []


def test_an_address_is_completed_and_ends_the_earlier_one_of_its_type(care: Client) -> None:
    number = person(care)
    home = {"street": "Storgata", "number": "14", "letter": "B", "postalCode": {"zipCode": "0184", "city": "Oslo"}, "addressType": 1}
    care.post(f"persons/{number}/addresses", [{**home, "country": {"iso2Letter": "NO"}}])
    care.post(f"persons/{number}/addresses", [{**home, "number": "15", "country": {"iso2Letter": "SE"}}, {**home, "addressType": 2}])
    addresses = care.get(f"persons/{number}")["addresses"]
    assert [(each["number"], each["addressType"], each["end"] is None) for each in addresses] == [
        ("14", 1, False),
        ("15", 1, True),
        ("14", 2, True),
    ]
    assert addresses[0]["country"]["name"] == "Norge"
    assert addresses[0]["postalCode"]["id"] is not None
    assert addresses[0]["streetAndZipOneLine"] == "Storgata 14 B, 0184 Oslo"
    assert care.call("POST", f"persons/{number}/addresses", [{**home, "country": {"iso2Letter": "XX"}}]).status == 400


def test_contacts_must_come_as_an_array(care: Client) -> None:
    assert care.call("POST", f"persons/{person(care)}/contacts", {"type": 1, "value": "a@example.org"}).status == 400


# Companies


@pytest.mark.parametrize(
    "member",
    ["debtorAccountNumber", "name", "nameHistory", "businessNumbers", "addresses", "invoiceAddresses", "readdressings", "contacts"],
)
def test_a_company_with_a_forbidden_member_is_refused(care: Client, member: str) -> None:
    reply = care.call("POST", "companies", {"companyName": "Fjordlys AS", member: []})
    assert reply.status == 400
    assert member in reply.json


def test_a_companys_listing_shows_contacts_and_addresses_only_when_asked(care: Client) -> None:
    number = company(care)
    care.post(f"companies/{number}/contacts", [{"type": 8, "value": "https://fjordlys.example"}])
    plain = care.get("companies?pageSize=5000")["result"][-1]
    whole = care.get("companies?pageSize=5000&includeAddressAndContactInfo=true")["result"][-1]
    assert "contacts" not in plain
    assert "addresses" not in plain
    assert plain["debtorAccountNumber"] == number
    assert whole == care.get(f"companies/{number}")
    assert whole["contacts"][0]["value"] == "https://fjordlys.example"


def test_a_company_is_patched_and_found_by_number_name_and_registration(care: Client) -> None:
    number = company(care, externalId="crm-k-1", closeDate="2020-01-01T00:00:00")
    assert care.get(f"companies/{number}")["closeDate"] is None
    assert care.call("GET", f"companies/{number}/{NUMBER}").status == 404
    assert care.call("PUT", f"companies/{number}/{NUMBER}", {"number": "974760673"}).status == 404
    care.post(f"companies/{number}/{NUMBER}", {"number": "923609016"})
    care.call("PUT", f"companies/{number}/{NUMBER}", {"number": "974760673"})
    assert care.get(f"companies/{number}/{NUMBER}")["number"] == "974760673"
    reply = care.call("PATCH", f"companies/{number}", {"companyName": "Æolus Øst AS", "einvoiceEmail": "faktura@aeolus.example"})
    assert (reply.status, reply.body) == (200, b"")
    read = care.get(f"companies/{number}")
    assert (read["companyName"], read["name"], read["externalId"]) == ("Æolus Øst AS", "Æolus Øst AS", "crm-k-1")
    assert read["businessNumbers"]["registrationNumberNorwegianCompanyNumber"]["number"] == "974760673"
    for wanted in (number, "974760673", "%C3%A6olus"):
        assert [each["debtorAccountNumber"] for each in care.get(f"companies/search?searchString={wanted}")["result"]] == [number]
    assert care.call("PATCH", f"companies/{number}", {"name": "x"}).status == 400


# The change feed


def test_the_feed_is_inclusive_of_its_second_and_ordered_by_number(care: Client) -> None:
    last = care.get(f"persons/{person(care)}")
    changed = care.get(f"debtors?changedAfter={last['lastChange']}&pageSize=5000")["result"]
    numbers = [each["debtorAccountNumber"] for each in changed]
    assert last["debtorAccountNumber"] in numbers
    assert [int(number) for number in numbers] == sorted(int(number) for number in numbers)
    assert all(each["lastChange"] >= last["lastChange"] for each in changed)
    assert care.get("debtors?changedAfter=2999-01-01T00:00:00")["totalCount"] == 0


@pytest.mark.parametrize(
    ("kind", "path", "method", "body"),
    [
        ("persons", "", "PATCH", {"lastName": "Ås"}),
        ("persons", "/contacts", "POST", [{"type": 1, "value": "a@example.org"}]),
        ("persons", "/addresses", "POST", [{"street": "Storgata"}]),
        ("companies", f"/{NUMBER}", "POST", {"number": "923609016"}),
    ],
)
def test_every_change_of_a_member_brings_it_into_the_feed(care: Client, kind: str, path: str, method: str, body: Any) -> None:
    seeded = care.get(f"{kind}?pageSize=3")["result"][-1]
    number = seeded["debtorAccountNumber"]
    now = server_second(care)
    assert care.call(method, f"{kind}/{number}{path}", body).status == 200
    entry = next(each for each in care.get(f"debtors?changedAfter={now}&pageSize=5000")["result"] if each["debtorAccountNumber"] == number)
    assert entry["memberType"] == {"persons": 1, "companies": 2}[kind]
    assert entry["lastChange"] == care.get(f"{kind}/{number}")["lastChange"] >= now


# Invoices and products


def test_a_purchase_becomes_an_invoice_and_a_repeat_makes_another(care: Client) -> None:
    payer = person(care)
    first, second = (purchase(care, payer, (4, 1000.0), (3, 99.99)) for _ in range(2))
    items = first["invoiceItems"]
    assert [(each["unitPrice"], each["quantity"], each["totalPrice"], each["totalVat"]) for each in items] == [
        (250.0, 4.0, 1000.0, 250.0),
        (33.33, 3.0, 99.99, 99.99 / 4),
    ]
    assert items[1]["financeDimensions"]["dimension5"] == "OR-1/2"
    assert "externalSourceIdentification" not in items[0]
    assert first["payer"] == {"debtorAccountNumber": payer, "name": "Åse Bråten", "memberType": 1}
    listed = care.get(f"debtors/{payer}/invoices?reverseOrder=true")["result"]
    assert [each["id"] for each in listed] == [second["id"], first["id"]]
    assert listed[1] == care.get(f"invoices/{first['id']}")
    assert care.call("POST", "externalPurchase", {"debtorAccountNumber": "4711", "externalPurchaseItems": []}).status == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_finance_status_can_be_set_and_listed_by(strict: Client, method: str) -> None:
    invoice = purchase(strict, person(strict), (1, 100.0))
    reply = strict.call(method, f"invoices/{invoice['id']}", {"id": invoice["id"], "financeStatus": 2})
    assert reply.json == {**invoice, "financeStatus": 2}
    assert invoice["id"] in [each["id"] for each in strict.get("invoices?financeStatus=2")["result"]]
    assert invoice["id"] not in [each["id"] for each in strict.get("invoices?financeStatus=0")["result"]]
    assert strict.call(method, f"invoices/{invoice['id']}", {"id": invoice["id"] + 1, "financeStatus": 2}).status == 400


def test_a_lenient_invoice_is_made_changed_and_found(care: Client) -> None:
    first, second = person(care), person(care)
    lines = [{"sequence": 1, "description": "A", "quantity": 2, "unitPrice": 30.5, "totalVat": 15.25}]
    texts = [{"label": "OrderNumber", "value": "SO-1"}, {"label": "Note", "value": "x"}]
    body = {"payer": {"debtorAccountNumber": first}, "externalId": "OR-1", "payDueDate": "2025-02-01T00:00:00"}
    made = care.post("invoices", {**body, "invoiceItems": lines, "invoiceTexts": texts})
    assert (made["invoiceItems"][0]["totalPrice"], made["payDueDate"]) == (61.0, "2025-02-01T00:00:00")
    assert care.get("invoices/search/by/externalid?externalId=OR-1") == made
    extra = [{**lines[0], "quantity": 3}, {"sequence": 2, "quantity": 1, "unitPrice": 25}]
    change = {"payer": {"debtorAccountNumber": second}, "invoiceItems": extra, "invoiceTexts": [{"label": "Note", "value": None}]}
    after = care.call("PATCH", f"invoices/{made['id']}", {**change, "financeStatus": 1}).json
    assert [(each["sequence"], each["totalPrice"]) for each in after["invoiceItems"]] == [(1, 91.5), (2, 25.0)]
    assert after["invoiceItems"][0]["id"] == made["invoiceItems"][0]["id"]
    assert [(each["label"], each["value"]) for each in after["invoiceTexts"]] == [("OrderNumber", "SO-1")]
    assert (after["financeStatus"], after["externalId"], after["payer"]["debtorAccountNumber"]) == (1, "OR-1", second)
    assert care.get(f"debtors/{first}/invoices")["totalCount"] == 0
    assert care.get(f"debtors/{second}/invoices")["totalCount"] == 1


def test_a_lenient_product_is_made_changed_and_found(care: Client) -> None:
    dimensions = {"productIdentification": "BOK-9", "dimension5": "x"}
    made = care.post("products", {"name": "Kursbok", "vatPercent": 25, "financeDimensions": dimensions, "externalId": "PR-9"})
    after = care.call("PATCH", f"products/{made['id']}", {"valid": False, "financeDimensions": {"productIdentification": "BOK-8"}}).json
    assert (after["name"], after["valid"], after["vatPercent"]) == ("Kursbok", False, 25)
    assert after["financeDimensions"]["productIdentification"] == "BOK-8"
    assert after["financeDimensions"]["dimension5"] == "x"
    assert care.get("products/search/by/externalid?externalId=PR-9") == after
    assert care.call("PATCH", f"products/{made['id']}", {"price": 3}).status == 400


@pytest.mark.parametrize(("method", "path"), [("POST", "products"), ("PATCH", "products/41"), ("POST", "invoices")])
def test_strict_answers_405_in_words_where_the_public_api_has_no_call(strict: Client, method: str, path: str) -> None:
    reply = strict.call(method, path, {})
    assert reply.status == 405
    assert isinstance(reply.json, str)


def test_strict_knows_no_external_id_on_invoices_and_products_and_no_e_mail_consent(strict: Client, care: Client) -> None:
    assert "externalId" not in strict.get("products")["result"][0]
    assert "externalId" in care.get("products")["result"][0]
    assert "externalId" not in purchase(strict, person(strict), (1, 30.0))
    assert strict.call("PATCH", f"persons/{person(strict)}", {"allowContactViaEmail": True}).status == 400
    number = person(care)
    care.call("PATCH", f"persons/{number}", {"allowContactViaEmail": True})
    assert care.get(f"persons/{number}")["allowEmail"] is True


# The rest


def test_a_foreign_systems_id_is_noted_and_looked_up(care: Client) -> None:
    number, system = company(care), care.post("foreignSystems", {"name": "Customcrm"})
    care.post(f"companies/{number}/foreignSystem/{system['id']}?externalId=crm-7")
    found = care.get(f"foreignSystems/{system['id']}/companies?externalId=crm-7")["result"]
    assert [each["debtorAccountNumber"] for each in found] == [number]
    assert found[0]["foreignSystemMappings"][0]["externalId"] == "crm-7"
    assert care.get(f"foreignSystems/{system['id']}/persons?externalId=crm-7")["result"] == []


def test_countries_have_their_letters_and_the_groups_are_a_bare_array(care: Client) -> None:
    countries = {each["iso2Letter"]: each["name"] for each in care.get("addresses/countries")}
    assert (countries["NO"], countries["SE"], len(countries) > 200) == ("Norge", "Sverige", True)
    assert isinstance(care.get("products/groups"), list)


@pytest.mark.parametrize("path", ["persons/4711", "persons/x", "companies/4711", "debtors/4711", "invoices/1", "products/x", "nothing"])
def test_what_is_not_there_is_404_in_words(care: Client, path: str) -> None:
    reply = care.call("GET", path)
    assert reply.status == 404
    assert isinstance(reply.json, str)


def test_calls_are_named_with_id_and_signing_in_is_no_work(care: Client) -> None:
    number = person(care)
    care.call("POST", "/_sandbox/calls/reset")
    care.post("token", {"clientApiKey": care.running.key, "personToImpersonate": "1"})
    care.post(f"persons/{number}/contacts", [])
    care.get("debtors")
    assert care.get("/_sandbox/calls") == {
        "reads": 1,
        "writes": 1,
        "by_call": {"GET debtors": 1, "POST persons/{id}/contacts": 1, "POST token": 1},
    }


@pytest.mark.parametrize("collection", ["persons", "companies", "invoices", "products"])
def test_dumps_are_the_listings(care: Client, collection: str) -> None:
    listed = care.get(f"{collection}?pageSize=5000&onlyValid=false&includeAddressAndContactInfo=true")["result"]
    assert care.dump(collection) == listed


def test_the_description_has_only_the_calls_that_are_there(care: Client, strict: Client) -> None:
    lenient_paths, strict_paths = care.get("/openapi.json")["paths"], strict.get("/openapi.json")["paths"]
    assert set(lenient_paths["/api/v1/products/{id}"]) == {"get", "patch"}
    assert set(strict_paths["/api/v1/products/{id}"]) == {"get"}
    assert "/api/v1/invoices/search/by/externalid" not in strict_paths
    schemas = strict.get("/openapi.json")["components"]["schemas"]
    assert "dafualtPayerRule" in schemas["Person"]["properties"]
    assert schemas["PersonPagedResult"]["properties"]["result"]["type"] == "array"
