"""The properties of Customcrm's six datatypes: one table that checks bodies, shapes records and describes both.

Owns: names and types of docs/reference/customcrm-api.md. Does not own: where records are kept (shelf.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

FinanceStatus = Literal["new", "read", "handled", "card", "error"]
Text = str | None
Number = float | None
Day = date | None


class Line(Struct, rename="pascal", forbid_unknown_fields=True, kw_only=True):
    """One line of an Order or a Quote."""

    line_number: int
    product_number: Text = None
    description: Text = None
    quantity: Number = None
    unit_price: Number = None
    vat_percent: Number = None


Table = tuple[tuple[str, Any], ...]

ADDRESS: Table = (("zip_code", Text), ("city", Text), ("country", Text))
BILL: Table = (("finance_status", FinanceStatus | None), ("payer_id", Text), ("lines", list[Line] | None))

CONTACT: Table = (
    *((name, Text) for name in ("first_name", "last_name", "email", "phone", "mobile", "street_address1")),
    *ADDRESS,
    ("birth_date", Day),
    ("gender", Literal["male", "female", "other", "unknown"] | None),
    ("allow_sms", bool | None),
    ("allow_email", bool | None),
)
CUSTOMER: Table = (
    *((name, Text) for name in ("name", "description", "organisation_number", "email", "phone", "fax", "website", "invoice_email")),
    ("street_address1", Text),
    ("street_address2", Text),
    *ADDRESS,
)
ORDER: Table = (("number", Text), ("status", Literal["draft", "won", "lost"] | None), ("order_date", Day), ("due_date", Day), *BILL)
QUOTE: Table = (
    ("number", Text),
    ("status", Literal["open", "accepted", "declined"] | None),
    ("quote_date", Day),
    ("valid_until", Day),
    *BILL,
)
PRODUCT: Table = (("number", Text), ("name", Text), ("price", Number), ("vat_percent", Number), ("active", bool | None))
USER: Table = (("name", Text), ("email", Text))


@dataclass(frozen=True, slots=True)
class Datatype:
    """One collection. ``body``: what POST and PATCH may carry; ``record``: what is answered; ``blank``: every own property as null."""

    collection: str
    name: str
    prefix: str
    body: type[Struct]
    record: type[Struct]
    blank: dict[str, None]


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _datatype(collection: str, name: str, prefix: str, table: Table) -> Datatype:
    given = [(each, kind | UnsetType, UNSET) for each, kind in (("external_id", Text), *table)]
    body = msgspec.defstruct(f"{name}Body", given, rename="pascal", forbid_unknown_fields=True, kw_only=True)
    head = [("id", str), ("external_id", Text), ("created_at", str), ("updated_at", str), ("version", int), ("deleted", bool)]
    record = msgspec.defstruct(name, [*head, *table], rename="pascal", kw_only=True)
    return Datatype(collection, name, prefix, body, record, {_pascal(each): None for each, _ in table})


DATATYPES = (
    _datatype("contacts", "Contact", "CO", CONTACT),
    _datatype("customers", "Customer", "CU", CUSTOMER),
    _datatype("orders", "Order", "OR", ORDER),
    _datatype("products", "Product", "PR", PRODUCT),
    _datatype("quotes", "Quote", "QU", QUOTE),
    _datatype("users", "User", "US", USER),
)
