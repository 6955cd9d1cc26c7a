"""`python -m accord.sandbox customcrm|membercare|standin`: one stand-in server, from its command line.

Owns: the flags. Does not own: anything they set.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from accord.errors import ConfigurationError
from accord.sandbox import customcrm, membercare, standin
from accord.sandbox.faults import Fault, Faults
from accord.sandbox.lies import KINDS, Lie
from accord.sandbox.lying import Lies
from accord.sandbox.process import CUSTOMCRM_KEY, MEMBERCARE_KEY, MEMBERCARE_PERSON, STANDIN_KEY
from accord.sandbox.serving import serve
from accord.sandbox.web import Application


def fault_of(text: str) -> Fault:
    """Read "kind:name=value,name=value". Raises ValueError for an unknown kind, name or value."""
    kind, _, rest = text.partition(":")
    given = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    return msgspec.convert({"kind": kind, **given}, type=Fault, strict=False)


def lie_of(text: str) -> Lie:
    """Read a lie as JSON. Raises ValueError for an unknown kind, name or value."""
    found = msgspec.json.decode(text, type=Lie)
    if found.kind not in KINDS:
        raise ValueError(found.kind)
    return found


def parser() -> argparse.ArgumentParser:
    """The command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--port", type=int, default=0, help="0 takes a free one")
    common.add_argument("--size", type=int, default=200, help="seeded records on the Customcrm side; 0 for none")
    common.add_argument("--seed", type=int, default=1)
    common.add_argument("--fault", type=fault_of, action="append", default=[], metavar="KIND:NAME=VALUE,...")
    common.add_argument("--lie", type=lie_of, action="append", default=[], metavar="JSON", help="as POST /_sandbox/lies takes it")
    common.add_argument("--die-with-parent", action="store_true", help="end when standard input closes")
    top = argparse.ArgumentParser(prog="python -m accord.sandbox", description=__doc__)
    names = top.add_subparsers(dest="name", required=True)
    crm = names.add_parser("customcrm", parents=[common])
    crm.add_argument("--key", default=CUSTOMCRM_KEY)
    crm.add_argument("--rate", type=float, default=0.0, help="calls per second before 429; 0 for no limit")
    care = names.add_parser("membercare", parents=[common])
    care.add_argument("--key", default=MEMBERCARE_KEY)
    care.add_argument("--person", default=MEMBERCARE_PERSON, help="number of the person to impersonate")
    care.add_argument("--token-seconds", type=float, default=3600.0)
    care.add_argument("--strict", action="store_true", help="only the calls of the public API")
    other = names.add_parser("standin", parents=[common])
    other.add_argument("--key", default=STANDIN_KEY)
    other.add_argument("--manifest", type=Path, required=True, help="what it serves")
    return top


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end."""
    given = parser().parse_args(arguments)
    faults = Faults()
    for fault in given.fault:
        faults.arm(fault)

    def make(origin: str) -> Application:
        made = made_for(origin)
        assert isinstance(made.lies, Lies)  # every server here has a desk
        for lie in given.lie:
            made.lies.arm(lie)
        return made

    def made_for(origin: str) -> Application:
        if given.name == "customcrm":
            return customcrm.application(customcrm.Settings(given.key, given.size, given.seed, given.rate), faults)
        if given.name == "standin":
            return standin.application(standin.served(given.manifest)[1], standin.Settings(given.key, given.size, given.seed), faults)
        settings = membercare.Settings(origin, given.key, given.person, given.token_seconds, given.strict, given.size, given.seed)
        return membercare.application(settings, faults)

    try:
        serve(make, given.port, die_with_parent=given.die_with_parent)
    except ConfigurationError as error:
        sys.exit("\n".join(map(str, error.problems)))


if __name__ == "__main__":
    main()
