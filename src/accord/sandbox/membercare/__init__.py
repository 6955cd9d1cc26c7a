"""Membercare, after its public REST API, with the gaps filled by assumptions that docs/reference/membercare-sandbox.md lists.

Owns: joining the parts of this server. Start with tenant.py; words_*.py are the shapes, the other files one part of the API each.
"""

from functools import partial

from accord.sandbox.clock import Now, system_now
from accord.sandbox.desk import Desk
from accord.sandbox.faults import Calls, Faults
from accord.sandbox.membercare.companies import Companies
from accord.sandbox.membercare.debtors import Debtors
from accord.sandbox.membercare.invoices import Invoices
from accord.sandbox.membercare.persons import Persons
from accord.sandbox.membercare.products import Products
from accord.sandbox.membercare.rest import Rest
from accord.sandbox.membercare.seeding import Seeding
from accord.sandbox.membercare.tenant import Settings, Tenant
from accord.sandbox.openapi import describe
from accord.sandbox.web import Answer, Application, Refusal, encoded

__all__ = ["Settings", "application"]

ERROR = {"type": "string", "description": "What is wrong, in words."}
TOKEN = {"type": "apiKey", "in": "header", "name": "token"}


def refuse(refusal: Refusal) -> Answer:
    """An error as Membercare writes it: a plain JSON string."""
    return encoded(refusal.message, refusal.status)


def application(settings: Settings, faults: Faults, now: Now = system_now) -> Application:
    """The whole server, with its data."""
    tenant, calls = Tenant(settings, now), Calls()
    Seeding(tenant).run()
    parts = (Rest(tenant), Persons(tenant), Companies(tenant), Debtors(tenant), Invoices(tenant), Products(tenant))
    own = [route for part in parts for route in part.routes()]
    registers = (("persons", tenant.persons), ("companies", tenant.companies), ("invoices", tenant.invoices), ("products", tenant.products))
    dumps = {name: register.all for name, register in registers}
    desk = Desk(calls, faults, dumps, partial(describe, "Membercare sandbox", own, TOKEN, ERROR))
    return Application([*own, *desk.routes()], tenant.admit, refuse, faults, calls, desk.lies)
