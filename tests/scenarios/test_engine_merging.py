"""What becomes of a property over several cycles, as it is shown, hidden and shown again."""

import pytest
from engine_stage import stage

from accord.connectors.hostile import Fault, FaultPlan, HostileConnector
from accord.model.records import Seen, Side
from accord.testing.simulation_dataflow import PERSON, SALE


@pytest.mark.parametrize("hidden", ["City", "Payer"])
def test_P01_what_is_shown_again_in_the_answer_to_a_write_has_not_been_merged_yet(hidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a property was not shown, nothing of it crossed; and an answer of our own is no news that would bring the record up again."""

    def without(_: HostileConnector, seen: Seen) -> Seen:
        return Seen.of(seen.ref, {name: value for name, value in seen.values.items() if name != hidden}, seen.version, seen.modified)

    with stage() as s:
        contacts = [s.contact(f"{name}@sim.example", City="Oslo") for name in ("ada", "bo")]
        order = s.crm.user_create("Order", {"Number": "N1", "Payer": contacts[0], "Remark": "old", "Status": "won"})
        s.runs()
        people, invoice = dict(s.pairs(PERSON)), dict(s.pairs(SALE))[order]
        s.register.user_edit("Persons", people[contacts[0]], {"name": "Ada", "town": "Bergen"})
        s.register.user_edit("Invoices", invoice, {"remark": "new", "payer": people[contacts[1]]})
        monkeypatch.setattr(HostileConnector, "_without_one", without)
        s.faults[Side.LEFT] = FaultPlan.only(Fault.VANISHED)
        s.crm.user_edit("Contact", contacts[0], {})
        s.crm.user_edit("Order", order, {})
        s.run()
        s.faults[Side.LEFT] = FaultPlan.none()
        s.run()
        assert s.left("Contact", contacts[0])["City"] == "Bergen"
        assert s.left("Order", order)["Payer"] == contacts[1]
