"""The edits that people make in the demo, and what each has to cause.

Owns: which records are edited and how. Does not own: calling (sandbox/people.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from accord.sandbox.people import CrmUser, MembercareUser

if TYPE_CHECKING:
    from accord.app import Setup
    from accord.sandbox.process import Running


class LeftUser(Protocol):
    """Somebody who uses the left system: its records have the property names of Customcrm, and their id in Id."""

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """One call, such as ("GET", "orders/OR-000001"); the record."""
        ...

    def edit(self, collection: str, id: str, **changes: Any) -> Any:
        """Change properties of a record."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit. ``causes``: the count that it raises in the next run ("" when another line of the same edit says it)."""

    system: str
    text: str
    causes: str


def make_edits(setup: "Setup", crm: "Running", care: "Running") -> list[Edit]:
    """Make them all through the two sandboxes' APIs."""
    return edit_as(setup, CrmUser(crm.url, crm.key), MembercareUser(care.url, care.key))


def edit_as(setup: "Setup", left: "LeftUser", right: MembercareUser) -> list[Edit]:
    """Make them all; each on a record of its own, so that what they cause can be counted. ``left``: whoever uses the left system."""
    links = {flow.name: _links(setup, flow.name) for flow in setup.dataflow.flows}
    return [*_left_edits(left, links), *_right_edits(right, links), *_both(left, right, links)]


def _links(setup: "Setup", flow: str) -> Sequence[Any]:
    """The first eight links of a flow whose records nothing else waits for."""
    from accord import app

    with app.looking(setup) as store:
        waiting = {row.ref.id for row in store.list_pending(flow=flow, limit=100_000)}
        return [link for link in store.list_links(flow=flow, limit=100) if link.left not in waiting][:8]


def _left_edits(crm: "LeftUser", links: dict[str, Sequence[Any]]) -> list[Edit]:
    contact, customer = links["Contact to Persons"][0], links["Customer to Companies"][0]
    order, product = links["Order to Invoices"][0], links["Product to Products"][0]
    crm.edit("contacts", contact.left, Email="kari.ødegård.ny@example.org", City="Bergen", ZipCode="5003")
    crm.edit("customers", customer.left, Website="https://ny.example.com", Phone="+47 22 33 44 55")
    lines = crm.do("GET", f"orders/{order.left}")["Lines"]
    lines[0]["Quantity"] = lines[0]["Quantity"] + 2
    crm.edit("orders", order.left, Lines=lines)
    crm.edit("products", product.left, Name="Årsbok, ny utgave")
    made = crm.do(
        "POST",
        "contacts",
        {
            "FirstName": "Åse",
            "LastName": "Nyström",
            "Email": "ase.nystrom@example.org",
            "Country": "Sweden",
            "Gender": "female",
            "AllowSms": True,
            "AllowEmail": True,
        },
    )
    return [
        Edit("Customcrm", f"Contact {contact.left}: another e-mail address, moved to Bergen", "updated_right"),
        Edit("Customcrm", f"Customer {customer.left}: another web site and phone", "updated_right"),
        Edit("Customcrm", f"Order {order.left}: two more of the first line", "updated_right"),
        Edit("Customcrm", f"Product {product.left}: renamed", "updated_right"),
        Edit("Customcrm", f"Contact {made['Id']}: new, Åse Nyström", "created_right"),
    ]


def _right_edits(care: MembercareUser, links: dict[str, Sequence[Any]]) -> list[Edit]:
    person, mobile = links["Contact to Persons"][1], links["Contact to Persons"][2]
    company, invoice = links["Customer to Companies"][1], links["Order to Invoices"][1]
    product = links["Product to Products"][1]
    care.edit("persons", person.right, lastName="Sørensen-Åberg")
    care.do("POST", f"persons/{mobile.right}/contacts", [{"type": 5, "value": "+4740612345"}])
    care.edit("companies", company.right, companyName="Fjordlys Østlandet AS")
    care.edit("invoices", invoice.right, payDueDate="2027-01-31T00:00:00")
    care.edit("products", product.right, vatPercent=12.0)
    return [
        Edit("Membercare", f"Person {person.right}: another last name", "updated_left"),
        Edit("Membercare", f"Person {mobile.right}: another mobile number", "updated_left"),
        Edit("Membercare", f"Company {company.right}: renamed", "updated_left"),
        Edit("Membercare", f"Invoice {invoice.right}: due later", "updated_left"),
        Edit("Membercare", f"Product {product.right}: another VAT rate", "updated_left"),
    ]


def _both(crm: "LeftUser", care: MembercareUser, links: dict[str, Sequence[Any]]) -> list[Edit]:
    """One record edited on both sides: two properties that both survive, and one that both changed."""
    link = links["Contact to Persons"][3]
    crm.edit("contacts", link.left, FirstName="Bjørg", City="Tromsø", ZipCode="9008")
    care.edit("persons", link.right, firstName="Bjørk", allowContactViaSms=True)
    same = crm.do("GET", f"contacts/{link.left}")["AllowSms"] is True
    edits = [
        Edit("Customcrm", f"Contact {link.left}: first name Bjørg, moved to Tromsø ...", "updated_right"),
        Edit("Membercare", f"Person {link.right}: ... first name Bjørk at the same time", "conflicts"),
    ]
    if not same:
        edits.append(Edit("Membercare", f"Person {link.right}: ... and may be sent SMS", "updated_left"))
    return edits
