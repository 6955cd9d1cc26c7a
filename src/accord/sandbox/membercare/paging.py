"""Pages as Membercare has them: numbered from 1, with absolute links to their neighbours that keep the query.

Owns: the envelope. Does not own: which records there are. There is no snapshot: pages shift while records come and go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from accord.sandbox.web import Answer, Parameter, Refusal, Request

PAGE = 50
LONGEST_PAGE = 5000
PARAMETERS = (Parameter("page", "integer"), Parameter("pageSize", "integer"))


@cache
def envelope(kind: Any, name: str) -> Any:
    """The type of a page of ``kind``, for the description; always the same one."""
    members = [
        ("totalCount", int),
        ("totalPages", int),
        ("previousPageUrl", str | None),
        ("nextPageUrl", str | None),
        ("result", list[kind]),
    ]
    return msgspec.defstruct(f"{name}PagedResult", members)


def page(request: Request, origin: str, keys: Sequence[int], bodies: Callable[[Sequence[int]], Iterable[bytes]]) -> Answer:
    """The page that the query asks for. ``bodies`` encodes the records of some keys. Raises Refusal(400)."""
    number, size = _whole(request.query, "page", 1), _whole(request.query, "pageSize", PAGE)
    if size > LONGEST_PAGE:
        raise Refusal(400, f"pageSize must be at most {LONGEST_PAGE}.")
    total = -(-len(keys) // size)
    before = _link(request, origin, number - 1) if number > 1 else "null"
    after = _link(request, origin, number + 1) if number < total else "null"
    head = f'{{"totalCount":{len(keys)},"totalPages":{total},"previousPageUrl":{before},"nextPageUrl":{after},"result":['
    return Answer(body=head.encode() + b",".join(bodies(keys[(number - 1) * size : number * size])) + b"]}")


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "") or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, f"{name} must be a whole number from 1 on.")
    return int(text)


def _link(request: Request, origin: str, number: int) -> str:
    query = {name: value for name, value in request.query.items() if name != "page"}
    return f'"{origin}{request.path}?{urlencode({**query, "page": number})}"'


def is_true(query: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """A flag of the query."""
    text = query.get(name)
    return default if text is None else text.lower() == "true"
