"""The records that Membercare starts with: about a third of the left side's, some a little different, and some of its own.

Owns: which left records exist there and how they differ; invoices of some won orders. Does not own: numbers, ids (membercare/seeding.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from accord.sandbox.seeds.left import DOUBTFUL_EVERY, Fields, LeftData
from accord.sandbox.seeds.nordic import COUNTRIES
from accord.sandbox.seeds.numbers import FIXED, MOBILE, international, organisation_number

EXISTING = 0.3
OWN = 0.05
OWN_FROM = 1_200_000
INVOICED = 0.17  # of the won orders whose payer is there: about 5 % of all
_ISO2 = {country.name: country.iso2 for country in COUNTRIES.values()}


@dataclass(frozen=True, slots=True)
class Home:
    """An address in Membercare's words."""

    street: str
    number: str
    letter: str | None
    zip_code: str
    city: str
    iso2: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person or a company. ``left``: (collection, index) of the same thing, or None for Membercare's own. Phones are E.164."""

    left: tuple[str, int] | None
    first: str
    last: str
    email: str | None
    mobile: str | None
    phone: str | None
    home: Home | None
    gender: int = 0
    born: str | None = None
    allow_sms: bool = False
    allow_email: bool = False
    organisation_number: str | None = None
    website: str | None = None
    invoice_email: str | None = None

    @property
    def is_company(self) -> bool:
        """Whether it is one; then ``first`` is its name and ``last`` is empty."""
        return not self.last


@dataclass(frozen=True, slots=True)
class Goods:
    """A product."""

    number: str
    name: str
    vat_percent: float
    valid: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice of a won order: its payer as (collection, index) on the left, and the order."""

    payer: tuple[str, int]
    order: Fields


def home_of(fields: Fields) -> Home | None:
    """The address of a left record, taken apart: "Storgata 14 B" is a street, a number and a letter."""
    if not fields["StreetAddress1"]:
        return None
    words = fields["StreetAddress1"].split(" ")
    letter = words.pop() if words[-1].isalpha() else None
    return Home(" ".join(words[:-1]), words[-1], letter, fields["ZipCode"], fields["City"], _ISO2[fields["Country"]])


class RightData:
    """All records of the right side, in the order in which they are numbered."""

    def __init__(self, left: LeftData) -> None:
        self._left = left

    def exists(self, collection: str, index: int) -> bool:
        """Whether the left record has its counterpart there beforehand. The doubtful ones always have."""
        doubtful = index % DOUBTFUL_EVERY
        if (collection == "contacts" and doubtful == 0) or (collection == "customers" and doubtful < 2):
            return doubtful == 0
        return self._left.random(f"exists/{collection}", index).random() < EXISTING

    def persons(self) -> Iterator[Member]:
        """Persons; one in a hundred contacts is there twice, with the same e-mail address and name."""
        total = self._left.counts["contacts"]
        for index in range(total):
            if self.exists("contacts", index):
                member = self._person(self._left.contact(index), index, ("contacts", index))
                doubtful = index % DOUBTFUL_EVERY == 0
                yield member if doubtful else self._differing(member, "contacts", index)
                if doubtful:
                    yield replace(member, left=None, mobile=None, phone=None, home=None)
        for index in range(_own(total)):
            yield self._person(self._left.contact(OWN_FROM + index), OWN_FROM + index, None)

    def companies(self) -> Iterator[Member]:
        """Companies. Of two customers with one organisation number only the first is there."""
        total = self._left.counts["customers"]
        for index in range(total):
            if self.exists("customers", index):
                member = self._company(self._left.customer(index), index, ("customers", index))
                yield member if index % DOUBTFUL_EVERY == 0 else self._differing(member, "customers", index)
        for index in range(_own(total)):
            yield self._company(self._left.customer(OWN_FROM + index + 2), OWN_FROM + index + 2, None)

    def products(self) -> Iterator[Goods]:
        """Products; one in five has another spelling of its name."""
        total = self._left.counts["products"]
        indexes = [index for index in range(total) if self.exists("products", index)]
        for index in [*indexes, *(OWN_FROM + own for own in range(_own(total)))]:
            product = self._left.product(index)
            shout = self._left.random("product name", index).random() < 0.2
            name = product["Name"].upper() if shout else product["Name"]
            yield Goods(product["Number"], name, product["VatPercent"], product["Active"])

    def bills(self) -> Iterator[Bill]:
        """Invoices of won orders whose payer is there."""
        for index in range(self._left.counts["orders"]):
            order = self._left.order(index)
            payer = ("customers" if order["PayerId"].startswith("CU") else "contacts", int(order["PayerId"][3:]) - 1)
            if order["Status"] == "won" and self.exists(*payer) and self._left.random("invoiced", index).random() < INVOICED:
                yield Bill(payer, order)

    def _person(self, fields: Fields, index: int, left: tuple[str, int] | None) -> Member:
        iso2 = _ISO2[fields["Country"]]
        return Member(
            left,
            fields["FirstName"],
            fields["LastName"],
            fields["Email"],
            international(MOBILE[iso2], index) if fields["Mobile"] else None,
            international(FIXED[iso2], index) if fields["Phone"] else None,
            home_of(fields),
            {"male": 1, "female": 2, "other": 3}.get(fields["Gender"], 0),
            fields["BirthDate"],
            fields["AllowSms"],
            fields["AllowEmail"],
        )

    def _company(self, fields: Fields, index: int, left: tuple[str, int] | None) -> Member:
        iso2 = _ISO2[fields["Country"]]
        return Member(
            left,
            fields["Name"],
            "",
            fields["Email"],
            None,
            international(FIXED[iso2], 700_000 + index) if fields["Phone"] else None,
            home_of(fields),
            organisation_number=fields["OrganisationNumber"] if left else organisation_number(index) if iso2 == "NO" else None,
            website=fields["Website"],
            invoice_email=fields["InvoiceEmail"],
        )

    def _differing(self, member: Member, collection: str, index: int) -> Member:
        """About half are the same; the others lack a phone, shout their name, have moved, or have another e-mail address."""
        chance = self._left.random(f"differs/{collection}", index)
        way = chance.random()
        if way < 0.5:
            return member
        if way < 0.65:
            return replace(member, mobile=None, phone=None)
        if way < 0.8:
            return replace(member, first=member.first.upper(), last=member.last.upper())
        if way < 0.92 or not (member.mobile or member.organisation_number):
            return replace(member, home=self._moved(chance, member))
        return replace(member, email=f"old.{member.email}")

    def _moved(self, chance: Random, member: Member) -> Home | None:
        if member.home is None:
            return None
        country = COUNTRIES[member.home.iso2]
        code, city = chance.choice(country.places)
        return Home(chance.choice(country.streets), str(chance.randrange(1, 99)), None, code, city, country.iso2)


def _own(total: int) -> int:
    return max(1, round(total * OWN)) if total else 0
