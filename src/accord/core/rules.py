"""The rule ids: every decision that Accord can take, with the sentence that explains it.

Owns: the ids and their sentences. The same ids stand in code, journal, commands, the document and the names of tests. Reasons never steer:
nothing anywhere branches on a rule id.
"""

from collections.abc import Mapping
from types import MappingProxyType

from accord.model.plans import Reason

RULES: Mapping[str, str] = MappingProxyType(
    {
        "MERGE-01": "neither side changed",
        "MERGE-02": "changed on the left",
        "MERGE-03": "changed on the right",
        "MERGE-04": "both sides hold the same",
        "MERGE-05": "changed on both sides, differently: a conflict",
        "MERGE-06": "first meeting: both hold the same",
        "MERGE-07": "first meeting: only the right holds a value",
        "MERGE-08": "first meeting: only the left holds a value",
        "MERGE-09": "first meeting: both hold different values: a conflict",
        "MERGE-10": "a side did not show the property: nothing is concluded",
        "MERGE-11": "changed on the side that does not send: left alone",
        "MERGE-12": "one way: the sending side overwrites",
        "MERGE-13": "emptied, and emptying does not cross",
        "LIST-01": "items merged one by one",
        "CONFLICT-01": "the later change wins",
        "CONFLICT-02": "the times cannot tell: the configured side wins",
        "CONFLICT-03": "the configured side wins",
        "CONFLICT-04": "a person decides",
        "CONFLICT-05": "the side that holds a value wins",
        "CONFLICT-06": "the items of both sides are kept",
        "MATCH-01": "exactly one record on each side shares the criterion",
        "MATCH-02": "several records share the criterion",
        "MATCH-03": "no record shares a criterion",
        "MATCH-04": "the record that shares the criterion is linked already",
        "MATCH-05": "a property of the criterion is not valid",
        "MATCH-06": "the counterpart carries our reference",
        "CREATE-01": "has no counterpart",
        "CREATE-02": "empty, and a value must be given: the default of the mapping",
        "CREATE-03": "Accord made it for a record that is not there: none is made for it",
        "CREATE-04": "waits until somebody makes it in the other system, and is linked then",
        "ONBOARD-01": "creating waits for a go-ahead",
        "ONBOARD-02": "older than the onboarding, and full sync is off",
        "SWITCH-01": "writing to this datatype is switched off",
        "SCOPE-01": "outside the filter",
        "CAP-01": "the system has no way to create this",
        "CAP-02": "the system has no way to change this",
        "CAP-03": "the system has no way to delete this",
        "CAP-04": "no system has a way to archive this yet: a deletion is reported, nothing else",
        "WAIT-01": "waits for a record that it refers to",
        "REF-01": "several records have the id that it refers to",
        "DELETE-01": "deleted on one side: reported, nothing else",
        "DELETE-02": "deleted on one side: unlinked",
        "DELETE-03": "deleted on one side: the other follows",
        "DELETE-04": "deleted on one side, changed on the other: kept and unlinked",
        "DELETE-05": "its counterpart was deleted: no other is made for it",
        "GUARD-01": "more deletes than the budget allows",
        "GUARD-02": "a listing is empty, or lacks most of what was there before",
        "GUARD-03": "more linked records would change at once than the guards allow",
        "GUARD-04": "the configuration changed, and much would be written",
        "GUARD-05": "a value goes back and forth: something else writes it too",
        "UNKNOWN-01": "an earlier create has no certain outcome yet",
        "REFUSED-01": "the system refused it",
        "REFUSED-02": "a value is outside what can be mapped",
        "MOVED-01": "changed again and again while it was written",
        "LOSSY-01": "the system keeps another value than it was sent",
    }
)


def reason(rule: str, detail: str = "") -> Reason:
    """Build a reason from a rule id, with a detail behind the rule's own sentence."""
    text = RULES[rule]
    return Reason(rule, f"{text}: {detail}" if detail else text)
