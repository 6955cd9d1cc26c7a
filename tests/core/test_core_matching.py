"""Who is who: a link only where exactly one record on each side shares a criterion, whichever record is looked at first (P8, P12)."""

from collections.abc import Mapping, Sequence
from itertools import permutations

from hypothesis import example, given
from hypothesis import strategies as st

from accord.core.matching import REFERENCES, Alone, Ambiguous, Counterpart, match, mutual, reference, without_references
from accord.model.journal import Candidate
from accord.model.records import RecordRef, Side

KEYS = st.sampled_from(["a", "b", "c", None])
RECORDS = st.lists(st.tuples(KEYS, KEYS), max_size=4)
"""Per record its key for each of two criteria; None: it has none."""


def candidates(mine: int, here: Sequence[tuple[str | None, ...]], there: Sequence[tuple[str | None, ...]]) -> list[Candidate]:
    """What a store answers for one unlinked record while nothing is linked."""
    found = []
    for criterion, key in enumerate(here[mine]):
        rivals = sum(record[criterion] == key for index, record in enumerate(here) if index != mine)
        found += [
            Candidate(str(index), criterion, False, rivals)
            for index, record in enumerate(there)
            if key is not None and record[criterion] == key
        ]
    return found


def linked_from(here: Sequence[tuple[str | None, ...]], there: Sequence[tuple[str | None, ...]]) -> Mapping[int, int]:
    """Who is linked when each record of a side decides for itself, and asks its counterpart back."""
    found = {}
    for mine in range(len(here)):
        first = match(candidates(mine, here, there))
        if isinstance(first, Counterpart) and isinstance(mutual(str(mine), first, candidates(int(first.id), there, here)), Counterpart):
            found[mine] = int(first.id)
    return found


@given(RECORDS, RECORDS)
@example([("a", None), (None, "b")], [("a", "b")])
@example([("a", "b")], [("a", None), (None, "b")])
def test_P12_either_side_that_decides_forms_the_same_links(
    lefts: list[tuple[str | None, ...]], rights: list[tuple[str | None, ...]]
) -> None:
    """Pinned: two records that share one candidate by different criteria both took it, and the one that came first got it."""
    from_left, from_right = linked_from(lefts, rights), linked_from(rights, lefts)
    assert from_left == {left: right for right, left in from_right.items()}


@given(RECORDS, RECORDS)
def test_P8_no_record_is_the_counterpart_of_two(lefts: list[tuple[str | None, ...]], rights: list[tuple[str | None, ...]]) -> None:
    found = linked_from(lefts, rights)
    assert len(set(found.values())) == len(found)


@given(RECORDS, RECORDS)
def test_MATCH_01_a_link_is_unique_on_both_sides_in_every_criterion_that_they_share(
    lefts: list[tuple[str | None, ...]], rights: list[tuple[str | None, ...]]
) -> None:
    for left, right in linked_from(lefts, rights).items():
        shared = [one for one, key in enumerate(lefts[left]) if key is not None and key == rights[right][one]]
        assert shared
        for criterion in shared:
            assert [record[criterion] for record in lefts].count(lefts[left][criterion]) == 1
            assert [record[criterion] for record in rights].count(rights[right][criterion]) == 1


@given(
    st.lists(st.builds(Candidate, st.sampled_from("xyz"), st.integers(0, 1), st.booleans(), st.integers(0, 2)), max_size=4), st.booleans()
)
def test_P12_the_order_of_the_candidates_does_not_matter(found: list[Candidate], doubtful: bool) -> None:
    invalid = ["Number"] if doubtful else []
    assert len({match(order, invalid) for order in permutations(found)}) == 1


@given(st.lists(st.builds(Candidate, st.sampled_from("xyz"), st.integers(-2, 1), st.booleans(), st.integers(0, 2)), max_size=4))
def test_a_record_that_is_linked_already_is_never_taken_nor_one_that_a_rival_shares(found: list[Candidate]) -> None:
    decided = match(found)
    if isinstance(decided, Counterpart):
        mine = [one for one in found if one.id == decided.id and (decided.rule == "MATCH-01" or one.criterion < 0)]
        assert not any(one.rivals for one in mine) and any(not one.taken for one in mine)
    assert isinstance(decided, Alone) == (not found)


def test_MATCH_01_two_criteria_that_name_the_same_record_are_one_candidate() -> None:
    assert match([Candidate("17", 0, False, 0), Candidate("17", 1, False, 0)]) == Counterpart("17")


def test_MATCH_02_several_candidates_and_rivals_are_for_a_person_in_order() -> None:
    assert match([Candidate("18", 0, False, 0), Candidate("17", 1, False, 0)]) == Ambiguous("MATCH-02", ("17", "18"))
    assert match([Candidate("17", 0, False, 1)]) == Ambiguous("MATCH-02", ("17",))
    assert match([Candidate("17", 0, True, 0), Candidate("18", 0, False, 0)]) == Ambiguous("MATCH-02", ("17", "18"))


def test_MATCH_03_and_05_a_record_with_a_property_that_is_not_valid_is_never_taken_for_new() -> None:
    assert match([]) == Alone("MATCH-03")
    assert match([], ["Number"]) == Ambiguous("MATCH-05")
    assert match([Candidate("17", 0, False, 0)], ["Number"]) == Counterpart("17")


def test_MATCH_04_all_are_linked_already() -> None:
    assert match([Candidate("17", 0, True, 0), Candidate("17", 1, True, 0)]) == Ambiguous("MATCH-04", ("17",))


# --- our own reference ------------------------------------------------------------------------------------------------------------------

MADE = REFERENCES[Side.LEFT]


def test_MATCH_06_what_accord_made_is_known_whatever_the_criteria_say() -> None:
    by_key = [Candidate("18", 0, False, 0), Candidate("19", 0, False, 2)]
    assert match([*by_key, Candidate("17", MADE, False, 0)]) == Counterpart("17", made=True)


def test_P25_two_copies_with_our_reference_or_one_that_is_linked_are_for_a_person() -> None:
    assert match([Candidate("17", MADE, False, 0), Candidate("18", MADE, False, 0)]) == Ambiguous("MATCH-02", ("17", "18"))
    assert match([Candidate("17", MADE, True, 0)]) == Ambiguous("MATCH-04", ("17",))
    assert match([Candidate("17", MADE, False, 1)]) == Ambiguous("MATCH-02", ("17",))


def test_P25_a_copy_that_accord_made_for_another_record_is_not_taken_by_its_criteria_and_its_own_needs_no_second_opinion() -> None:
    back = [Candidate("C-1", 0, False, 0), Candidate("C-2", MADE, False, 0)]
    assert mutual("C-1", Counterpart("17"), back) == Ambiguous("MATCH-02", ("17",))
    assert mutual("C-2", Counterpart("17", made=True), back) == Counterpart("17", made=True)
    assert mutual("C-1", Counterpart("17"), [back[0], Candidate("C-3", 0, True, 0)]) == Counterpart("17")


def test_an_id_that_is_used_again_is_matched_by_the_criteria_alone() -> None:
    by_key = Candidate("18", 0, False, 0)
    assert without_references([Candidate("17", MADE, False, 0), by_key, Candidate("16", REFERENCES[Side.RIGHT], True, 0)]) == [by_key]


def test_P7_our_reference_is_the_same_for_every_attempt_and_another_for_every_record() -> None:
    one, two = RecordRef(Side.LEFT, "Order", "O-1"), RecordRef(Side.LEFT, "Order", "O-2")
    assert reference("crm", one) == reference("crm", one) == "crm:Order:O-1"
    assert reference("crm", one) != reference("crm", two)
