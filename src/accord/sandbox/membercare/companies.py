"""The calls under /companies.

Owns: listing, reading, creating, patching, contacts, addresses and the Norwegian number of companies. Does not own: what is shared with
persons (members.py, tenant.py).
"""

from collections.abc import Iterator, Sequence

import msgspec

from accord.sandbox.membercare.members import take_addresses, take_contacts
from accord.sandbox.membercare.paging import PARAMETERS, envelope, is_true, page
from accord.sandbox.membercare.tenant import Tenant, apply, decoded, new_company
from accord.sandbox.membercare.words_common import Contact, PostalAddress
from accord.sandbox.membercare.words_members import Company, CompanyPatch, CompanyPost, RegistrationNumber
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route, encoded

FORBIDDEN = frozenset(
    {"debtorAccountNumber", "name", "nameHistory", "businessNumbers", "addresses", "invoiceAddresses", "readdressings", "contacts"}
)
IGNORED = frozenset(Company.__struct_encode_fields__) - frozenset(CompanyPost.__struct_encode_fields__)
BASE = "/api/v1/companies"
ONE = "/api/v1/companies/{debtorAccountNumber}"
NUMBER = f"{ONE}/registrationNumbers/norwegianCompanyNumber"


class Companies:
    """The calls."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        paged = envelope(Company, "Company")
        listed = (*PARAMETERS, Parameter("includeAddressAndContactInfo", "boolean"))
        contacts, addresses, number = list[Contact], list[PostalAddress], RegistrationNumber
        return (
            Route("GET", BASE, self.listing, "List companies", listed, answer=paged),
            Route("GET", f"{BASE}/search", self.search, "Search companies", (*listed, Parameter("searchString")), answer=paged),
            Route("GET", ONE, self.get, "Read a company", answer=Company),
            Route("POST", BASE, self.create, "Create a company", body=CompanyPost, answer=Company),
            Route("PATCH", ONE, self.patch, "Change a company", body=CompanyPatch),
            Route("POST", f"{ONE}/contacts", self.add_contacts, "Add contacts", body=contacts, answer=contacts),
            Route("POST", f"{ONE}/addresses", self.add_addresses, "Add addresses", body=addresses, answer=addresses),
            Route("GET", NUMBER, self.number, "Read the Norwegian number", answer=number),
            Route("POST", NUMBER, self.set_number, "Set the Norwegian number", body=number, answer=number),
            Route("PUT", NUMBER, self.replace_number, "Replace the Norwegian number", body=number, answer=number),
            Route("DELETE", NUMBER, self.remove_number, "Remove the Norwegian number"),
        )

    def listing(self, request: Request) -> Answer:
        return self._page(request, self._tenant.companies.shown)

    def search(self, request: Request) -> Answer:
        """By number, registration number (both whole) or a part of the name."""
        wanted = request.query.get("searchString", "").strip().casefold()
        if not wanted:
            raise Refusal(400, "searchString must be given.")
        found = [number for number in self._tenant.companies.shown if self._answers(number, wanted)]
        return self._page(request, found)

    def _answers(self, number: int, wanted: str) -> bool:
        tenant = self._tenant
        return wanted in tenant.company_names[number] or wanted == str(number) or (wanted.isdecimal() and wanted == self._orgnr(number))

    def _orgnr(self, number: int) -> str | None:
        registered = self._read(number).business_numbers.registration_number_norwegian_company_number
        return registered.number if registered else None

    def _page(self, request: Request, keys: Sequence[int]) -> Answer:
        whole = is_true(request.query, "includeAddressAndContactInfo")
        bodies = self._tenant.companies.bodies if whole else self._brief
        return page(request, self._tenant.settings.origin, keys, bodies)

    def _brief(self, keys: Sequence[int]) -> Iterator[bytes]:
        for number in keys:
            company = self._read(number)
            company.contacts = company.addresses = msgspec.UNSET
            yield msgspec.json.encode(company)

    def get(self, request: Request) -> Answer:
        return Answer(body=self._tenant.companies.body(self._number(request)) or b"")

    def create(self, request: Request) -> Answer:
        given = decoded(request.body, dict[str, msgspec.Raw])
        forbidden = FORBIDDEN & set(given)
        if forbidden:
            raise Refusal(400, f"{min(forbidden)} must not be sent.")
        kept = msgspec.json.encode({name: value for name, value in given.items() if name not in IGNORED})
        posted: CompanyPost = decoded(kept, CompanyPost)
        company = Company()
        apply(posted, company)
        number = self._tenant.next_member()
        return Answer(body=self._put(number, new_company(self._tenant, number, company)))

    def patch(self, request: Request) -> Answer:
        number = self._number(request)
        patch: CompanyPatch = decoded(request.body, CompanyPatch)
        company = self._read(number)
        apply(patch, company)
        self._put(number, company)
        return Answer(headers=())

    def add_contacts(self, request: Request) -> Answer:
        number = self._number(request)
        posted: list[Contact] = decoded(request.body, list[Contact])
        company = self._read(number)
        company.contacts = company.contacts or []
        answered = take_contacts(company.contacts, posted, self._tenant.time(), self._tenant.ids("contact"))
        self._put(number, company)
        return encoded(answered)

    def add_addresses(self, request: Request) -> Answer:
        number = self._number(request)
        posted: list[PostalAddress] = decoded(request.body, list[PostalAddress])
        company = self._read(number)
        company.addresses = company.addresses or []
        answered = take_addresses(company.addresses, posted, self._tenant.time(), self._tenant.ids("address"))
        self._put(number, company)
        return encoded(answered)

    def number(self, request: Request) -> Answer:
        return encoded(self._registered(self._number(request)))

    def set_number(self, request: Request) -> Answer:
        """Set it, whether or not there was one: the public API does not say what a second POST does."""
        return self._keep_number(self._number(request), decoded(request.body, RegistrationNumber))

    def replace_number(self, request: Request) -> Answer:
        number = self._number(request)
        self._registered(number)
        return self._keep_number(number, decoded(request.body, RegistrationNumber))

    def _keep_number(self, number: int, posted: RegistrationNumber) -> Answer:
        company = self._read(number)
        before = company.business_numbers.registration_number_norwegian_company_number
        posted.id, posted.url = before.id if before else self._tenant.next_id("registration"), None
        posted.start = posted.start or self._tenant.time()
        company.business_numbers.registration_number_norwegian_company_number = posted
        self._put(number, company)
        return encoded(posted)

    def remove_number(self, request: Request) -> Answer:
        number = self._number(request)
        self._registered(number)
        company = self._read(number)
        company.business_numbers.registration_number_norwegian_company_number = None
        self._put(number, company)
        return Answer(headers=())

    def _registered(self, number: int) -> RegistrationNumber:
        registered = self._read(number).business_numbers.registration_number_norwegian_company_number
        if registered is None:
            raise Refusal(404, f"Company {number} has no Norwegian company number.")
        return registered

    def _number(self, request: Request) -> int:
        text = request.values[0]
        number = int(text) if text.isdecimal() else -1
        if number not in self._tenant.companies:
            raise Refusal(404, f"Company {text} does not exist.")
        return number

    def _read(self, number: int) -> Company:
        company = self._tenant.companies.get(number)
        assert company is not None  # _number has looked
        return company

    def _put(self, number: int, company: Company) -> bytes:
        return self._tenant.put_company(number, company, self._tenant.second())
