"""Customcrm over real HTTP: docs/reference/customcrm-api.md, line by line."""

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sandbox_client
from sandbox_client import Client

from accord.sandbox.customcrm.webhooks import signature
from accord.sandbox.process import start

pytestmark = pytest.mark.slow


def test_without_the_key_nothing_is_told(crm: Client) -> None:
    reply = crm.call("GET", "contacts", Authorization="Bearer wrong")
    assert reply.status == 401
    assert reply.json["error"]["code"] == "unauthorized"


def test_a_created_record_has_its_head_its_properties_and_nulls(crm: Client) -> None:
    reply = crm.call("POST", "contacts", {"FirstName": "Åse", "ExternalId": "x-1"})
    record = reply.json
    assert reply.status == 201
    assert reply.headers["etag"] == '"1"'
    assert reply.headers["location"] == f"/api/contacts/{record['Id']}"
    assert "date" in reply.headers
    assert (record["FirstName"], record["LastName"], record["Version"], record["Deleted"]) == ("Åse", None, 1, False)
    assert crm.get(f"contacts/{record['Id']}") == record
    assert [item["Id"] for item in crm.get("contacts?external_id=x-1")["items"]] == [record["Id"]]
    assert crm.get("contacts?external_id=nobody")["items"] == []


def test_a_patch_changes_only_what_it_gives_and_lists_as_a_whole(crm: Client) -> None:
    lines = [{"LineNumber": 1, "Quantity": 2, "UnitPrice": 30.5, "VatPercent": 25}, {"LineNumber": 2, "Quantity": 1}]
    order = crm.post("orders", {"Number": "SO-1", "Status": "draft", "Lines": lines})
    reply = crm.call("PATCH", f"orders/{order['Id']}", {"Lines": lines[:1]})
    assert reply.status == 200
    assert reply.headers["etag"] == '"2"'
    assert reply.json["Lines"] == lines[:1]
    assert reply.json["Number"] == "SO-1"
    assert reply.json["UpdatedAt"] > order["UpdatedAt"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_another_version_is_refused_with_412_and_nothing_happens(crm: Client, method: str) -> None:
    made = crm.post("products", {"Number": "N-1"})
    refused = crm.call(method, f"products/{made['Id']}", {"Name": "x"}, If_Match='"7"')
    assert refused.status == 412
    assert crm.get(f"products/{made['Id']}") == made
    assert crm.call(method, f"products/{made['Id']}", {"Name": "x"}, If_Match='"1"').status in (200, 204)


def test_a_repeated_idempotency_key_gives_the_first_answer_and_makes_nothing(crm: Client) -> None:
    first = crm.call("POST", "users", {"Name": "Once"}, Idempotency_Key="k-1")
    again = crm.call("POST", "users", {"Name": "Twice"}, Idempotency_Key="k-1")
    other = crm.call("POST", "users", {"Name": "Twice"}, Idempotency_Key="k-2")
    assert (again.status, again.body, again.headers["location"]) == (201, first.body, first.headers["location"])
    assert other.json["Id"] != first.json["Id"]


@pytest.mark.parametrize(
    ("collection", "body", "member"),
    [
        ("contacts", {"Nickname": "x"}, "Nickname"),
        ("contacts", {"FirstName": 7}, "FirstName"),
        ("contacts", {"BirthDate": "yesterday"}, "BirthDate"),
        ("contacts", {"Gender": "unsure"}, "Gender"),
        ("contacts", {"Id": "CO-1"}, "Id"),
        ("orders", {"Lines": [{"LineNumber": 1}, {"LineNumber": 1}]}, "Lines"),
        ("orders", {"Lines": [{"LineNumber": "one"}]}, "Lines"),
    ],
)
def test_unknown_and_badly_typed_properties_are_named_in_a_422(crm: Client, collection: str, body: Any, member: str) -> None:
    reply = crm.call("POST", collection, body)
    assert reply.status == 422
    assert (reply.json["error"]["code"], reply.json["error"]["property"]) == ("invalid", member)


def test_a_listing_gives_every_record_once_in_the_order_of_change(crm: Client) -> None:
    pages = list(crm.cursor_pages("customers?limit=7"))
    items = [item for page in pages for item in page]
    assert all(len(page) == 7 for page in pages[:-1])
    assert len({item["Id"] for item in items}) == len(items) == len(crm.dump("customers"))
    assert [(item["UpdatedAt"], item["Id"]) for item in items] == sorted((item["UpdatedAt"], item["Id"]) for item in items)


def test_updated_since_is_inclusive_and_a_page_may_end_anywhere(crm: Client) -> None:
    items = [item for page in crm.cursor_pages("quotes") for item in page]
    since = items[-4]["UpdatedAt"]
    for limit in (1, 2, 3, 4, 5):
        pages = list(crm.cursor_pages(f"quotes?updated_since={since}&limit={limit}"))
        assert [item["Id"] for page in pages for item in page] == [item["Id"] for item in items[-4:]]


def test_a_record_that_changes_while_it_is_listed_comes_again_at_the_end(crm: Client) -> None:
    for name in ("a", "b", "c"):
        crm.post("users", {"Name": name})
    pages = crm.cursor_pages("users?limit=2")
    first = next(pages)
    crm.call("PATCH", f"users/{first[0]['Id']}", {"Name": "changed"})
    rest = [item for page in pages for item in page]
    assert rest[-1]["Id"] == first[0]["Id"]
    assert rest[-1]["Name"] == "changed"


def test_a_deleted_record_is_gone_listed_as_deleted_and_seen_when_asked_for(crm: Client) -> None:
    made = [crm.post("contacts", {"FirstName": name})["Id"] for name in ("x", "y", "z")]
    for identifier in made:
        assert crm.call("DELETE", f"contacts/{identifier}").status == 204
    assert [crm.call(method, f"contacts/{made[0]}", {}).status for method in ("GET", "PATCH", "DELETE")] == [410, 410, 410]
    deletions = [item for page in crm.cursor_pages("contacts/deleted?limit=2") for item in page]
    assert [item["Id"] for item in deletions][-3:] == made
    since = [item for page in crm.cursor_pages(f"contacts/deleted?since={deletions[-2]['DeletedAt']}") for item in page]
    assert since == deletions[-2:]
    live, everything = crm.get("contacts?limit=1000")["items"], crm.get("contacts?limit=1000&include_deleted=true")["items"]
    assert not {item["Id"] for item in live} & set(made)
    assert [item["Id"] for item in everything if item["Deleted"]] == made
    assert not {item["Id"] for item in crm.dump("contacts")} & set(made)


@pytest.mark.parametrize("path", ["contacts/CO-999999", "nothing", "contacts/CO-000001/more"])
def test_what_is_not_there_is_404(crm: Client, path: str) -> None:
    assert crm.call("GET", path).status == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=!", "updated_since=soon"])
def test_a_bad_query_is_422(crm: Client, query: str) -> None:
    assert crm.call("GET", f"contacts?{query}").status == 422


def test_calls_are_counted_but_not_those_refused_at_the_door(crm: Client) -> None:
    crm.call("POST", "/_sandbox/calls/reset")
    crm.get("contacts?limit=1")
    crm.post("users", {"Name": "counted"})
    crm.call("POST", "users", {"Name": 1})
    crm.call("POST", "users", {"Name": "stranger"}, Authorization="Bearer wrong")
    assert crm.get("/_sandbox/calls") == {"reads": 1, "writes": 2, "by_call": {"GET contacts": 1, "POST users": 2}}


def test_the_description_names_every_path_and_type(crm: Client) -> None:
    document = crm.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]["/api/contacts/{id}"]) == {"get", "patch", "delete"}
    contact = document["components"]["schemas"]["Contact"]["properties"]
    assert {"Id", "UpdatedAt", "StreetAddress1", "AllowSms"} <= set(contact)
    assert contact["Gender"]["anyOf"][0]["enum"] == ["female", "male", "other", "unknown"]


def test_above_the_rate_the_answer_is_429_with_retry_after() -> None:
    with start("customcrm", 0, options=["--rate", "3"]) as running:
        client = sandbox_client.customcrm(running)
        replies = [client.call("GET", "contacts") for _ in range(8)]
    assert [reply.status for reply in replies[:3]] == [200, 200, 200]
    assert replies[-1].status == 429
    assert replies[-1].headers["retry-after"] == "1"


class _Receiver(BaseHTTPRequestHandler):
    """Refuses the first delivery, takes the others."""

    seen: "queue.Queue[tuple[dict[str, str], bytes]]"
    refusals: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        refuse = type(self).refusals > 0
        type(self).refusals -= 1
        self.send_response(503 if refuse else 204)
        self.end_headers()
        self.seen.put(({name.lower(): value for name, value in self.headers.items()}, body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, "queue.Queue[tuple[dict[str, str], bytes]]"]]:
    seen: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
    handler = type("Receiver", (_Receiver,), {"seen": seen, "refusals": 1})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", seen
    server.shutdown()
    server.server_close()


def test_a_webhook_is_signed_repeated_until_taken_and_ends_with_its_subscription(crm: Client, receiver: Any) -> None:
    url, seen = receiver
    hook = crm.post("webhooks", {"url": url, "secret": "hemmelig æøå", "collections": ["products"]})
    assert "secret" not in crm.get(f"webhooks/{hook['id']}")
    crm.post("users", {"Name": "of no interest"})
    made = crm.post("products", {"Number": "hooked"})
    (refused, first), (headers, body) = seen.get(timeout=5), seen.get(timeout=5)
    assert first == body
    assert refused["webhook-id"] == headers["webhook-id"]
    expected = signature("hemmelig æøå", headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == expected
    told = json.loads(body)
    assert (told["type"], told["collection"], told["id"]) == ("product.created", "products", made["Id"])
    assert crm.call("DELETE", f"webhooks/{hook['id']}").status == 204
    assert crm.get("webhooks") == []


def test_the_signature_is_the_one_of_the_standard() -> None:
    # Made with another tool: openssl dgst -sha256 -hmac secret over "msg_1.1700000000.{}", in base64.
    assert signature("secret", "msg_1", "1700000000", b"{}") == "v1,A5oIrJxXPB/PkULSoVu0e4khvPiqpF9vljmhkSKg0FI="
