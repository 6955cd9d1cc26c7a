"""The scenes of the crash enumeration: small histories that between them come through every state an operation or a record can be in.

Owns: what users do in each, under which rules, between which systems. Does not own: what goes wrong meanwhile (enumeration.py).

A scene is a generator: it does what users do and yields wherever the engine gets a cycle. What a user does must not hang on what a
disturbed cycle had no time to do; the driver therefore gives the engine another cycle before the scene goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accord.connectors.memory import MemoryDatatype
from accord.model.capabilities import ChangeCapture, Finding
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Creation, DeletePolicy
from accord.model.plans import OperationKind, Write
from accord.model.records import Hint, RecordRef, Side
from accord.testing.simulation_crashes import Crash
from accord.testing.simulation_dataflow import COMPANY, PERSON, SALE, Rules
from accord.testing.stage import PRODUCT, QUOTE, USER, Stage

Act = Callable[[Stage], Iterator[None]]


@dataclass(frozen=True)
class Scene:
    """What happens, under which rules, between which systems.

    ``meanwhile``: what a user does between our look at a record and our write. ``quotes``, ``wide``: see stage. ``full``: every cycle
    reads everything.
    """

    act: Act
    rules: Rules = field(default_factory=Rules)
    flows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    left: MemoryDatatype = field(default_factory=MemoryDatatype)
    right: MemoryDatatype = field(default_factory=MemoryDatatype)
    quotes: bool = False
    wide: bool = False
    full: bool = False
    meanwhile: Callable[[Stage, Write], None] | None = None

    @property
    def name(self) -> str:
        """Its name: what is done in it."""
        return self.act.__name__


def line(id: str, text: str, quantity: int = 1) -> dict[str, Any]:
    """A line of an order."""
    return {"Id": id, "Text": text, "Quantity": Decimal(quantity)}


def right_of(s: Stage, flow: str) -> str:
    """The only record of a flow that is linked on the right."""
    ((_, right),) = s.pairs(flow)
    return right


def people_are_made(s: Stage) -> Iterator[None]:
    for number in range(7):
        s.contact(f"p{number}@sim.example", Name=f"Name {number}", City="Oslo")
    yield


def people_are_met(s: Stage) -> Iterator[None]:
    for number in range(6):
        s.contact(f"p{number}@sim.example", Name=f"Name {number}")
        s.person(f"P{number}@sim.example", town="Bergen", name=f"Name {number}" if number % 2 else None)
    yield


def an_edit_on_the_left(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.crm.user_edit("Contact", left, {"Name": "Ada L", "City": "Oslo"})
    yield


def an_edit_on_the_right(s: Stage) -> Iterator[None]:
    s.contact("ada@sim.example", Name="Ada")
    yield
    s.register.user_edit("Persons", right_of(s, PERSON), {"name": "Ada R", "town": "Bergen"})
    yield


def edits_of_two_properties(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada", City="Oslo")
    yield
    s.crm.user_edit("Contact", left, {"Name": "Ada L"})
    s.register.user_edit("Persons", right_of(s, PERSON), {"town": "Bergen"})
    yield


def a_conflict(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.crm.user_edit("Contact", left, {"Name": "left"})
    s.later()
    s.register.user_edit("Persons", right_of(s, PERSON), {"name": "right, later"})
    yield


def a_value_is_cleared(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada", City="Oslo")
    yield
    s.crm.user_edit("Contact", left, {"City": None})
    yield


def an_order_before_its_payer(s: Stage) -> Iterator[None]:
    s.order("N1", "C-000001", Remark="waits", Lines=[line("L1", "one")])
    yield
    s.contact("ada@sim.example", Name="Ada")
    yield


def orders_with_lines(s: Stage) -> Iterator[None]:
    payer, firm = s.contact("ada@sim.example"), s.customer("C1", Name="Firm")
    s.order("N1", payer, Lines=[line("L1", "one"), line("L2", "two")])
    s.order("N2", firm, Lines=[])
    yield


def lines_change_on_both_sides(s: Stage) -> Iterator[None]:
    order = s.order("N1", s.contact("ada@sim.example"), Lines=[line("L1", "one"), line("L2", "two")])
    yield
    invoice = right_of(s, SALE)
    rows = s.right("Invoices", invoice)["rows"]
    s.crm.user_edit("Order", order, {"Lines": [line("L1", "one, changed"), line("L2", "two")]})
    s.register.user_edit("Invoices", invoice, {"rows": [*rows, {"ref": "L3", "text": "three", "count": Decimal(3)}]})
    yield


def the_payer_changes(s: Stage) -> Iterator[None]:
    order = s.order("N1", s.contact("ada@sim.example"))
    firm = s.customer("C1", Name="Firm")
    yield
    s.crm.user_edit("Order", order, {"Payer": firm, "Remark": "another payer"})
    yield


def an_invoice_is_edited(s: Stage) -> Iterator[None]:
    s.order("N1", s.contact("ada@sim.example"), Remark="before")
    yield
    s.register.user_edit("Invoices", right_of(s, SALE), {"remark": "after"})
    yield


def quotes_and_orders_share_invoices(s: Stage) -> Iterator[None]:
    payer = s.contact("ada@sim.example")
    s.order("N1", payer, Remark="order")
    quote = s.quote("Q1", payer)
    yield
    s.crm.user_edit("Quote", quote, {"Remark": "edited"})
    yield
    assert len(s.pairs(QUOTE)) == len(s.pairs(SALE)) == 1


def companies(s: Stage) -> Iterator[None]:
    one, _ = s.customer("C1", Name="One"), s.customer("C2", Name="Two")
    yield
    s.crm.user_edit("Customer", one, {"Name": "One AS"})
    yield


def one_side_is_deleted(s: Stage) -> Iterator[None]:
    left, _ = s.contact("ada@sim.example", Name="Ada"), s.contact("bo@sim.example", Name="Bo")
    yield
    s.crm.user_delete("Contact", left)
    yield


def the_register_deletes(s: Stage) -> Iterator[None]:
    ada, _ = s.contact("ada@sim.example", Name="Ada"), s.contact("bo@sim.example", Name="Bo")
    yield
    s.register.user_delete("Persons", dict(s.pairs(PERSON))[ada])
    yield


def an_edit_beats_a_deletion(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.register.user_edit("Persons", right_of(s, PERSON), {"name": "edited"})
    s.crm.user_delete("Contact", left)
    yield


def one_is_refused(s: Stage) -> Iterator[None]:
    bad = s.contact("ada@sim.example", Name="refused")
    for number in range(3):
        s.contact(f"p{number}@sim.example", Name="fine")
    yield
    s.crm.user_edit("Contact", bad, {"Name": "fine now"})
    yield


def two_candidates(s: Stage) -> Iterator[None]:
    s.contact("ada@sim.example", Name="Ada")
    first, _ = s.person("ada@sim.example"), s.person("ada@sim.example")
    yield
    s.register.user_delete("Persons", first)
    yield


def made_on_both_sides(s: Stage) -> Iterator[None]:
    s.contact("ada@sim.example", Name="Ada"), s.person("bo@sim.example", name="Bo")
    s.customer("C1", Name="One")
    yield


def products_and_users(s: Stage) -> Iterator[None]:
    product, user = s.product("A1", Name="Bike"), s.user("U1", Name="Ada")
    yield
    s.crm.user_edit("User", user, {"Name": "Ada L"})
    s.register.user_edit("Articles", right_of(s, PRODUCT), {"name": "Bicycle"})
    yield
    s.crm.user_edit("Product", product, {"Founded": "2020-01-01T00:00:00Z"})
    s.register.user_edit("Staff", right_of(s, USER), {"name": "does not cross"})
    yield


def a_user_comes_in_between(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.crm.user_edit("Contact", left, {"Name": "Ada L"})
    yield


def edits_in_between(s: Stage, one: Write) -> None:
    """Between our look and our write a user changes another property of the target, once."""
    person = s.register.live("Persons").get(one.ref.id)
    if person is not None and person.get("town") is None:
        s.register.user_edit("Persons", one.ref.id, {"town": "Bergen"})


def the_target_is_deleted_in_between(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.crm.user_edit("Contact", left, {"Name": "Ada L"})
    yield


def deletes_in_between(s: Stage, one: Write) -> None:
    """Between our look and our write a user deletes the target."""
    if one.kind is OperationKind.UPDATE and one.ref.id in s.register.live("Persons"):
        s.register.user_delete("Persons", one.ref.id)


def deletions_beyond_the_budget(s: Stage) -> Iterator[None]:
    people = [s.contact(f"p{number}@sim.example", Name="Name") for number in range(4)]
    yield
    for one in people[:3]:
        s.crm.user_delete("Contact", one)
    s.crm.user_edit("Contact", people[3], {"Name": "goes on"})
    yield


def a_deletion_is_reported(s: Stage) -> Iterator[None]:
    left, _ = s.contact("ada@sim.example", Name="Ada"), s.contact("bo@sim.example", Name="Bo")
    yield
    s.crm.user_delete("Contact", left)
    yield


def what_stays_behind(s: Stage) -> Iterator[None]:
    s.order("N1", "C-unheard-of", Lines=[line("L1", "one")])
    s.contact("ada@sim.example", Name="refused")
    s.contact("bo@sim.example"), s.person("bo@sim.example"), s.person("bo@sim.example", town="Oslo")
    s.customer("C1", Name="fine")
    yield


def a_person_decides(s: Stage) -> Iterator[None]:
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    s.crm.user_edit("Contact", left, {"Name": "left", "City": "Oslo"})
    s.register.user_edit("Persons", right_of(s, PERSON), {"name": "right"})
    yield


def webhooks_arrive(s: Stage) -> Iterator[None]:
    """What was announced is durable before the sender is told so; one that is told nothing sends it again."""
    left = s.contact("ada@sim.example", Name="Ada")
    yield
    right = right_of(s, PERSON)
    s.crm.user_edit("Contact", left, {"Name": "Ada B"}, quietly=True)
    _send(s, RecordRef(Side.LEFT, "Contact", left), "first")
    s.register.user_edit("Persons", right, {"town": "Oslo"}, quietly=True)
    _send(s, RecordRef(Side.RIGHT, "Persons", right), "second")
    _send(s, RecordRef(Side.LEFT, "Contact", left), "first")
    yield


def _send(s: Stage, ref: RecordRef, event: str) -> None:
    """A webhook, repeated until it is answered."""
    while True:
        try:
            s.store.hint([Hint(ref)], event)
        except Crash:
            continue
        return


def everything_at_once(s: Stage) -> Iterator[None]:
    ada, bo = s.contact("ada@sim.example", Name="Ada"), s.contact("bo@sim.example", Name="Bo")
    s.order("N1", ada, Lines=[line("L1", "one")])
    yield
    s.crm.user_edit("Contact", bo, {"Name": "Bo L"})
    s.register.user_edit("Persons", dict(s.pairs(PERSON))[ada], {"town": "Bergen"})
    s.order("N2", s.customer("C1", Name="Firm"), Remark="new")
    s.register.user_edit("Invoices", right_of(s, SALE), {"remark": "edited"})
    yield
    s.crm.user_delete("Contact", bo)
    s.crm.user_edit("Contact", ada, {"City": "Oslo"})
    yield
    assert len(s.pairs(COMPANY)) == 1


ODD = MemoryDatatype(conditional_write=False, idempotency_key=False, versions="none", modified_time=False, changes=ChangeCapture.LISTING)
FEED = MemoryDatatype(changes=ChangeCapture.FEED)
SILENT = MemoryDatatype(changes=ChangeCapture.LISTING, sees_deletes=False, page_size=1)
SCENES = (
    Scene(people_are_made),
    Scene(people_are_met),
    Scene(an_edit_on_the_left),
    Scene(an_edit_on_the_right),
    Scene(edits_of_two_properties, left=FEED, right=FEED),
    Scene(a_conflict),
    Scene(a_value_is_cleared),
    Scene(an_order_before_its_payer),
    Scene(orders_with_lines),
    Scene(lines_change_on_both_sides),
    Scene(the_payer_changes),
    Scene(an_invoice_is_edited, right=ODD),
    Scene(quotes_and_orders_share_invoices, quotes=True),
    Scene(companies, right=MemoryDatatype(trims=frozenset({"name"}), upper_cases=frozenset({"town"}))),
    Scene(one_side_is_deleted, Rules(deletes=DeletePolicy.UNLINK)),
    Scene(the_register_deletes, Rules(deletes=DeletePolicy.DELETE)),
    Scene(an_edit_beats_a_deletion, Rules(deletes=DeletePolicy.DELETE)),
    Scene(one_is_refused, right=MemoryDatatype(refuses={"name": ["refused"]})),
    Scene(two_candidates),
    Scene(made_on_both_sides, Rules(create=Creation.BOTH)),
    Scene(everything_at_once, Rules(deletes=DeletePolicy.UNLINK, conflict=ConflictPolicy.LEFT, clear=ClearPolicy.IGNORE), right=ODD),
    Scene(people_are_met, right=MemoryDatatype(idempotency_key=False, finding=Finding.LAGGING, find_lag=20.0)),
    Scene(products_and_users, wide=True),
    Scene(a_user_comes_in_between, meanwhile=edits_in_between),
    Scene(a_user_comes_in_between, right=ODD, meanwhile=edits_in_between),
    Scene(the_target_is_deleted_in_between, meanwhile=deletes_in_between),
    Scene(deletions_beyond_the_budget, Rules(deletes=DeletePolicy.DELETE)),
    Scene(a_deletion_is_reported),
    Scene(a_deletion_is_reported, Rules(deletes=DeletePolicy.ARCHIVE), left=ODD),
    Scene(what_stays_behind, right=MemoryDatatype(refuses={"name": ["refused"]})),
    Scene(a_person_decides, Rules(conflict=ConflictPolicy.MANUAL)),
    Scene(one_side_is_deleted, Rules(deletes=DeletePolicy.UNLINK), left=SILENT),
    Scene(the_register_deletes, Rules(deletes=DeletePolicy.DELETE), right=SILENT, full=True),
    Scene(everything_at_once, Rules(deletes=DeletePolicy.UNLINK), left=FEED, full=True),
    Scene(webhooks_arrive),
    Scene(webhooks_arrive, left=FEED, right=ODD),
)
