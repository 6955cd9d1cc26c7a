"""Documents over the whole grammar, for tests that must hold of any."""

from hypothesis import strategies as st

from accord.documents.model import Document, Opening, Row, Section

ODD = "\t\x0b\x85\u2028\\#{}'😀\xa0\x00"
"""What neither ends a line nor means anything to a document, and has a meaning in YAML or none at all."""
WORD = st.text(f"abcXYZ09.$_()-:åé{ODD}", min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=3).map(" ".join)
CELL = st.text(f'abcXYZ09.$_()-:" åé{ODD}', max_size=20)
NAMES = st.sampled_from(
    ("id", "$original_id", "a.url", "email", "customer.id", "OrganisationNumber", "number", "a, b", "Name", "name ", "x")
)
TYPES = st.sampled_from(('"string"', '"integer"', '"float"', '"boolean"', '"list"', '"date"', "N/A", "", "['concat', '_S.x']"))
DATATYPES = st.sampled_from(("Contact", "Contacts (human data)", "Customer", "Persons", "Å x", "to do", "id"))
TIME = "2024-09-10 15:02:06"


@st.composite
def sections(draw: st.DrawFn, left: st.SearchStrategy[str], right: st.SearchStrategy[str]) -> Section:
    """A section as the grammar has it: sentences of an offer after every or a condition, of a connection after link first."""
    kind = draw(st.sampled_from(Opening))
    cells = CELL | NAMES
    return Section(
        draw(left),
        draw(right),
        draw(WORDS),
        tuple(draw(st.lists(st.builds(Row, cells, cells, CELL | TYPES), max_size=5))),
        kind,
        tuple(draw(st.lists(st.tuples(cells, cells), max_size=3))),
        draw(WORDS) if kind is Opening.CONDITIONAL else "",
        draw(st.booleans()) if kind is not Opening.LINK_FIRST else False,
        draw(st.none() | WORDS) if kind is Opening.LINK_FIRST else None,
    )


def labels(system: str) -> st.SearchStrategy[str]:
    """Labels of a system, spelled as in the title, otherwise, or not known at all."""
    spelled = st.sampled_from((system, system, system.upper(), f"{system[:3]} {system[3:]}"))
    return st.tuples(spelled, DATATYPES).map(" ".join) | st.lists(WORD, min_size=2, max_size=4).map(" ".join)


def documents(one: str, other: str) -> st.SearchStrategy[Document]:
    """Documents from one system to another; for "" the title names no target."""
    return st.builds(
        Document,
        st.just(f"{one} to {other} Dataflow"),
        st.just(TIME),
        WORDS.map(lambda words: f"{words}."),
        st.lists(sections(labels(one), labels(other) if other else labels("") | labels("Care")), max_size=4).map(tuple),
        st.sampled_from(("lf", "crlf")),
        st.sampled_from(("Introduction", "Introduction.")),
    )
