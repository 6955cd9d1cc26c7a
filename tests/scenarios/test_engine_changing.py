"""Edits on either side: they cross, they do not echo, and none is lost."""

from decimal import Decimal

import pytest
from engine_stage import Stage, stage

from accord.connectors.hostile import Fault, FaultPlan
from accord.connectors.memory import MemoryConnector, MemoryDatatype
from accord.errors import SystemUnavailable
from accord.model.capabilities import ChangeCapture
from accord.model.dataflow import ClearPolicy, ConflictPolicy, Share, Where
from accord.model.links import PendingState
from accord.model.records import Side
from accord.testing.simulation_dataflow import COMPANY, PERSON, SALE, Rules


def met(s: Stage, **values: str) -> tuple[str, str]:
    """A contact with its person, in step."""
    left = s.contact("ada@sim.example", **values)
    s.runs()
    ((_, right),) = s.pairs(PERSON)
    return left, right


def test_P13_edits_of_two_properties_on_two_sides_both_survive() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"Name": "Ada L"})
        s.register.user_edit("Persons", right, {"town": "Bergen"})
        s.runs()
        assert (s.left("Contact", left)["Name"], s.left("Contact", left)["City"]) == ("Ada L", "Bergen")
        assert (s.right("Persons", right)["name"], s.right("Persons", right)["town"]) == ("Ada L", "Bergen")


def test_P6_one_edit_is_one_write_on_the_other_side_and_none_on_its_own() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada")
        before = len(s.writes())
        s.crm.user_edit("Contact", left, {"Name": "Ada L"})
        s.runs(4)
        (write,) = s.writes()[before:]
        assert (write.datatype, write.id, write.values) == ("Persons", right, {"name": "Ada L"})


def test_P6_a_target_that_rewrites_what_it_is_sent_is_not_written_again() -> None:
    with stage(right=MemoryDatatype(upper_cases=frozenset({"town"}), rounds={"balance": 0})) as s:
        left, right = met(s, City="Oslo", Balance=Decimal("1.55"))  # type: ignore[arg-type]  # any property
        before = len(s.writes())
        s.crm.user_edit("Contact", left, {"City": "Bergen"})
        s.runs(4)
        assert len(s.writes()) == before + 1
        assert s.right("Persons", right)["town"] == "BERGEN"
        assert (s.left("Contact", left)["City"], s.left("Contact", left)["Balance"]) == ("Bergen", Decimal("1.55"))


def test_CONFLICT_01_the_later_edit_wins_and_the_journal_keeps_the_other() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada")
        s.crm.user_edit("Contact", left, {"Name": "earlier"})
        s.later()
        s.register.user_edit("Persons", right, {"name": "later"})
        run = s.run()
        s.runs()
        assert s.left("Contact", left)["Name"] == s.right("Persons", right)["name"] == "later"
        assert run.flows[PERSON].conflicts == 1
        assert [change.replaced for one in s.journal() for change in one.operation.changes if change.loser] == ["earlier"]


def test_CONFLICT_04_a_conflict_that_a_person_decides_holds_one_property_and_no_other() -> None:
    with stage(flows={PERSON: {"conflict": ConflictPolicy.MANUAL}}) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"Name": "one", "City": "Bergen"})
        s.register.user_edit("Persons", right, {"name": "other"})
        s.runs()
        assert (s.right("Persons", right)["town"], s.right("Persons", right)["name"]) == ("Bergen", "other")
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.REVIEW, "CONFLICT-04")]
        s.register.user_edit("Persons", right, {"name": "one"})
        s.runs()
        assert s.waiting() == []


def test_clearing_crosses_as_a_deliberate_change() -> None:
    with stage() as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"City": None})
        s.runs()
        assert not s.right("Persons", right)["town"]


def test_MERGE_13_clearing_stays_where_it_was_typed_if_the_flow_says_so() -> None:
    with stage(Rules(clear=ClearPolicy.IGNORE)) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"City": None})
        s.runs()
        assert (s.left("Contact", left)["City"], s.right("Persons", right)["town"]) == (None, "Oslo")


def test_LIST_01_lines_are_merged_one_by_one() -> None:
    with stage() as s:
        payer = s.contact("ada@sim.example")
        one, two = ({"Id": name, "Text": name, "Quantity": Decimal(1)} for name in ("L1", "L2"))
        order = s.order("N1", payer, Lines=[one, two])
        s.runs()
        ((_, invoice),) = s.pairs(SALE)
        rows = s.right("Invoices", invoice)["rows"]
        s.crm.user_edit("Order", order, {"Lines": [{**one, "Text": "from the left"}, two]})
        s.register.user_edit("Invoices", invoice, {"rows": [rows[0], {"ref": "L3", "text": "new on the right", "count": Decimal(3)}]})
        s.runs()
        both = {"L1": "from the left", "L3": "new on the right"}
        assert {line["Id"]: line["Text"] for line in s.left("Order", order)["Lines"]} == both
        assert {row["ref"]: row["text"] for row in s.right("Invoices", invoice)["rows"]} == both


def test_LIST_01_two_lines_with_different_losers_keep_both_losing_values() -> None:
    """Only the last item's loser was noted, so the value that the other side lost was in no record of a conflict."""
    rules = Rules(conflict=ConflictPolicy.KEEP_NON_EMPTY)
    with stage(rules) as s:
        payer = s.contact("ada@sim.example")
        lines = [{"Id": name, "Text": "start", "Quantity": Decimal(1)} for name in ("L1", "L2")]
        order = s.order("N1", payer, Lines=lines)
        s.runs()
        ((_, invoice),) = s.pairs(SALE)
        rows = s.right("Invoices", invoice)["rows"]
        left = [{**lines[0], "Text": "left one"}, {**lines[1], "Text": None}]
        right = [{**rows[0], "text": "right one"}, {**rows[1], "text": "right two"}]
        s.crm.user_edit("Order", order, {"Lines": left})
        s.register.user_edit("Invoices", invoice, {"rows": right})
        s.runs()
        kept = str([change.replaced for one in s.journal() for change in one.operation.changes if change.loser])
        held = str(s.left("Order", order)["Lines"])
        assert all(text in kept + held for text in ("left one", "right one", "right two"))


def test_P4_two_operations_of_which_one_is_refused_lose_nothing() -> None:
    with stage(right=MemoryDatatype(refuses={"name": ("refused",)})) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        s.crm.user_edit("Contact", left, {"Name": "refused"})
        s.register.user_edit("Persons", right, {"town": "Bergen"})
        s.runs()
        assert (s.left("Contact", left)["City"], s.left("Contact", left)["Name"]) == ("Bergen", "refused")
        assert [(row.ref.id, row.state, row.rule) for row in s.waiting()] == [(left, PendingState.QUARANTINED, "REFUSED-01")]
        s.crm.user_edit("Contact", left, {"Name": "fine"})
        s.runs()
        assert s.right("Persons", right)["name"] == "fine"
        assert s.waiting() == []


def test_SWITCH_01_a_side_that_is_not_shared_is_read_and_never_written() -> None:
    with stage(flows={PERSON: {"share": Share(left=False, right=True)}}) as s:
        left, right = met(s, Name="Ada")
        s.register.user_edit("Persons", right, {"name": "edited"})
        s.runs()
        assert s.left("Contact", left)["Name"] == "Ada"
        assert [(row.state, row.rule) for row in s.waiting()] == [(PendingState.HELD, "SWITCH-01")]
        assert not list(s.crm.writes())


def test_SCOPE_01_what_the_filter_leaves_out_is_left_alone_and_taken_up_when_it_comes_in() -> None:
    with stage(flows={PERSON: {"where": Where(left="City = 'Oslo'")}}) as s:
        outside = s.contact("ada@sim.example", City="Bergen")
        s.runs()
        assert s.register.live("Persons") == {}
        assert s.waiting() == []
        s.crm.user_edit("Contact", outside, {"City": "Oslo"})
        s.runs()
        assert len(s.register.live("Persons")) == 1


def test_P22_a_linked_record_that_leaves_the_filter_is_no_longer_written_and_never_deleted() -> None:
    with stage(flows={PERSON: {"where": Where(left="City = 'Oslo'")}}) as s:
        left, right = met(s, Name="Ada", City="Oslo")
        before = s.writes()
        s.crm.user_edit("Contact", left, {"City": "Bergen", "Name": "left the filter"})
        s.runs()
        assert s.writes() == before
        assert s.right("Persons", right)["name"] == "Ada"


def test_stale_listings_do_not_repair_a_fresh_write() -> None:
    """A listing that lags showed what a record held before our own write; it was taken for an edit that put the old value back."""
    for changes in (ChangeCapture.SINCE, ChangeCapture.LISTING):
        with stage(right=MemoryDatatype(commit_lag=400.0, changes=changes)) as s:
            left, right = s.contact("ada@sim.example", Name="Ada"), s.person("ada@sim.example", name="Ada")
            s.later(1000)
            s.runs()
            s.crm.user_edit("Contact", left, {"Name": "edited"})
            s.runs(2)
            s.run(full=True)
            assert s.left("Contact", left)["Name"] == s.right("Persons", right)["name"] == "edited"
            assert s.links(PERSON)[0].base(Side.RIGHT)["Name"] == "edited"


def test_P19_a_system_that_cannot_be_searched_keeps_only_its_own_flow_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovery came first and for all flows at once, so one open create held the whole cycle up."""

    async def find(self: MemoryConnector, datatype: str, writes: object) -> object:
        raise SystemUnavailable("register", "the search is down", "try again later")

    with stage() as s:
        payer = s.customer("C1", Name="Before")
        s.runs()
        with monkeypatch.context() as down:
            down.setattr(MemoryConnector, "find", find)
            s.faults[Side.RIGHT] = FaultPlan.only(Fault.NO_ID)
            s.contact("ada@sim.example")
            s.run_despite(SystemUnavailable)
            s.faults[Side.RIGHT] = FaultPlan.none()
            s.crm.user_edit("Customer", payer, {"Name": "After"})
            s.run_despite(SystemUnavailable)
            ((_, company),) = s.pairs(COMPANY)
            assert s.right("Companies", company)["name"] == "After"
            assert s.pairs(PERSON) == []
        s.runs()
        assert len(s.pairs(PERSON)) == len(s.register.live("Persons")) == 1
