"""What follows when one side of a link is gone.

Owns: the policy, and that an edit beats a delete. Does not own: evidence (connectors, engine/reading.py), budgets (core/guards.py).
"""

from enum import StrEnum

from accord.model.dataflow import DeletePolicy


class AfterDelete(StrEnum):
    """What happens to the link and the survivor."""

    REPORT = "report"
    UNLINK = "unlink"
    FOLLOW = "follow"  # the survivor is deleted too, within the budget
    KEEP = "keep"  # the survivor was edited: kept and unlinked


def after_delete(policy: DeletePolicy, survivor_changed: bool, both_gone: bool) -> tuple[AfterDelete, str]:
    """Decide what follows, with the rule id. ``survivor_changed``: it differs from its base (P11)."""
    if both_gone or policy is DeletePolicy.UNLINK:
        return AfterDelete.UNLINK, "DELETE-02"
    if policy is DeletePolicy.REPORT:
        return AfterDelete.REPORT, "DELETE-01"
    if policy is DeletePolicy.ARCHIVE:
        return AfterDelete.REPORT, "CAP-04"  # never a deletion: that is not what was asked for
    if survivor_changed:
        return AfterDelete.KEEP, "DELETE-04"
    return AfterDelete.FOLLOW, "DELETE-03"
