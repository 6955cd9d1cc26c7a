"""What the two systems bear, for one flow: how changes and deletions are seen, and what cannot be done.

Owns: the words for capabilities where `Capabilities.sentence` has none. Does not own: the capabilities. Pure.
"""

from collections.abc import Iterator

from accord.documents.page import Block, Code, Facts, Listing, Paragraph, Stress, Words, joined
from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.manifest import Datatype


def system_blocks(name: str, datatype: Datatype, able: Capabilities) -> Iterator[Block]:
    """What one system can and cannot do with the records of one datatype. ``name``: as the document calls it."""
    yield Paragraph((Stress(name), f": {able.sentence()}."))
    yield Facts((("How changes are seen", (_changes(able),)), ("How deletions are detected", _gone(datatype, able))))
    if lacks := tuple((each,) for each in _lacks(able)):
        yield Listing(lacks)


def _changes(able: Capabilities) -> str:
    return {
        ChangeCapture.SINCE: "the listing is asked for what changed since",
        ChangeCapture.FEED: "a feed names what changed; each record is then read",
        ChangeCapture.LISTING: "all records are listed and compared with what they were",
    }[able.changes]


def _gone(datatype: Datatype, able: Capabilities) -> Words:
    if datatype.deleted is not None:
        return ("the system lists what was deleted",)
    if able.sees_deletes:
        return ("the record says so in ", *joined([Code(each.path) for each in datatype.gone_when], " or "))
    return ("the system does not say: a record counts as deleted when complete listings lack it and asking for it gives not found",)


def _lacks(able: Capabilities) -> Iterator[str]:
    for can, sentence in (
        (able.create, "It cannot be created through the API."),
        (able.update, "It cannot be changed through the API."),
        (able.delete, "It cannot be deleted through the API."),
        (
            able.conditional_write,
            "A write cannot state the version it was planned for: the record is read again just before, and a short gap remains.",
        ),
        (able.modified_time, "It does not tell when a record was changed: where the later change should win, the configured side does."),
        (able.stable_listing, "While pages are read a record may move from one to another: such a listing proves nothing by itself."),
        (able.finding is not Finding.NONE, "A create that was not answered cannot be looked for: it waits for a person."),
    ):
        if not can:
            yield sentence
