"""Descriptions in the shapes that are met in public: JSON:API, OData, keys of the last record, records within properties, offsets."""

from pathlib import Path

import pytest
from test_drafting import crm, drafted, envelope, schemes, shipped

from accord.model.manifest import Paging, Route


def test_json_api_its_attributes_its_type_its_kind_of_json_and_a_token_beside_the_base_path(tmp_path: Path) -> None:
    made, _ = shipped(tmp_path, "osprey")
    contact = made.datatypes["Contact"]
    assert (made.origin, made.base_path) == ("https://eu.osprey.example", "/api")
    assert (made.authentication.kind, made.authentication.origin, made.authentication.path) == ("oauth", made.origin, "/oauth/token")
    assert made.headers["Content-Type"] == "application/vnd.api+json"
    assert (contact.modified, contact.reference) == ("attributes.updatedAt", "attributes.externalId")
    assert contact.changes is not None and contact.changes.parameter == "filter[updatedSince]"
    assert contact.create[0].add == {"type": "contacts"}
    assert contact.update is not None and contact.update.add == {"type": "contacts", "id": "$id"}
    assert (contact.properties["type"].create, contact.properties["attributes.birthDate"].type) == (False, "date")
    assert "attributes.updatedAt" not in contact.properties


def test_pages_that_begin_after_a_record_and_updates_by_post(tmp_path: Path) -> None:
    made, text = shipped(tmp_path, "larch")
    customer = made.datatypes["Customer"]
    assert customer.list.paging == Paging(kind="keyset", keys={"starting_after": "id"}, size_parameter="limit", size=100)
    assert customer.update == Route(path="/customers/{id}", method="POST")
    assert customer.properties["address.city"].update is True
    assert "add those you need as metadata.NAME" in text


def test_a_schema_whose_name_says_nothing_is_called_after_its_path(tmp_path: Path) -> None:
    made, text = shipped(tmp_path, "finch")
    assert list(made.datatypes) == ["Contact"]
    assert (made.system, made.authentication.kind) == ("finch", "header")  # of two ways to sign in the one that needs no browser
    assert made.datatypes["Contact"].list.paging.next == "paging.next.link"
    assert "add those you need as properties.NAME" in text


def test_an_offset_called_start_and_times_without_a_zone(tmp_path: Path) -> None:
    made, _ = shipped(tmp_path, "ember")
    person = made.datatypes["Person"]
    assert person.list.paging == Paging(kind="offset", parameter="start", size_parameter="limit", size=100)
    assert (person.modified, made.clock.format, person.update and person.update.method) == ("update_time", "naive", "PUT")


def test_odata(tmp_path: Path) -> None:
    made, _ = shipped(tmp_path, "quarry")
    account = made.datatypes["Account"]
    assert (made.origin, made.base_path, account.read, account.id) == ("${env:QUARRY_ORIGIN}", "/api/v3", "/accounts({id})", "accountid")
    assert account.list.paging == Paging(kind="offset", parameter="$skip", size_parameter="$top", size=500)
    assert (account.version, account.conditional) == ("modifiedon", None)  # a time is no entity tag


def test_pages_that_are_not_explained_are_told_of(tmp_path: Path) -> None:
    _, text = drafted(tmp_path, crm(query=[("limit", {"type": "integer"})], answer=envelope(has_more={"type": "boolean"})))
    assert "it takes limit, so there are further pages, but not how they are asked for: look it up" in text


@pytest.mark.parametrize(
    ("address", "origin", "path"),
    [
        ("/oauth/token", "https://crm.example", "/oauth/token"),
        ("https://crm.example/v1/token", None, "/token"),
        ("https://login.example/token", "https://login.example", "/token"),
    ],
)
def test_where_a_token_is_asked_for(address: str, origin: str | None, path: str, tmp_path: Path) -> None:
    described = schemes({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": address, "scopes": {}}}})
    made, _ = drafted(tmp_path, described | {"servers": [{"url": "https://crm.example/v1"}]})
    assert (made.authentication.kind, made.authentication.origin, made.authentication.path) == ("oauth", origin, path)


def test_a_token_over_plain_http_elsewhere_is_not_asked_for(tmp_path: Path) -> None:
    described = schemes({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "http://login.example/token", "scopes": {}}}})
    made, _ = drafted(tmp_path, described)
    assert made.authentication.kind == "bearer"
