"""The remaining calls: signing in, foreign systems, countries; and the refusals of a strict server.

Owns: those. Does not own: tokens (tenant.py).
"""

from accord.sandbox.membercare.members import countries
from accord.sandbox.membercare.paging import PARAMETERS, envelope, page
from accord.sandbox.membercare.tenant import Tenant, decoded
from accord.sandbox.membercare.words_common import Country, ForeignSystem, ForeignSystemMapping, SignIn, Token
from accord.sandbox.membercare.words_members import Company, Person
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route, encoded

SYSTEMS = "/api/v1/foreignSystems"


class Rest:
    """The calls."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._systems: dict[int, str] = {}
        self._mapped: dict[tuple[int, str], int] = {}

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        token = "/api/v1/token"
        signing = (Parameter("clientApiKey"), Parameter("personToImpersonate"))
        external, one = (Parameter("externalId"),), "/{debtorAccountNumber}/foreignSystem/{id}"
        sought = (*PARAMETERS, *external)
        return (
            Route("GET", token, self.token_by_query, "Sign in", signing, answer=Token, open=True),
            Route("POST", token, self.token_by_body, "Sign in", body=SignIn, answer=Token, open=True),
            Route("GET", SYSTEMS, self.systems, "List foreign systems", answer=list[ForeignSystem]),
            Route("POST", SYSTEMS, self.add_system, "Name a foreign system", body=ForeignSystem, answer=ForeignSystem),
            Route("GET", f"{SYSTEMS}/{{id}}/persons", self.persons, "Persons by its id", sought, answer=envelope(Person, "Person")),
            Route("GET", f"{SYSTEMS}/{{id}}/companies", self.companies, "Companies by its id", sought, answer=envelope(Company, "Company")),
            Route("POST", f"/api/v1/persons{one}", self.associate, "Note its id of a person", external),
            Route("POST", f"/api/v1/companies{one}", self.associate, "Note its id of a company", external),
            Route("GET", "/api/v1/addresses/countries", self.countries, "List countries", answer=list[Country]),
        )

    def token_by_query(self, request: Request) -> Answer:
        return self._token(request.query.get("clientApiKey"), request.query.get("personToImpersonate"))

    def token_by_body(self, request: Request) -> Answer:
        given = decoded(request.body, SignIn)
        return self._token(given.client_api_key, given.person_to_impersonate)

    def _token(self, key: str | None, person: str | None) -> Answer:
        return encoded(Token(*self._tenant.sign_in(key, person)))

    def systems(self, _: Request) -> Answer:
        return encoded([ForeignSystem(id=number, name=name) for number, name in self._systems.items()])

    def add_system(self, request: Request) -> Answer:
        given = decoded(request.body, ForeignSystem)
        number = len(self._systems) + 1
        self._systems[number] = given.name
        return encoded(ForeignSystem(id=number, name=given.name))

    def associate(self, request: Request) -> Answer:
        number, member = self._tenant.member(request.values[0])
        system, external_id = self._system(request.values[1]), request.query.get("externalId")
        if not external_id:
            raise Refusal(400, "externalId must be given.")
        mapping = ForeignSystemMapping(
            id=len(self._mapped) + 1, external_id=external_id, foreign_system=ForeignSystem(id=system, name=self._systems[system])
        )
        others = [each for each in member.foreign_system_mappings or () if each.foreign_system.id != system]
        member.foreign_system_mappings = [*others, mapping]
        self._mapped[system, external_id] = number
        if isinstance(member, Person):
            self._tenant.put_person(number, member, self._tenant.second())
        else:
            self._tenant.put_company(number, member, self._tenant.second())
        return Answer(headers=())

    def persons(self, request: Request) -> Answer:
        return page(request, self._tenant.settings.origin, self._found(request, Person), self._tenant.persons.bodies)

    def companies(self, request: Request) -> Answer:
        return page(request, self._tenant.settings.origin, self._found(request, Company), self._tenant.companies.bodies)

    def _found(self, request: Request, kind: type[Person] | type[Company]) -> list[int]:
        system, external_id = self._system(request.values[0]), request.query.get("externalId")
        numbers = [number for (one, wanted), number in self._mapped.items() if one == system and external_id in (None, wanted)]
        register = self._tenant.persons if kind is Person else self._tenant.companies
        return sorted(number for number in numbers if number in register)

    def _system(self, text: str) -> int:
        number = int(text) if text.isdecimal() else -1
        if number not in self._systems:
            raise Refusal(404, f"Foreign system {text} does not exist.")
        return number

    def countries(self, _: Request) -> Answer:
        return encoded(list(countries().values()))
