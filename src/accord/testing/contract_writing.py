"""The laws of writing and finding. Owns them; inherit from testing/connector_contract.py."""

# ruff: noqa: N802  (tests are named after the promises that they defend)

import unicodedata
from decimal import Decimal

from accord.model.capabilities import Finding
from accord.model.plans import OperationKind, OutcomeKind, Precondition
from accord.model.records import Gone, Seen, fingerprint
from accord.testing.bench import Bench, done, refused
from accord.testing.laws import cases, needs

TEXTS = {
    "composed": unicodedata.normalize("NFC", "Åse Café"),
    "decomposed": unicodedata.normalize("NFD", "Åse Café"),
    "joined emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "right to left": "שלום \u200fعالم",
    "turkish": "İstanbul ı i I",
    "quotes and markup": """O'Brien "x" <b>&amp;</b> \\ %s {id} ${env:HOME}""",
    "lines and tabs": "first\nsecond\tthird",
    "beyond the basic plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎",
    "long": "0123456789" * 1000,
}


class WritingContract:
    """Finding and writing."""

    def test_a_create_is_done_with_the_record_as_it_is(self, bench: Bench) -> None:
        outcome = bench.create(bench.subject.sample(1))
        if not bench.able.create:
            refused(outcome)
            return
        answer = done(outcome)
        assert answer.ref == bench.subject.ref(answer.ref.id)
        assert answer.ref.id
        assert answer.values == bench.seen(answer.ref.id).values
        assert answer.fingerprint == fingerprint(answer.values)
        assert answer.values[bench.subject.text] == bench.subject.sample(1)[bench.subject.text]

    def test_P7_what_a_create_made_is_found_by_its_reference(self, bench: Bench) -> None:
        outcome = bench.create(bench.subject.sample(1), "left:Thing:1")
        if not bench.able.create:
            refused(outcome)
            return
        bench.world.settle()
        mine, other = bench.find("left:Thing:1", "left:Thing:2")
        found = [one.ref.id for one in mine.records]
        if bench.able.finding is Finding.CERTAIN:
            assert found == [done(outcome).ref.id]
        else:
            assert found in ([], [done(outcome).ref.id])
        assert other.records == ()

    def test_P7_finding_none_is_certain_only_where_the_capability_says_so(self, bench: Bench) -> None:
        first, second = bench.find("left:Thing:none", "left:Thing:neither")
        assert first.records == second.records == ()
        assert first.certain == second.certain == (bench.able.finding is Finding.CERTAIN)

    def test_P7_a_repeated_create_makes_nothing_where_the_system_knows_the_key(self, bench: Bench) -> None:
        write = bench.intent(OperationKind.CREATE, values=bench.subject.sample(1), reference="left:Thing:3")
        first, second = bench.write(write)[0], bench.write(write)[0]
        if not bench.able.create:
            refused(first)
            refused(second)
            return
        if bench.able.idempotency_key:
            assert done(first).ref == done(second).ref
            return
        assert second.kind in (OutcomeKind.DONE, OutcomeKind.REFUSED)

    def test_P3_an_update_changes_the_given_properties_only(self, bench: Bench) -> None:
        id = bench.make()
        before = bench.seen(id)
        outcome = bench.update(id, {bench.subject.text: "Written"}, bench.expecting(id))
        if not bench.able.update:
            refused(outcome)
            assert bench.seen(id).fingerprint == before.fingerprint
            return
        assert done(outcome).values == {**before.values, bench.subject.text: "Written"}
        assert bench.seen(id).values == done(outcome).values

    def test_P5_an_answer_serves_as_the_next_precondition(self, bench: Bench) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        for text in ("first", "second", "third"):
            outcome = bench.update(id, {bench.subject.text: text}, expected)
            if not bench.able.update:
                refused(outcome)
                return
            expected = Precondition(done(outcome).version, done(outcome).fingerprint)
        assert bench.seen(id).values[bench.subject.text] == "third"

    @cases("versioned", {"by version": True, "by content": False})
    def test_P5_an_update_on_a_record_that_moved_writes_nothing(self, bench: Bench, versioned: bool) -> None:
        id = bench.make()
        seen = bench.expecting(id)
        expected = seen if versioned else Precondition(None, seen.fingerprint)
        bench.edit(id, {bench.subject.text: "A user's"})
        outcome = bench.update(id, {bench.subject.text: "Ours", bench.subject.other: "Ours"}, expected)
        assert bench.seen(id).values[bench.subject.text] == "A user's"
        assert bench.seen(id).values[bench.subject.other] == bench.subject.sample(1)[bench.subject.other]
        if not bench.able.update:
            assert outcome.kind in (OutcomeKind.MOVED, OutcomeKind.REFUSED)
            return
        assert outcome.kind is OutcomeKind.MOVED
        assert outcome.observation is None or outcome.observation.values[bench.subject.text] == "A user's"

    def test_P5_of_two_writes_that_were_planned_alike_the_second_writes_nothing(self, bench: Bench) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        first = bench.update(id, {bench.subject.text: "first"}, expected)
        second = bench.update(id, {bench.subject.text: "second"}, expected)
        if not bench.able.update:
            refused(first)
            assert second.kind in (OutcomeKind.MOVED, OutcomeKind.REFUSED)
            return
        assert done(first).values[bench.subject.text] == "first"
        assert second.kind is OutcomeKind.MOVED
        assert bench.seen(id).values[bench.subject.text] == "first"

    def test_P5_an_edit_of_what_we_do_not_want_leaves_the_content_as_it_was(self, bench: Bench) -> None:
        id = bench.make()
        expected = Precondition(None, bench.seen(id).fingerprint)
        same = {bench.subject.text: bench.subject.sample(1)[bench.subject.text]}
        bench.edit(id, {bench.subject.unwanted: "moved"} if bench.subject.unwanted else same)
        outcome = bench.update(id, {bench.subject.text: "Ours"}, expected)
        if not bench.able.update:
            refused(outcome)
            return
        assert done(outcome).values[bench.subject.text] == "Ours"

    def test_an_update_of_a_record_that_is_not_there_is_gone(self, bench: Bench) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        bench.world.remove(id)
        outcome = bench.update(id, {bench.subject.text: "Ours"}, expected)
        assert outcome.kind is OutcomeKind.GONE or (not bench.able.update and outcome.kind is OutcomeKind.REFUSED)
        assert isinstance(bench.read(id)[0], Gone)

    @needs("refused", "say what the system says no to: --refused NAME=VALUE")
    def test_P19_refused_values_are_refused_with_words_and_nothing_is_written(self, bench: Bench) -> None:
        values = bench.subject.refused
        if values is None:
            assert isinstance(bench.seen(bench.make()), Seen)  # a system that takes everything: there is nothing to refuse
            return
        id = bench.make()
        before, count = bench.seen(id), len(bench.listed().seen)
        refused(bench.update(id, {**values, bench.subject.text: "Ours"}, bench.expecting(id)))
        refused(bench.create({**bench.subject.sample(2), **values}))
        bench.world.settle()
        assert bench.seen(id).fingerprint == before.fingerprint
        assert len(bench.listed().seen) == count

    def test_P19_a_refused_write_leaves_the_others_alone(self, bench: Bench) -> None:
        ids = [bench.make(number) for number in range(3)]
        texts = [{bench.subject.text: f"Written {number}"} for number in range(3)]
        poison = {**texts[1], **(bench.subject.refused or {})}
        writes = [
            bench.intent(OperationKind.UPDATE, id, values, bench.expecting(id))
            for id, values in zip(ids, (texts[0], poison, texts[2]), strict=True)
        ]
        first, second, third = bench.write(*writes)
        assert (second.kind is OutcomeKind.REFUSED) == (bench.subject.refused is not None or not bench.able.update)
        if not bench.able.update:
            return
        assert done(first).values[bench.subject.text] == "Written 0"
        assert done(third).values[bench.subject.text] == "Written 2"

    def test_a_delete_is_done_or_refused_as_the_capability_says(self, bench: Bench) -> None:
        id, stays = bench.make(1), bench.make(2)
        outcome = bench.delete(id, bench.expecting(id))
        if bench.able.delete:
            assert outcome.kind is OutcomeKind.DONE
            assert isinstance(bench.read(id)[0], Gone)
        else:
            refused(outcome)
            assert isinstance(bench.read(id)[0], Seen)
        assert isinstance(bench.read(stays)[0], Seen)

    def test_P11_a_delete_of_a_record_that_moved_deletes_nothing(self, bench: Bench) -> None:
        id = bench.make()
        expected = bench.expecting(id)
        bench.edit(id, {bench.subject.text: "A user's"})
        outcome = bench.delete(id, expected)
        assert outcome.kind is OutcomeKind.MOVED or (not bench.able.delete and outcome.kind is OutcomeKind.REFUSED)
        assert bench.seen(id).values[bench.subject.text] == "A user's"

    def test_a_delete_of_a_record_that_is_not_there_is_gone(self, bench: Bench) -> None:
        id = bench.make()
        bench.world.remove(id)
        outcome = bench.delete(id)
        assert outcome.kind is OutcomeKind.GONE or (not bench.able.delete and outcome.kind is OutcomeKind.REFUSED)

    def test_properties_that_only_a_create_may_carry_are_refused_in_an_update(self, bench: Bench) -> None:
        id = bench.make()
        before = bench.seen(id)
        for name in sorted(bench.able.create_only | bench.able.read_only):
            refused(bench.update(id, {name: "Ours"}))
        assert bench.seen(id).fingerprint == before.fingerprint

    @cases("name", {name: name for name in sorted(TEXTS)})
    def test_text_comes_back_byte_exact(self, bench: Bench, name: str) -> None:
        id = bench.make()
        text = TEXTS[name][: bench.subject.longest]
        outcome = bench.update(id, {bench.subject.text: text}, bench.expecting(id))
        if not bench.able.update:
            refused(outcome)
            return
        if outcome.kind is OutcomeKind.REFUSED:
            assert not bench.subject.exact, f"a system that holds texts as they are sent refused: {outcome.message}"
            return
        assert done(outcome).values[bench.subject.text] == bench.seen(id).values[bench.subject.text]
        if bench.subject.exact:
            assert bench.seen(id).values[bench.subject.text] == text

    def test_null_and_empty_are_two_values_and_neither_is_absent(self, bench: Bench) -> None:
        id = bench.make()
        held = []
        for empty in (None, ""):
            outcome = bench.update(id, {bench.subject.other: empty}, bench.expecting(id))
            if not bench.able.update:
                refused(outcome)
                return
            assert bench.subject.other in done(outcome).values, "what was cleared is not absent"
            held.append(bench.seen(id).values[bench.subject.other])
        assert held == [None, ""] if bench.subject.empties else set(held) <= {None, ""}

    @needs("amount", "there is no property of type decimal that can be written")
    @cases("text", {text: text for text in ("12.50", "0.1", "-3", "123456789012.34")})
    def test_an_amount_is_exact_and_never_a_float(self, bench: Bench, text: str) -> None:
        amount = bench.subject.amount
        id = bench.make()
        if amount is None:
            assert not any(isinstance(value, float) for value in bench.seen(id).values.values())
            return
        outcome = bench.update(id, {amount: Decimal(text)}, bench.expecting(id))
        if not bench.able.update:
            refused(outcome)
            return
        for value in (done(outcome).values[amount], bench.seen(id).values[amount]):
            assert not isinstance(value, float)
            assert Decimal(value) == Decimal(text)

    def test_each_write_of_a_batch_has_exactly_one_outcome(self, bench: Bench) -> None:
        id = bench.make()
        writes = [
            *(bench.intent(OperationKind.CREATE, values=bench.subject.sample(number)) for number in range(10)),
            bench.intent(OperationKind.UPDATE, id, {bench.subject.text: "Ours"}, bench.expecting(id)),
            bench.intent(OperationKind.UPDATE, bench.subject.absent, {bench.subject.text: "Ours"}),
            bench.intent(OperationKind.DELETE, bench.subject.absent),
        ]
        kinds = [one.kind for one in bench.write(*writes)]  # Bench.write sees to "exactly one"
        assert kinds[:10] == [OutcomeKind.DONE if bench.able.create else OutcomeKind.REFUSED] * 10
        assert kinds[11] in (OutcomeKind.GONE, OutcomeKind.REFUSED)

    def test_an_empty_batch_has_no_outcome(self, bench: Bench) -> None:
        assert list(bench.write()) == []
        assert list(bench.find()) == []

    def test_capabilities_are_the_same_whenever_they_are_asked_for(self, bench: Bench) -> None:
        before = bench.able
        bench.create(bench.subject.sample(1))
        bench.listed()
        assert bench.able == before
        assert before.granularity >= 0
