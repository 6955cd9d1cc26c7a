"""The calls under /debtors: persons and companies together, and what changed.

Owns: the change feed (inclusive, whole seconds, by number) and the invoices of a debtor. Does not own: the members and invoices themselves.
Every change of a member moves its lastChange in this server, those of its contacts, addresses and numbers too.
"""

from collections.abc import Iterator, Sequence
from heapq import merge

import msgspec

from accord.sandbox.clock import SECOND, microseconds_of
from accord.sandbox.membercare.paging import PARAMETERS, envelope, is_true, page
from accord.sandbox.membercare.tenant import Tenant
from accord.sandbox.membercare.words_members import Company, Debtor, Person
from accord.sandbox.membercare.words_sales import Invoice
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route, encoded

SHARED = tuple(name for name in Debtor.__struct_fields__ if name in Person.__struct_fields__ and name in Company.__struct_fields__)
ONE = "/api/v1/debtors/{debtorAccountNumber}"


class Debtors:
    """The calls."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._changed: tuple[tuple[int, int], list[int]] = ((-1, -1), [])

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        since = (*PARAMETERS, Parameter("changedAfter"))
        order = (*PARAMETERS, Parameter("reverseOrder", "boolean"))
        return (
            Route("GET", "/api/v1/debtors", self.listing, "List debtors", since, answer=envelope(Debtor, "Debtor")),
            Route("GET", ONE, self.get, "Read a debtor", answer=Debtor),
            Route("GET", f"{ONE}/invoices", self.invoices, "Invoices of a debtor", order, answer=envelope(Invoice, "Invoice")),
        )

    def listing(self, request: Request) -> Answer:
        text = request.query.get("changedAfter")
        keys = self._since(_second(text)) if text else list(merge(self._tenant.persons.keys, self._tenant.companies.keys))
        return page(request, self._tenant.settings.origin, keys, self._bodies)

    def _since(self, second: int) -> list[int]:
        """Who changed in that second or later, by number; kept until anything changes, because a feed is read page by page."""
        timeline = self._tenant.debtors
        state = (second, timeline.touches)
        if self._changed[0] != state:
            self._changed = (state, sorted(number for _, number in timeline.since(second)))
        return self._changed[1]

    def _bodies(self, keys: Sequence[int]) -> Iterator[bytes]:
        return (msgspec.json.encode(self._debtor(number)) for number in keys)

    def _debtor(self, number: int) -> Debtor:
        person = self._tenant.persons.get(number)
        if person is not None:
            return _of_person(person, f"{self._tenant.base}/debtors/{number}")
        company = self._tenant.companies.get(number)
        assert company is not None  # numbers come from the registers
        return _of_company(company, f"{self._tenant.base}/debtors/{number}")

    def get(self, request: Request) -> Answer:
        number, _ = self._tenant.member(request.values[0])
        return encoded(self._debtor(number))

    def invoices(self, request: Request) -> Answer:
        number, _ = self._tenant.member(request.values[0])
        keys = sorted(self._tenant.bills.get(number, ()), reverse=is_true(request.query, "reverseOrder"))
        return page(request, self._tenant.settings.origin, keys, self._tenant.invoices.bodies)


def _second(text: str) -> int:
    try:
        return microseconds_of(text) // SECOND
    except ValueError as problem:
        raise Refusal(400, "changedAfter must be a time.") from problem


def _of_person(person: Person, url: str) -> Debtor:
    debtor = Debtor(**{name: getattr(person, name) for name in SHARED})
    debtor.url, debtor.name1, debtor.name2 = url, person.firstname, person.lastname
    debtor.social_security_number, debtor.honorific = person.social_security_number, person.honorific
    debtor.anonymized_on, debtor.email_for_invoices, debtor.ean = person.anonymized_on, person.einvoice_email, person.einvoice_ean
    return debtor


def _of_company(company: Company, url: str) -> Debtor:
    debtor = Debtor(**{name: getattr(company, name) for name in SHARED})
    debtor.url, debtor.name1, debtor.name2 = url, company.company_name, company.company_name2
    debtor.business_numbers, debtor.email_for_invoices, debtor.ean = company.business_numbers, company.einvoice_email, company.einvoice_ean
    return debtor
