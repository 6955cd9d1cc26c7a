"""The six flows of the demo, each edited on both sides: what the systems themselves hold afterwards, lines and payers too."""

from collections.abc import Callable, Sequence
from typing import Any

from accord import app
from accord.cli.demo_edits import LeftUser
from accord.model.runs import Run
from accord.sandbox.people import MembercareUser

Sync = Callable[[app.Setup], Run]

LEFT: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "Contact to Persons": ("contacts", "persons", {"LastName": "Lindqvist-Åberg"}, "lastName"),
    "Customer to Companies": ("customers", "companies", {"Name": "Nordlys Søndre AS"}, "companyName"),
    "Order to Invoices": ("orders", "invoices", {"DueDate": "2027-02-28"}, "payDueDate"),
    "Product to Products": ("products", "products", {"Name": "Jubileumsbok"}, "name"),
    "Quote to Invoices": ("quotes", "invoices", {"ValidUntil": "2027-03-31"}, "payDueDate"),
    "User to Invoices": ("users", "invoices", {"Name": "Ingrid Østby"}, "Reference"),
}
"""Flow -> the collections of both sides, what is edited on the left, and where it is found on the right."""

RIGHT: dict[str, tuple[dict[str, Any], str, Any]] = {
    "Contact to Persons": ({"firstName": "Målfrid"}, "FirstName", "Målfrid"),
    "Customer to Companies": ({"companyName": "Fjellheim Vest AS"}, "Name", "Fjellheim Vest AS"),
    "Order to Invoices": ({"payDueDate": "2027-04-30T00:00:00"}, "DueDate", "2027-04-30"),
    "Product to Products": ({"name": "Festskrift"}, "Name", "Festskrift"),
    "Quote to Invoices": ({"payDueDate": "2027-05-31T00:00:00"}, "ValidUntil", "2027-05-31"),
    "User to Invoices": ({"invoiceTexts": [{"label": "Reference", "value": "Solveig Ås"}]}, "Name", "Solveig Ås"),
}
"""Flow -> what is edited on the right, and what the left holds afterwards."""


def every_flow_both_ways(setup: app.Setup, sync: Sync, left: LeftUser, right: MembercareUser) -> None:
    """Edit one record of each flow on either side, and one with lines on both; see in the systems that all of it crossed."""
    assert {flow.name for flow in setup.dataflow.flows} == LEFT.keys() == RIGHT.keys()
    links = {name: _links(setup, name) for name in LEFT}
    _payers(links, left, right)
    lines = {name: _edit_lines(links[name], LEFT[name][0], left, right) for name in ("Order to Invoices", "Quote to Invoices")}
    for name, (collection, other, edit, _) in LEFT.items():
        left.edit(collection, links[name][-1].left, **edit)
        right.edit(other, links[name][-2].right, **RIGHT[name][0])
    run = sync(setup)
    assert run.result == "done"
    for name, (collection, other, edit, found) in LEFT.items():
        row, more = run.flows[name], 1 if name in lines else 0
        assert (row.updated_right, row.updated_left, row.conflicts) == (1 + more, 1 + more, 0), (name, row)
        ((_, value),) = edit.items()
        held = _seen(right.do("GET", f"{other}/{links[name][-1].right}"), found)
        assert str(held).startswith(value), (name, held)
        record = left.do("GET", f"{collection}/{links[name][-2].left}")
        assert str(record[RIGHT[name][1]]).startswith(RIGHT[name][2]), (name, record)
    for name, (from_left, from_right) in lines.items():
        invoice = right.do("GET", f"invoices/{from_left.right}")
        assert "left edited" in {each["description"] for each in invoice["invoiceItems"]}, name
        record = left.do("GET", f"{LEFT[name][0]}/{from_right.left}")
        assert "right edited" in {each["Description"] for each in record["Lines"]}, name


def _links(setup: app.Setup, flow: str) -> Sequence[Any]:
    """Links that nothing else edits, and for whose records nothing waits."""
    with app.looking(setup) as store:
        waiting = {row.ref.id for row in store.list_pending(flow=flow, limit=100_000)}
        free = [link for link in store.list_links(flow=flow, limit=1000) if link.left not in waiting]
    assert len(free) >= 4, (flow, len(free))
    return free


def _edit_lines(links: Sequence[Any], collection: str, left: LeftUser, right: MembercareUser) -> tuple[Any, Any]:
    """A line of one record on the left, of another on the right."""
    lined = [link for link in links[:-2] if left.do("GET", f"{collection}/{link.left}")["Lines"]][-2:]
    one, other = lined
    lines = left.do("GET", f"{collection}/{one.left}")["Lines"]
    left.edit(collection, one.left, Lines=[{**lines[0], "Description": "left edited"}, *lines[1:]])
    taken = ("sequence", "description", "quantity", "unitPrice", "totalVat", "financeDimensions")
    items = [{name: each.get(name) for name in taken} for each in right.do("GET", f"invoices/{other.right}")["invoiceItems"]]
    right.edit("invoices", other.right, invoiceItems=[{**items[0], "description": "right edited"}, *items[1:]])
    return one, other


def _payers(links: dict[str, Sequence[Any]], left: LeftUser, right: MembercareUser) -> None:
    """The payer of an invoice is the counterpart of the payer of its order or quote."""
    counterparts = {link.left: ("persons", link.right) for link in links["Contact to Persons"]}
    counterparts |= {link.left: ("companies", link.right) for link in links["Customer to Companies"]}
    for name in ("Order to Invoices", "Quote to Invoices"):
        tried = 0
        for link in links[name][:5]:
            payer = left.do("GET", f"{LEFT[name][0]}/{link.left}")["PayerId"]
            if payer in counterparts:
                collection, id = counterparts[payer]
                account = right.do("GET", f"{collection}/{id}")["debtorAccountNumber"]
                assert right.do("GET", f"invoices/{link.right}")["payer"]["debtorAccountNumber"] == account, name
                tried += 1
        assert tried, name


def _seen(record: Any, name: str) -> Any:
    if name == "Reference":
        return next(each["value"] for each in record["invoiceTexts"] if each["label"] == name)
    return {key.lower(): value for key, value in record.items()}[name.lower()]  # which is written otherwise than it is read
