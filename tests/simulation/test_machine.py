"""A machine that takes every way through users' actions and runs that Hypothesis can think of, and compares the engine with the model."""

from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from reference_model import LEFT, RIGHT, Model, Record

from accord.connectors.memory import MemoryDatatype
from accord.model.capabilities import ChangeCapture
from accord.model.dataflow import ConflictPolicy, Creation, DeletePolicy
from accord.model.records import Side
from accord.testing.simulation_dataflow import PERSON, PROPERTIES, Rules
from accord.testing.stage import Stage, stage

NAMES = {"Name": "name", "Age": "age", "Member": "isMember"}
KIND = {LEFT: "Contact", RIGHT: "Persons"}
KEY = {LEFT: "Email", RIGHT: "email"}

sides = st.sampled_from([LEFT, RIGHT])
names = st.sampled_from(sorted(NAMES))
texts = st.one_of(st.none(), st.sampled_from(["Ada", "Bo", "Eva", "Åse"]))
VALUES = {"Name": texts, "Age": st.one_of(st.none(), st.integers(0, 9)), "Member": st.one_of(st.none(), st.booleans())}
records = st.fixed_dictionaries(VALUES)
abilities = st.builds(
    MemoryDatatype,
    changes=st.sampled_from(ChangeCapture),
    versions=st.sampled_from(["number", "none"]),
    conditional_write=st.booleans(),
    sees_deletes=st.booleans(),
    page_size=st.sampled_from([1, 100]),
)


class Histories(RuleBasedStateMachine):
    """Users on both sides, and runs; after each run both worlds are what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.here: Stage
        self.model: Model
        self.ids: dict[tuple[str, str], str] = {}
        self.ran = False

    @initialize(winner=sides, both=st.booleans(), left=abilities, right=abilities)
    def begin(self, winner: str, both: bool, left: MemoryDatatype, right: MemoryDatatype) -> None:
        rules = Rules(
            conflict=ConflictPolicy(winner),
            deletes=DeletePolicy.UNLINK,
            create=Creation.BOTH if both else Creation.LEFT_TO_RIGHT,
            flows=(PERSON,),
        )
        self.here = self.opened.enter_context(stage(rules, left=left, right=right))
        self.model = Model(tuple(NAMES), winner, both)
        self.ran = False

    def teardown(self) -> None:
        self.opened.close()

    # --- users --------------------------------------------------------------------------------------------------------------------

    @rule(side=sides, values=records)
    def makes(self, side: str, values: Record) -> None:
        self.made(side, f"k{len(self.model.things)}@sim.example", values)

    @precondition(lambda self: not self.ran)
    @rule(side=sides, values=records, data=st.data())
    def makes_a_twin(self, side: str, values: Record, data: st.DataObject) -> None:
        if lonely := self.model.lonely(side):
            self.made(side, data.draw(st.sampled_from(lonely)), values)

    @rule(side=sides, name=names, data=st.data())
    def edits(self, side: str, name: str, data: st.DataObject) -> None:
        if living := self.model.living(side):
            key = data.draw(st.sampled_from(living))
            value = data.draw(VALUES[name])
            self.here.later()
            self.world(side).user_edit(KIND[side], self.id_of(side, key), {self.said(side, name): value})
            self.model.edit(side, key, name, value)

    @precondition(lambda self: self.ran)
    @rule(side=sides, data=st.data())
    def deletes(self, side: str, data: st.DataObject) -> None:
        living = [key for key in self.model.living(side) if self.model.things[key].base is not None]
        if len(self.model.living(side)) > 1 and living:  # a system without a single record is not believed
            key = data.draw(st.sampled_from(living))
            self.here.later()
            self.world(side).user_delete(KIND[side], self.id_of(side, key))
            self.model.delete(side, key)

    # --- runs ---------------------------------------------------------------------------------------------------------------------

    @rule()
    def syncs(self) -> None:
        for full in (False, True, True):
            self.here.run(full=full)
        self.model.sync()
        self.ran = True
        for side in (LEFT, RIGHT):
            assert self.shown(side) == self.model.shown(side), side
        before = len(self.here.writes())
        self.here.run(full=True)
        assert len(self.here.writes()) == before, "a run wrote although nothing had happened"

    # --- within -------------------------------------------------------------------------------------------------------------------

    def made(self, side: str, key: str, values: Record) -> None:
        self.here.later()
        said = {self.said(side, name): value for name, value in values.items()}
        self.world(side).user_create(KIND[side], {KEY[side]: key, **said})
        self.model.make(side, key, values)

    def world(self, side: str) -> Any:
        return self.here.worlds[Side(side)]

    def said(self, side: str, name: str) -> str:
        return name if side == LEFT else NAMES[name]

    def id_of(self, side: str, key: str) -> str:
        return next(id for id, values in self.world(side).live(KIND[side]).items() if values[KEY[side]] == key)

    def shown(self, side: str) -> dict[str, Record]:
        live = self.world(side).live(KIND[side]).values()
        assert len({values[KEY[side]] for values in live}) == len(live), "one thing twice"
        return {values[KEY[side]]: {name: values[self.said(side, name)] for name in NAMES} for values in live}


def test_the_names_are_those_of_the_dataflow() -> None:
    assert NAMES.items() <= {(left, right) for left, right, _ in PROPERTIES[PERSON]}


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
