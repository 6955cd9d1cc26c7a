"""The routes that only tests and proofs use: counts, dumps, faults, lies and the description. They need no signing in.

Owns: /_sandbox/... and /openapi.json. Does not own: the records dumped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from accord.sandbox.faults import Calls, Fault, Faults
from accord.sandbox.lies import Lie
from accord.sandbox.lying import Lies
from accord.sandbox.web import LINES, Answer, Handler, Refusal, Request, Route, encoded

Dump = Callable[[], Iterable[bytes]]
LINES_PER_CHUNK = 500


class Desk:
    """The tester's side of a server. ``dumps``: collection -> its live records, encoded. ``describe`` makes the description when asked.

    ``lies``: what the server is to get wrong without a word.
    """

    def __init__(self, calls: Calls, faults: Faults, dumps: Mapping[str, Dump], describe: Callable[[], bytes]) -> None:
        self._calls = calls
        self._faults = faults
        self._dumps = dumps
        self._describe = describe
        self.lies = Lies(dumps)

    def routes(self) -> tuple[Route, ...]:
        """What to add to a server's own routes."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/_sandbox/calls", self.told),
            ("POST", "/_sandbox/calls/reset", self.reset),
            ("GET", "/_sandbox/dump/{collection}", self.dump),
            ("GET", "/_sandbox/faults", self.faults),
            ("POST", "/_sandbox/faults", self.arm),
            ("GET", "/_sandbox/lies", self.told_lies),
            ("POST", "/_sandbox/lies", self.lie),
            ("GET", "/openapi.json", self.description),
        )
        return tuple(Route(method, path, handler, open=True) for method, path, handler in table)

    def told(self, _: Request) -> Answer:
        return encoded(self._calls.told())

    def reset(self, _: Request) -> Answer:
        self._calls.reset()
        return encoded(self._calls.told())

    def faults(self, _: Request) -> Answer:
        return encoded(self._faults.told())

    def arm(self, request: Request) -> Answer:
        try:
            self._faults.arm(msgspec.json.decode(request.body, type=Fault))
        except msgspec.DecodeError as problem:
            raise Refusal(422, str(problem), "invalid") from problem
        return encoded(self._faults.told())

    def told_lies(self, _: Request) -> Answer:
        return encoded(self.lies.told())

    def lie(self, request: Request) -> Answer:
        try:
            self.lies.arm(msgspec.json.decode(request.body, type=Lie))
        except ValueError as problem:
            raise Refusal(422, str(problem), "invalid") from problem
        return encoded(self.lies.told())

    def dump(self, request: Request) -> Answer:
        dump = self._dumps.get(request.values[0])
        if dump is None:
            raise Refusal(404, f"There is no collection {request.values[0]}.", "not_found")
        return Answer(headers=(LINES,), chunks=_lines(dump()))

    def description(self, _: Request) -> Answer:
        return Answer(body=self._describe())


def _lines(records: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks of lines. The dump is taken of the keys as they are at its start; what changes while it runs shows as it is then."""
    left = iter(records)
    while some := list(islice(left, LINES_PER_CHUNK)):
        yield b"\n".join(some) + b"\n"
