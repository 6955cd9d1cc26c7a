"""The first set of files: the shipped dataflow, both manifests, and an .env to fill in.

Owns: which files a new folder gets, under which names. Does not own: what the manifests say (connectors/manifests).
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from accord.errors import ConfigurationError, Problem

_CAREFUL = "onboarding: link_only     # match and report, create nothing yet. When the report is right: create"
_LENIENT = """\
# Routes marked "lenient" do not exist in the API as it is known. The sandbox offers them; a real tenant is expected to refuse them
# (404 or 405), and the records concerned then wait in quarantine with its words. For such a tenant: accord init --strict
"""
_BY_HAND = (
    ("Product", "Products", "kept in Membercare's own pages; one that is made there is linked by its number"),
    ("Quote", "Invoices", "a purchase would bill it; an invoice with its number is linked"),
    ("User", "Invoices", "a purchase would bill it; an invoice with this reference is linked"),
)
_MASTERED_THERE = (
    "{left: Number, right: productNumber}\n      - {left: Name",
    "right: name, required: true",
    "{left: VatPercent, right: vatPercent, type: decimal, scale: 1}\n      - {left: Active",
    "right: valid, type: boolean",
)
_NOT_IN_A_PURCHASE = (
    "      - {left: Number, right: orderNumber, required: true}\n",
    "      - {left: OrderDate, right: incomeDate, type: date}\n",
    "      - {left: DueDate, right: payDueDate, type: date}\n",
    "      - {left: Number, right: quoteNumber, required: true}\n",
    "      - {left: QuoteDate, right: incomeDate, type: date}\n",
    "      - {left: ValidUntil, right: payDueDate, type: date}\n",
    "      - {left: Name, right: referenceName, personal: true}\n",
)
_QUOTED = (
    "      - {left: PayerId, right: payer, type: reference, refers_to: [Customer to Companies, Contact to Persons], required: true}\n",
    "      - left: Lines\n        right: lines\n        type: list\n        item_key: {left: LineNumber, right: sequence}\n"
    "        properties: *lines\n",
)
_DEMO = "onboarding: create        # the demo's go-ahead: create what has no counterpart"


def write_starter(folder: str | Path, demo: bool = False, strict: bool = False) -> list[Path]:
    """Write dataflow.yaml, customcrm.yaml, membercare.yaml and .env.example; give their paths.

    ``demo``: the first run may create. ``strict``: Membercare as its API is known, without what only the sandbox offers, and a dataflow
    that asks for no more. Raises ConfigurationError, having written nothing, if one of the files is there already.
    """
    target = Path(folder)
    contents = {target / name: source.read_text(encoding="utf-8") for name, source in _sources().items()}
    if strict:
        for name, narrowed in (("dataflow.yaml", _strict_dataflow), ("membercare.yaml", _strict_membercare)):
            contents[target / name] = narrowed(contents[target / name])
    if demo:
        dataflow = target / "dataflow.yaml"
        contents[dataflow] = contents[dataflow].replace(_CAREFUL, _DEMO)
    problems = [
        Problem(str(path), 0, 0, "is there already", "Choose another folder, or move it away.") for path in contents if path.exists()
    ]
    if problems:
        raise ConfigurationError(problems)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path, text in contents.items():
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ConfigurationError([Problem(str(error.filename or target), 0, 0, what, "Choose a folder that you may write to.")]) from error
    return list(contents)


def _strict_membercare(text: str) -> str:
    """The manifest without what is lenient in it: two datatypes are other ones, a consent can only be given when a person is made."""
    head, _, _ = text.partition("  Invoices: ")
    head = _replaced(head, "update: allowContactViaEmail", "update: false")
    head = _replaced(head, '      - "Lenient: allowEmail can be changed after creating, by PATCH as allowContactViaEmail."\n', "")
    head = _replaced(head, _LENIENT, "")
    return head + (files("accord") / "config" / "starter" / "membercare-strict.yaml").read_text(encoding="utf-8")


def _strict_dataflow(text: str) -> str:
    """The dataflow for it: a purchase cannot carry the number and dates of an order, and quotes and users must not be billed."""
    for left, right, why in _BY_HAND:
        flow = f"  - left: {left}\n    right: {right}\n    create: "
        text = _replaced(text, f"{flow}left_to_right", f"{flow}by_hand         # {why}")
    for line in _NOT_IN_A_PURCHASE:
        text = _replaced(text, line, "")
    for mapping in _MASTERED_THERE:
        first, closing, more = mapping.partition("}")
        text = _replaced(text, mapping, f"{first}, direction: right_to_left{closing}{more}")
    text = _replaced(text, "right: referenceEmail, transform: email", "right: referenceEmail, transform: email, direction: right_to_left")
    before, quote, rest = text.partition("  - left: Quote\n")
    for mapping in _QUOTED:
        rest = _replaced(rest, mapping, "")
    return before + quote + rest


def _replaced(text: str, old: str, new: str) -> str:
    """The first of them; it has to be there."""
    if old not in text:
        raise ValueError(f"the shipped files have no {old!r}")
    return text.replace(old, new, 1)


def shipped_manifests() -> dict[str, str]:
    """The manifests that Accord brings, by the name of their system."""
    folder = files("accord") / "connectors" / "manifests"
    return {name: (folder / f"{name}.yaml").read_text(encoding="utf-8") for name in ("customcrm", "membercare")}


def _sources() -> dict[str, Traversable]:
    """File name in the folder -> the shipped file."""
    package = files("accord")
    starter, manifests = package / "config" / "starter", package / "connectors" / "manifests"
    return {
        "dataflow.yaml": starter / "dataflow.yaml",
        "customcrm.yaml": manifests / "customcrm.yaml",
        "membercare.yaml": manifests / "membercare.yaml",
        ".env.example": starter / "env.example",
    }
