"""What a datatype of a database can really do, read off its manifest.

Owns: the conclusions. Does not own: whether the database agrees. Pure.
"""

from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.sql import SqlSystem


def sql_capabilities(described: SqlSystem, datatype: str) -> Capabilities:
    """The capabilities that follow from tables and columns.

    A write is conditional in the database itself where the row says everything that was read; lines can be changed by others without
    touching their record, which is only looked at just before.
    """
    spec, general = described.sql.datatypes[datatype], described.datatypes[datatype]
    updatable = {name for name, each in general.properties.items() if each.update is not False}
    creatable = {name for name, each in general.properties.items() if each.create is not False}
    capture = ChangeCapture.LISTING if spec.changes is None else ChangeCapture.SINCE
    by_table = spec.changes is not None and spec.changes.kind == "table"
    return Capabilities(
        create=spec.create,
        update=spec.update and bool(updatable),
        delete=spec.delete,
        conditional_write=not spec.lines,
        finding=Finding.CERTAIN if spec.reference else Finding.NONE,
        changes=capture,
        sees_deletes=capture is not ChangeCapture.LISTING and (by_table or spec.soft_delete is not None),
        stable_listing=True,
        modified_time=spec.modified is not None,
        granularity=described.clock.granularity_seconds,
        settles=described.limits.settles_seconds + described.clock.lag_seconds,
        reference=spec.reference,
        create_only=frozenset(creatable - updatable),
        read_only=frozenset(general.properties.keys() - creatable - updatable),
        assumptions=spec.assumptions,
    )
