"""The calls under /persons.

Owns: listing, reading, upsert, patch, contacts and addresses of persons. Does not own: what companies share
(members.py, tenant.py).
"""

from datetime import datetime

import msgspec

from accord.sandbox.membercare.members import take_addresses, take_contacts
from accord.sandbox.membercare.paging import PARAMETERS, envelope, is_true, page
from accord.sandbox.membercare.tenant import Tenant, apply, decoded, new_person
from accord.sandbox.membercare.words_common import Contact, PostalAddress
from accord.sandbox.membercare.words_members import PERSON_SERVER_KEPT, LenientPersonPatch, Person, PersonPatch
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route, encoded


class Persons:
    """The calls."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._patch = PersonPatch if tenant.settings.strict else LenientPersonPatch

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        base, one = "/api/v1/persons", "/api/v1/persons/{debtorAccountNumber}"
        listed = (*PARAMETERS, Parameter("onlyValid", "boolean"))
        external, automatic = (Parameter("externalId"),), (Parameter("useAutomaticDebtorAccountNumber", "boolean"),)
        contacts, addresses = list[Contact], list[PostalAddress]
        return (
            Route("GET", base, self.listing, "List persons", listed, answer=envelope(Person, "Person")),
            Route("GET", f"{base}/search/by/externalid", self.find, "Find one by externalId", external, answer=Person),
            Route("GET", one, self.get, "Read a person", answer=Person),
            Route("POST", base, self.save, "Create or update a person", automatic, Person, Person),
            Route("PATCH", one, self.patch, "Change a person", body=self._patch),
            Route("POST", f"{one}/contacts", self.add_contacts, "Add contacts", body=contacts, answer=contacts),
            Route("POST", f"{one}/addresses", self.add_addresses, "Add addresses", body=addresses, answer=addresses),
        )

    def listing(self, request: Request) -> Answer:
        persons = self._tenant.persons
        keys = persons.shown if is_true(request.query, "onlyValid", default=True) else persons.keys
        return page(request, self._tenant.settings.origin, keys, persons.bodies)

    def find(self, request: Request) -> Answer:
        external_id = request.query.get("externalId")
        if not external_id:
            raise Refusal(400, "externalId must be given.")
        found = self._tenant.persons.with_external_id(external_id)
        if not found:
            raise Refusal(404, f"No person has the externalId {external_id}.")
        return Answer(body=self._tenant.persons.body(found[0]) or b"")

    def get(self, request: Request) -> Answer:
        return Answer(body=self._tenant.persons.body(self._number(request)) or b"")

    def save(self, request: Request) -> Answer:
        """Update the person of a sent number that is taken; otherwise create one. What is absent stays as it is."""
        posted = decoded(request.body, Person)
        if posted.contacts or posted.addresses:
            raise Refusal(400, "contacts and addresses must be empty; they have calls of their own.")
        number = self._taken(posted.debtor_account_number)
        if number is not None:
            body = self._update(number, posted, request.body)
        else:
            body = self._create(posted, automatic=is_true(request.query, "useAutomaticDebtorAccountNumber", default=True))
        return Answer(body=body)

    def _taken(self, number: str | None) -> int | None:
        key = int(number) if number and number.isdecimal() else -1
        return key if key in self._tenant.persons else None

    def _update(self, number: int, posted: Person, body: bytes) -> bytes:
        person = self._tenant.persons.get(number)
        assert person is not None  # _taken has looked
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        for name, member in zip(Person.__struct_fields__, Person.__struct_encode_fields__, strict=True):
            if member in given and name not in PERSON_SERVER_KEPT:
                setattr(person, name, getattr(posted, name))
        return self._put(number, person)

    def _create(self, posted: Person, *, automatic: bool) -> bytes:
        tenant = self._tenant
        wanted = posted.debtor_account_number
        if not automatic and not (wanted and wanted.isdecimal()):
            raise Refusal(400, "Without automatic numbering a debtorAccountNumber of digits must be sent.")
        number = tenant.next_member() if automatic else int(wanted or 0)
        if number in tenant.companies:
            raise Refusal(400, f"The number {number} belongs to a company.")
        fresh = Person()
        for name in PERSON_SERVER_KEPT:
            setattr(posted, name, getattr(fresh, name))
        return self._put(number, new_person(tenant, number, posted))

    def patch(self, request: Request) -> Answer:
        number = self._number(request)
        patch: PersonPatch = decoded(request.body, self._patch)
        person = self._read(number)
        apply(patch, person)
        self._put(number, person)
        return Answer(headers=())

    def add_contacts(self, request: Request) -> Answer:
        number = self._number(request)
        posted: list[Contact] = decoded(request.body, list[Contact])
        person = self._read(number)
        person.contacts = person.contacts or []
        answered = take_contacts(person.contacts, posted, self._tenant.time(), self._tenant.ids("contact"))
        self._put(number, person)
        return encoded(answered)

    def add_addresses(self, request: Request) -> Answer:
        number = self._number(request)
        posted: list[PostalAddress] = decoded(request.body, list[PostalAddress])
        person = self._read(number)
        person.addresses = person.addresses or []
        answered = take_addresses(person.addresses, posted, self._tenant.time(), self._tenant.ids("address"))
        self._put(number, person)
        return encoded(answered)

    def _number(self, request: Request) -> int:
        text = request.values[0]
        number = int(text) if text.isdecimal() else -1
        if number not in self._tenant.persons:
            raise Refusal(404, f"Person {text} does not exist.")
        return number

    def _read(self, number: int) -> Person:
        person = self._tenant.persons.get(number)
        assert person is not None  # _number has looked
        return person

    def _put(self, number: int, person: Person) -> bytes:
        second = self._tenant.second()
        person.age = age_at(person.birth_date, self._tenant.time())
        return self._tenant.put_person(number, person, second)


def age_at(born: datetime | None, now: datetime) -> int | None:
    """Whole years."""
    return None if born is None else now.year - born.year - ((now.month, now.day) < (born.month, born.day))
