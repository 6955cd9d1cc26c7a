"""One bug for each promise: a decision of core, engine or store, made wrong for the length of a test.

They are planted from outside, by replacing one name; nothing in the product knows of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from accord.connectors.hostile import HostileConnector
from accord.core import agreeing, mapping_laws, matching, merging, planning
from accord.core.deletes import after_delete
from accord.core.mapping import CompiledFlow
from accord.core.recovering import Again
from accord.engine import cycle, guarding, journaling, preparing, reading, recording, recovery, writing
from accord.engine.preview import PretendedWrites
from accord.model.plans import Outcome, OutcomeKind
from accord.model.records import Evidence, Gone, RecordRef, Side
from accord.store.database import Database

Plant = Callable[[pytest.MonkeyPatch], None]


def edits_on_the_right_stay_there(patch: pytest.MonkeyPatch) -> None:
    sends = merging._sends
    patch.setattr(merging, "_sends", lambda direction, side: side is Side.LEFT and sends(direction, side))


def a_base_changes_although_nothing_did(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "_is_new", lambda seen, known: True)
    with_agreed = planning._with_agreed

    def wrong(link: Any, merged: Any, sides: Any) -> Any:
        kept = with_agreed(link, merged, sides)
        if kept is not None or not link.left_base:
            return kept
        first = next(iter(link.left_base))
        return replace(link, left_base={name: value for name, value in link.left_base.items() if name != first})

    patch.setattr(planning, "_with_agreed", wrong)


def a_write_carries_what_has_not_changed(patch: pytest.MonkeyPatch) -> None:
    row = next(row for row in merging.TABLE if row.then is merging.Then.TO_RIGHT)
    still = merging.Now.STILL
    patch.setattr(merging, "_DECISIONS", {**merging._DECISIONS, (still, still, True): row})


def the_losing_value_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    change = planning._change
    patch.setattr(planning, "_change", lambda one, side, held: replace(change(one, side, held), replaced=None, loser=False))


def a_write_states_no_version(patch: pytest.MonkeyPatch) -> None:
    as_write = writing.as_write
    patch.setattr(writing, "as_write", lambda operation: replace(as_write(operation), precondition=None))


def the_base_is_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    agree = agreeing.agree

    def wrong(link: Any, operation: Any, source: Any, answer: Any, **how: Any) -> Any:
        sent = {change.name: change.value for change in operation.changes}
        return agree(link, operation, source, {**answer, **sent}, **how)

    patch.setattr(recording, "agree", wrong)


def an_unanswered_create_is_sent_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "told", lambda side, found, settled: Again())


def the_first_of_several_candidates_is_taken(patch: pytest.MonkeyPatch) -> None:
    match = preparing.match

    def wrong(candidates: Sequence[Any], invalid: Any = ()) -> Any:
        found = match(candidates, invalid)
        return matching.Counterpart(found.candidates[0]) if isinstance(found, matching.Ambiguous) and found.candidates else found

    patch.setattr(preparing, "match", wrong)


def what_is_not_listed_is_gone(patch: pytest.MonkeyPatch) -> None:
    async def wrong(reader: Any, listed: frozenset[int]) -> None:
        missing = await reading._missing(reader, listed)
        gone = [Gone(RecordRef(reader.side, reader.datatype, id), Evidence.ABSENT) for id in missing]
        await reader.engine.keep(reading.absorb, reader.engine, reader.side, reader.datatype, gone)

    patch.setattr(reading, "_look_for_missing", wrong)


def deletes_have_no_budget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guarding, "deletes_allowed", lambda *_: True)


def a_deletion_beats_an_edit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning, "after_delete", lambda policy, changed, both: after_delete(policy, False, both))


def a_conflict_hangs_on_the_order_of_the_sides(patch: pytest.MonkeyPatch) -> None:
    resolve = merging.resolve
    patch.setattr(merging, "resolve", lambda policy, fallback, left, right, times: resolve(policy, Side.LEFT, left, right, times))


def one_conflict_decides_for_the_whole_record(patch: pytest.MonkeyPatch) -> None:
    merge = planning.merge

    def wrong(rules: Any, sides: Any, times: Any) -> Any:
        merged = merge(rules, sides, times)
        moved = [one for one in merged if one.right is not merging.ABSENT]
        return tuple(one if one.left is merging.ABSENT or not moved else merging.Merged(one.name, one.rule, agreed=True) for one in merged)

    patch.setattr(planning, "merge", wrong)


def a_reference_is_written_untranslated(patch: pytest.MonkeyPatch) -> None:
    common = CompiledFlow.common

    def wrong(self: CompiledFlow, side: Side, raw: Any, resolved: Any, *agreed: Any) -> Any:
        mapped = common(self, side, raw, resolved, *agreed)
        if not mapped.waits:
            return mapped
        untranslated = {name: options[0].id for name, options in mapped.waits.items()}
        return replace(mapped, values={**mapped.values, **untranslated}, waits={})

    def words(self: CompiledFlow, side: Side, values: Any, current: Any, resolved: Any) -> Any:
        said: dict[str, Any] = {}
        for name, value in values.items():
            crossing = self.crossings.get(name)
            said |= crossing.side(side).put(value, current) if crossing else {self.reference_crossings[name].side(side).single.path: value}
        return said

    patch.setattr(CompiledFlow, "common", wrong)
    patch.setattr(CompiledFlow, "words", words)


def mappings_are_not_held_to_their_laws(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mapping_laws, "_counterexample", lambda trial, side: None)


def what_a_crash_left_open_stays_open(patch: pytest.MonkeyPatch) -> None:
    async def wrong(engine: Any, run: Any) -> recovery.Recovered:
        return recovery.Recovered()

    patch.setattr(cycle, "recover", wrong)


def the_journal_is_written_after_the_call(patch: pytest.MonkeyPatch) -> None:
    record, journal = cycle.record, journaling.journal

    async def nothing(engine: Any, run: Any, work: Any) -> None:
        return None

    async def late(engine: Any, run: Any, rules: Any, work: Any, outcomes: Any) -> None:
        await journal(engine, run, work)
        await record(engine, run, rules, work, outcomes)

    patch.setattr(cycle, "journal", nothing)
    patch.setattr(cycle, "record", late)


def the_cursor_moves_although_the_reading_failed(patch: pytest.MonkeyPatch) -> None:
    follow = reading._Reader.follow

    async def wrong(self: Any, pages: Any) -> Any:
        from accord.errors import SystemProblem

        try:
            return await follow(self, pages)
        except SystemProblem:
            return self.engine.now()

    patch.setattr(reading._Reader, "follow", wrong)


def one_refused_record_stops_the_batch(patch: pytest.MonkeyPatch) -> None:
    write = cycle.write

    async def wrong(engine: Any, work: Any) -> Any:
        outcomes = await write(engine, work)
        if any(one.kind is OutcomeKind.REFUSED for one in outcomes.values()):
            return {key: Outcome(key, OutcomeKind.FAILED) for key in outcomes}
        return outcomes

    patch.setattr(cycle, "write", wrong)


def the_end_of_an_operation_is_not_noted(patch: pytest.MonkeyPatch) -> None:
    close = recording._Closing._close

    def wrong(self: Any, operation: Any, outcome: Any) -> None:
        close(self, operation, outcome)
        self.closed.pop()

    patch.setattr(recording._Closing, "_close", wrong)


def a_stale_engine_may_commit(patch: pytest.MonkeyPatch) -> None:
    one = Database.one

    def wrong(self: Database, name: str, *bindings: Any) -> Any:
        return self._fence if name == "fence" else one(self, name, *bindings)

    patch.setattr(Database, "one", wrong)


def a_changed_configuration_is_acted_on_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guarding, "careful", lambda *_: True)


def a_plan_writes(patch: pytest.MonkeyPatch) -> None:
    write = PretendedWrites.write

    async def wrong(self: PretendedWrites, datatype: str, writes: Any) -> Any:
        async for _ in self.inner.write(datatype, writes):
            pass
        async for outcome in write(self, datatype, writes):
            yield outcome

    patch.setattr(PretendedWrites, "write", wrong)


def every_cycle_lists_everything(patch: pytest.MonkeyPatch) -> None:
    read_datatype = reading._read_datatype

    async def wrong(engine: Any, run: Any, side: Any, datatype: Any, depth: Any) -> Any:
        return await read_datatype(engine, run, side, datatype, reading.Depth.FULL)

    patch.setattr(reading, "_read_datatype", wrong)


def our_reference_is_not_believed(patch: pytest.MonkeyPatch) -> None:
    match = preparing.match
    patch.setattr(preparing, "match", lambda candidates, invalid=(): match(matching.without_references(candidates), invalid))


def a_call_without_an_answer_counts_as_not_made(patch: pytest.MonkeyPatch) -> None:
    write = HostileConnector.write

    async def wrong(self: HostileConnector, datatype: str, writes: Any) -> Any:
        async for outcome in write(self, datatype, writes):
            yield replace(outcome, kind=OutcomeKind.FAILED) if outcome.kind is OutcomeKind.UNKNOWN else outcome

    patch.setattr(HostileConnector, "write", wrong)


@dataclass(frozen=True)
class Bug:
    """A bug, the suite that has to find it, and how the tests of that suite begin, if they are not named after the promise."""

    plant: Plant
    suite: str
    tests: str = ""


BUGS = {
    "P1": Bug(edits_on_the_right_stay_there, "simulation"),
    "P2": Bug(a_base_changes_although_nothing_did, "simulation"),
    "P3": Bug(a_write_carries_what_has_not_changed, "simulation"),
    "P4": Bug(the_losing_value_is_not_kept, "simulation"),
    "P5": Bug(a_write_states_no_version, "simulation"),
    "P6": Bug(the_base_is_what_was_sent, "scenarios"),
    "P7": Bug(an_unanswered_create_is_sent_again, "simulation"),
    "P8": Bug(the_first_of_several_candidates_is_taken, "scenarios", "test_MATCH_02"),
    "P9": Bug(what_is_not_listed_is_gone, "scenarios"),
    "P10": Bug(deletes_have_no_budget, "scenarios"),
    "P11": Bug(a_deletion_beats_an_edit, "scenarios"),
    "P12": Bug(a_conflict_hangs_on_the_order_of_the_sides, "laws"),
    "P13": Bug(one_conflict_decides_for_the_whole_record, "scenarios"),
    "P14": Bug(a_reference_is_written_untranslated, "simulation"),
    "P15": Bug(mappings_are_not_held_to_their_laws, "laws"),
    "P16": Bug(what_a_crash_left_open_stays_open, "enumeration"),
    "P17": Bug(the_journal_is_written_after_the_call, "enumeration"),
    "P18": Bug(the_cursor_moves_although_the_reading_failed, "simulation"),
    "P19": Bug(one_refused_record_stops_the_batch, "scenarios"),
    "P20": Bug(the_end_of_an_operation_is_not_noted, "scenarios"),
    "P21": Bug(a_stale_engine_may_commit, "store"),
    "P22": Bug(a_changed_configuration_is_acted_on_at_once, "scenarios"),
    "P23": Bug(a_plan_writes, "scenarios"),
    "P24": Bug(every_cycle_lists_everything, "scenarios"),
    "P25": Bug(our_reference_is_not_believed, "scenarios"),
    "P26": Bug(a_call_without_an_answer_counts_as_not_made, "simulation"),
}
"""By promise."""
