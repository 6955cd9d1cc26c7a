"""What all of Membercare's records share: time, finance dimensions, contacts, addresses. The types are the API's description as well.

Owns: shapes and enumerations as the public API has them. Does not own: what happens to them (members.py).
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Naive = Annotated[datetime, Meta(tz=False)]
"""A time without zone. This server's clock is UTC; a time with a zone is refused."""

FinanceStatus = Literal[-1, 0, 1, 2, 3]
FinanceType = Literal[0, 1, 2, 3]
ContactType = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]
AddressRule = Literal[0, 1, 2, 3, 4, 5]
PayerRule = Literal[1, 2, 3]
Distribution = Literal[0, 1, 8, 16]
UnitType = Literal[1, 2, 3]
PERSON: UnitType = 1
COMPANY: UnitType = 2
Anything = dict[str, Any] | None
Things = list[dict[str, Any]] | None


class Token(Struct):
    """What signing in gives: the value of the header ``token``, and when it stops working."""

    value: str
    expiration: Naive


class SignIn(Struct, rename="camel", kw_only=True):
    """What POST /token takes."""

    client_api_key: str | None = None
    person_to_impersonate: str | None = None


class FinanceDimensions(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Free texts for the finance system; the first is the product."""

    url: str | None = None
    product_identification: str | None = None
    department: str | None = None
    dimension3: str | None = None
    dimension4: str | None = None
    dimension5: str | None = None


class Contact(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """One e-mail address, phone or web site."""

    url: str | None = None
    id: int | None = None
    type: ContactType
    value: str | None = None
    start: Naive | None = None
    end: Naive | None = None
    last_change: Naive | None = None


class Country(Struct, rename="camel", kw_only=True):
    """A country; ``iso2Letter`` is its key."""

    url: str | None = None
    id: int | None = None
    iso2_letter: str | None = None
    iso3_letter: str | None = None
    name: str | None = None


class PostalCode(Struct, rename="camel", kw_only=True):
    """A zip code and its city."""

    url: str | None = None
    id: int | None = None
    zip_code: str | None = None
    city: str | None = None
    country: Country | None = None


class PostalAddress(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """One address. The last five but one are derived from the others."""

    url: str | None = None
    id: int | None = None
    attention: str | None = None
    care_of: str | None = None
    street: str | None = None
    number: str | None = None
    letter: str | None = None
    floor: str | None = None
    suite: str | None = None
    location: str | None = None
    post_office_box: str | None = None
    postal_code: PostalCode | None = None
    country: Country | None = None
    municipality: Anything = None
    start: Naive | None = None
    end: Naive | None = None
    address_type: AddressRule = 1
    address_description: str | None = None
    formatted_address: str | None = None
    address_line_one: str | None = None
    zip_city_country: str | None = None
    last_change: Naive | None = None
    street_and_zip_one_line: str | None = None


class Identified(Struct, rename="camel"):
    """A reference to something with a number of its own, such as a close reason."""

    id: int


class ForeignSystem(Struct, kw_only=True):
    """Another system by name."""

    id: int | None = None
    name: str


class ForeignSystemMapping(Struct, rename="camel", kw_only=True):
    """The id that another system has for a member."""

    id: int
    external_id: str
    foreign_system: ForeignSystem
