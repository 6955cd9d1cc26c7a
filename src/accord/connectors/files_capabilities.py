"""What a file can really do, read off its manifest.

Owns: the conclusions. Does not own: whether the file agrees. Pure.
"""

from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.files import FilesSystem


def files_capabilities(described: FilesSystem, datatype: str) -> Capabilities:
    """The capabilities that follow from columns.

    A write is compared under a lock with what it was planned against; but an editor heeds no lock, so a moment remains. An id that follows
    from the reference makes a create that is made again find the row that it made.
    """
    spec, general = described.files.datatypes[datatype], described.datatypes[datatype]
    updatable = {name for name, each in general.properties.items() if each.update is not False}
    creatable = {name for name, each in general.properties.items() if each.create is not False}
    return Capabilities(
        create=spec.creates,
        update=spec.update and bool(updatable),
        delete=spec.delete,
        idempotency_key=spec.creates and spec.generated,
        finding=Finding.CERTAIN if spec.generated or spec.reference else Finding.NONE,
        changes=ChangeCapture.LISTING,
        stable_listing=True,
        modified_time=spec.modified is not None,
        granularity=described.clock.granularity_seconds,
        settles=described.limits.settles_seconds,
        reference=spec.reference,
        create_only=frozenset(creatable - updatable),
        read_only=frozenset(general.properties.keys() - creatable - updatable),
        assumptions=spec.assumptions,
    )
