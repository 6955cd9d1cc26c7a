"""The state of one Membercare tenant: members, invoices, products, tokens, and the order in which debtors changed.

Owns: numbers and ids, what a change of a member entails, signing in. Does not own: calls (persons.py and its neighbours), paging.
Times are seconds, naive, UTC. One number space serves persons and companies; members.py says how contacts and addresses follow each other.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TypeVar

import msgspec

from accord.sandbox.clock import SECOND, Now
from accord.sandbox.membercare.register import Register
from accord.sandbox.membercare.words_common import PERSON
from accord.sandbox.membercare.words_members import RENAMED, Company, Person
from accord.sandbox.membercare.words_sales import Invoice, InvoiceText, Payer, Product
from accord.sandbox.timeline import Timeline
from accord.sandbox.web import Refusal, Request

FIRST_MEMBER = 10_001
FIRST_IDS = {
    "contact": 90_001,
    "address": 30_001,
    "company": 5_001,
    "registration": 801,
    "invoice": 700_001,
    "item": 900_001,
    "product": 41,
}
Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Settings:
    """``origin``: scheme, host, port. ``key`` and ``person``: what callers sign in with. ``strict``: only what the public API has."""

    origin: str
    key: str
    person: str
    token_seconds: float
    strict: bool
    size: int
    seed: int


@lru_cache(maxsize=4096)
def naive_time(seconds: int) -> datetime:
    """Seconds since 1970 as a time without zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def decoded(body: bytes, kind: type[Body]) -> Body:
    """A body of this type. Raises Refusal(400) with what is wrong with it."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as problem:
        raise Refusal(400, str(problem)) from problem


def apply(patch: msgspec.Struct, record: msgspec.Struct) -> None:
    """Set on the record what the patch gives; what the record has no place for (such as ``startDate``) is let go."""
    for name in patch.__struct_fields__:
        value = getattr(patch, name)
        target = RENAMED.get(name, name)
        if value is not msgspec.UNSET and target in record.__struct_fields__:
            setattr(record, target, value)


class Tenant:
    """All state. Handlers share it; nothing in it waits."""

    def __init__(self, settings: Settings, now: Now) -> None:
        self.settings = settings
        self.base = f"{settings.origin}/api/v1"
        self._now = now
        self.persons: Register[Person] = Register(Person)
        self.companies: Register[Company] = Register(Company)
        self.invoices: Register[Invoice] = Register(Invoice)
        self.products: Register[Product] = Register(Product)
        self.debtors: Timeline[int] = Timeline()
        self.bills: dict[int, list[int]] = {}
        self.company_names: dict[int, str] = {}
        self.labels: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        self._last: Counter[str] = Counter({kind: first - 1 for kind, first in FIRST_IDS.items()})
        self._next_member = FIRST_MEMBER

    def second(self) -> int:
        """The present, in seconds since 1970; never before the last change of a debtor."""
        return max(self._now() // SECOND, self.debtors.latest)

    def time(self) -> datetime:
        """The present, as records have it."""
        return naive_time(self.second())

    def next_id(self, kind: str) -> int:
        """A new server id of a kind in FIRST_IDS."""
        self._last[kind] += 1
        return self._last[kind]

    def ids(self, kind: str) -> Callable[[], int]:
        """Where new ids of a kind come from."""
        return partial(self.next_id, kind)

    def next_member(self) -> int:
        """A new debtorAccountNumber."""
        while self._next_member in self.persons or self._next_member in self.companies:
            self._next_member += 1
        return self._next_member

    # Members

    def put_person(self, number: int, person: Person, second: int) -> bytes:
        """Keep a person as changed at ``second``: derived members, feed and listing follow."""
        person.name = " ".join(part for part in (person.firstname, person.lastname) if part)
        person.last_change = naive_time(second)
        self.debtors.touch(number, second)
        return self.persons.put(number, person, hidden=_is_closed(person, person.last_change))

    def put_company(self, number: int, company: Company, second: int) -> bytes:
        """Keep a company, likewise."""
        company.name = " ".join(part for part in (company.company_name, company.company_name2) if part)
        company.last_change = naive_time(second)
        self.debtors.touch(number, second)
        self.company_names[number] = company.name.casefold()
        return self.companies.put(number, company, hidden=_is_closed(company, company.last_change))

    def member(self, number: str) -> tuple[int, Person | Company]:
        """The person or company of this number. Raises Refusal(404)."""
        key = int(number) if number.isdecimal() else -1
        found = self.persons.get(key) or self.companies.get(key)
        if found is None:
            raise Refusal(404, f"Debtor {number} does not exist.")
        return key, found

    def payer(self, number: str) -> Payer:
        """A debtor in short. Raises Refusal(404)."""
        _, found = self.member(number)
        return Payer(debtor_account_number=number, name=found.name, member_type=found.member_type)

    # Invoices

    def put_invoice(self, invoice: Invoice) -> bytes:
        """Keep an invoice and file it under its payer, if it has one."""
        before = self.invoices.get(invoice.id)
        was = before.payer.debtor_account_number if before is not None and before.payer is not None else None
        now = invoice.payer.debtor_account_number if invoice.payer is not None else None
        if was != now and was is not None:
            self.bills[int(was)].remove(invoice.id)
        if was != now and now is not None:
            self.bills.setdefault(int(now), []).append(invoice.id)
        return self.invoices.put(invoice.id, invoice)

    def labelled(self, text: InvoiceText) -> InvoiceText:
        """The text with the number of its label; a new label gets the next one."""
        return InvoiceText(label_id=self.labels.setdefault(text.label, len(self.labels) + 1), label=text.label, value=text.value)

    # Signing in

    def sign_in(self, key: str | None, person: str | None) -> tuple[str, datetime]:
        """A token and when it expires. Raises Refusal: 400 for another key, 404 for a person who is not there."""
        if key != self.settings.key:
            raise Refusal(400, "The clientApiKey is not known.")
        number = person or self.settings.person
        if not number.isdecimal() or int(number) not in self.persons:
            raise Refusal(404, f"There is no person {number} to impersonate.")
        now = self._now()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        token, until = str(uuid.uuid4()), now + int(self.settings.token_seconds * SECOND)
        self._tokens[token] = until
        return token, naive_time(until // SECOND)

    def admit(self, request: Request) -> None:
        """Let a call with a token that holds pass. Raises Refusal(401)."""
        token = request.header(b"token")
        if token is None or self._tokens.get(token, 0) <= self._now():
            raise Refusal(401, "The token is missing or has expired.")


def _is_closed(member: Person | Company, now: datetime | None) -> bool:
    return member.close_date is not None and now is not None and member.close_date <= now


def new_person(tenant: Tenant, number: int, person: Person) -> Person:
    """Fill in what the server says of a new person."""
    base = f"{tenant.base}/persons/{number}"
    person.url, person.debtor_account_number, person.member_type = base, str(number), PERSON
    person.invoices_link = f"{tenant.base}/debtors/{number}/invoices"
    person.memberships_link = f"{base}/memberships"
    return person


def new_company(tenant: Tenant, number: int, company: Company) -> Company:
    """Fill in what the server says of a new company."""
    company.url, company.debtor_account_number = f"{tenant.base}/companies/{number}", str(number)
    company.id = tenant.next_id("company")
    company.invoices_link = f"{tenant.base}/debtors/{number}/invoices"
    return company
