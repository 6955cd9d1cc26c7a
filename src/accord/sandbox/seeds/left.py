"""The records that Customcrm starts with, each made from the seed and its index alone: any of them at any time, the same every time.

Owns: the left side's values. Does not own: what of it Membercare has as well (right.py), ids and times (customcrm/shelf.py).
"""

from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from accord.sandbox.seeds.nordic import (
    COMPANY_FIRST,
    COMPANY_FORM,
    COMPANY_SECOND,
    COUNTRIES,
    DOMAINS,
    PRODUCT_FIRST,
    PRODUCT_SECOND,
    Country,
)
from accord.sandbox.seeds.numbers import FIXED, MOBILE, as_typed, organisation_number

Fields = dict[str, Any]
SHARES = {"customers": 0.14, "products": 0.04, "orders": 0.17, "quotes": 0.07, "users": 0.03}
LEAST = 3
DOUBTFUL_EVERY = 100
VAT = (0.0, 12.0, 15.0, 25.0)
FIRST_DAY = date(2024, 1, 2)
_ASCII = str.maketrans(
    {"å": "a", "ä": "a", "æ": "ae", "ö": "o", "ø": "o", "é": "e", "Å": "A", "Ä": "A", "Æ": "AE", "Ö": "O", "Ø": "O", " ": ""}
)


def counts(size: int) -> dict[str, int]:
    """How many records each collection has of ``size`` in all; from 18 on they add up to it, 0 gives none."""
    if size <= 0:
        return dict.fromkeys(("contacts", *SHARES), 0)
    others = {name: max(LEAST, round(size * share)) for name, share in SHARES.items()}
    return {"contacts": max(LEAST, size - sum(others.values())), **others}


def identifier(prefix: str, index: int) -> str:
    """The id that Customcrm gives to the record of this index: "CO-000001" for the first."""
    return f"{prefix}-{index + 1:06d}"


def plain(text: str) -> str:
    """Letters that an e-mail address can do with."""
    return text.translate(_ASCII).lower()


class LeftData:
    """All records of the left side. Every method makes the record of one index anew."""

    def __init__(self, size: int, seed: int) -> None:
        self.counts = counts(size)
        self._seed = seed
        self.product = lru_cache(maxsize=None)(self._product)

    def random(self, kind: str, index: int) -> Random:
        """The chance of one record; ``kind`` keeps different uses of an index apart."""
        return Random(f"{self._seed}/{kind}/{index}")

    def country(self, chance: Random) -> Country:
        """Mostly Norway."""
        return COUNTRIES[chance.choices(("NO", "SE", "DK", "FI"), (60, 20, 12, 8))[0]]

    def contact(self, index: int) -> Fields:
        """A Contact. Nobody else has its e-mail address or its mobile number."""
        chance = self.random("contact", index)
        country = self.country(chance)
        woman = chance.random() < 0.52
        first, family = chance.choice(country.women if woman else country.men), chance.choice(country.families)
        if chance.random() < 0.08:
            first = f"{first} {chance.choice(country.women if woman else country.men)}"
        code, city = chance.choice(country.places)
        housed = chance.random() < 0.94
        born = date(1940, 1, 1) + timedelta(days=chance.randrange(24_000))
        return {
            "FirstName": first,
            "LastName": family,
            "Email": f"{plain(first)}.{plain(family)}{index + 1}@{chance.choice(DOMAINS)}",
            "Phone": as_typed(FIXED[country.iso2], index, chance.randrange(5)) if chance.random() < 0.3 else None,
            "Mobile": as_typed(MOBILE[country.iso2], index, chance.randrange(5)) if chance.random() < 0.9 else None,
            "StreetAddress1": self.street(chance, country) if housed else None,
            "ZipCode": code if housed else None,
            "City": city if housed else None,
            "Country": country.name,
            "BirthDate": born.isoformat() if chance.random() < 0.9 else None,
            "Gender": ("female" if woman else "male") if chance.random() < 0.92 else chance.choice(("other", "unknown")),
            "AllowSms": chance.random() < 0.6,
            "AllowEmail": chance.random() < 0.8,
        }

    def street(self, chance: Random, country: Country) -> str:
        """ "Storgata 14 B"; most have no letter."""
        letter = f" {chance.choice('ABCD')}" if chance.random() < 0.25 else ""
        return f"{chance.choice(country.streets)} {chance.randrange(1, 120)}{letter}"

    def customer(self, index: int) -> Fields:
        """A Customer. One in a hundred, index 1 first, has the organisation number of the one before it."""
        chance = self.random("customer", index)
        norwegian = index % DOUBTFUL_EVERY < 2 or chance.random() < 0.9
        country = COUNTRIES["NO"] if norwegian else self.country(chance)
        norwegian = country.iso2 == "NO"
        first, second = chance.choice(COMPANY_FIRST), chance.choice(COMPANY_SECOND)
        name = f"{first} {second} {chance.choice(COMPANY_FORM)}"
        domain = f"{plain(first)}-{plain(second)}{index + 1}.example"
        code, city = chance.choice(country.places)
        numbered = index - 1 if index % DOUBTFUL_EVERY == 1 else index
        return {
            "Name": name,
            "Description": chance.choice((None, f"{second} i {city}")),
            "OrganisationNumber": organisation_number(numbered) if norwegian else None,
            "Email": f"post@{domain}",
            "Phone": as_typed(FIXED[country.iso2], 700_000 + index, chance.randrange(5)) if chance.random() < 0.9 else None,
            "Fax": None,
            "Website": f"https://www.{domain}" if chance.random() < 0.7 else None,
            "InvoiceEmail": f"faktura@{domain}" if chance.random() < 0.8 else None,
            "StreetAddress1": self.street(chance, country),
            "StreetAddress2": chance.choice((None, None, None, f"Postboks {chance.randrange(1, 900)}")),
            "ZipCode": code,
            "City": city,
            "Country": country.name,
        }

    def _product(self, index: int) -> Fields:
        """A Product; numbers are never the same."""
        chance = self.random("product", index)
        first, second = chance.choice(PRODUCT_FIRST), chance.choice(PRODUCT_SECOND)
        return {
            "Number": f"{plain(first)[:3].upper()}-{index + 1:04d}",
            "Name": f"{first} {second}",
            "Price": chance.randrange(2_500, 500_000) / 100,
            "VatPercent": chance.choices(VAT, (20, 10, 15, 55))[0],
            "Active": chance.random() < 0.93,
        }

    def payer(self, chance: Random) -> tuple[str, int]:
        """("customers" or "contacts", index): four of five bills go to a Customer."""
        collection = "customers" if chance.random() < 0.8 else "contacts"
        return collection, chance.randrange(self.counts[collection])

    def order(self, index: int) -> Fields:
        """An Order; about 70 % are won."""
        chance = self.random("order", index)
        payer = self.payer(chance)
        status = chance.choices(("won", "draft", "lost"), (70, 15, 15))[0]
        day = FIRST_DAY + timedelta(days=chance.randrange(500))
        return {
            "Number": f"SO-{10_001 + index}",
            "Status": status,
            "OrderDate": day.isoformat(),
            "DueDate": (day + timedelta(days=chance.choice((14, 21, 30)))).isoformat(),
            "FinanceStatus": chance.choices(("new", "read", "handled"), (80, 5, 15))[0] if status == "won" else "new",
            **self._bill(chance, payer),
        }

    def quote(self, index: int) -> Fields:
        """A Quote; about 60 % are accepted."""
        chance = self.random("quote", index)
        payer = self.payer(chance)
        day = FIRST_DAY + timedelta(days=chance.randrange(500))
        return {
            "Number": f"QT-{10_001 + index}",
            "Status": chance.choices(("accepted", "open", "declined"), (60, 25, 15))[0],
            "QuoteDate": day.isoformat(),
            "ValidUntil": (day + timedelta(days=30)).isoformat(),
            "FinanceStatus": "new",
            **self._bill(chance, payer),
        }

    def _bill(self, chance: Random, payer: tuple[str, int]) -> Fields:
        prefix = "CU" if payer[0] == "customers" else "CO"
        lines = [self._line(chance, number) for number in range(1, chance.randrange(1, 7) + 1)]
        return {"PayerId": identifier(prefix, payer[1]), "Lines": lines}

    def _line(self, chance: Random, number: int) -> Fields:
        product = self.product(chance.randrange(self.counts["products"]))
        return {
            "LineNumber": number,
            "ProductNumber": product["Number"],
            "Description": product["Name"],
            "Quantity": chance.randrange(1, 11),
            "UnitPrice": product["Price"],
            "VatPercent": product["VatPercent"],
        }

    def user(self, index: int) -> Fields:
        """A User."""
        chance = self.random("user", index)
        country = self.country(chance)
        first, family = chance.choice(country.women + country.men), chance.choice(country.families)
        return {"Name": f"{first} {family}", "Email": f"{plain(first)}.{plain(family)}.u{index + 1}@example.com"}
