"""A process that fills a state as fast as it can and says what is done, to be killed at any moment; and what must then be found."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from accord.model.journal import Absorb, Closing, IntentState
from accord.model.links import Link, PendingState
from accord.model.records import Side
from accord.store.sqlstore import SqlStore
from accord.store.states import Place, open_state, place_of
from accord.testing.store_bench import AT, FLOWS, PERSONS, done, operation, ref, seen

BATCH = 20
STEPS = ("absorbed", "intended", "closed")


def ids(batch: int) -> list[str]:
    """The records of a batch."""
    return [f"{batch}-{number}" for number in range(BATCH)]


def tell(step: str, batch: int) -> None:
    """Say what has returned."""
    sys.stdout.write(f"{step} {batch}\n")
    sys.stdout.flush()


def work(store: SqlStore, batch: int) -> None:
    """Absorb, intend, close; each is told when it has returned."""
    names = ids(batch)
    store.absorb(Absorb(Side.LEFT, "Contact", [seen(PERSONS, Side.LEFT, f"C-{id}") for id in names], flows=[PERSONS.name]))
    tell("absorbed", batch)
    store.intend(f"r{batch}", AT, [operation(id) for id in names])
    tell("intended", batch)
    store.close(
        Closing(
            run=f"r{batch}",
            at=AT,
            links=[Link(PERSONS.name, f"C-{id}", f"P-{id}") for id in names],
            records=[seen(PERSONS, Side.RIGHT, f"P-{id}") for id in names],
            finished=[(PERSONS.name, ref(PERSONS, Side.LEFT, f"C-{id}")) for id in names],
            closed=[done(id, f"P-{id}") for id in names],
        )
    )
    tell("closed", batch)


def start(place: str, first: int, *lease: str) -> "subprocess.Popen[str]":
    """Let it work on a state, from a batch on; in PostgreSQL with a lease of so many seconds."""
    words = [sys.executable, __file__, place, str(first), *lease]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def killed_after(place: str, first: int, lines: int) -> list[tuple[str, int]]:
    """Let it say so many lines, kill it in what it does next; what it had said by then."""
    with start(place, first) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [(step, int(batch)) for step, batch in (line.split() for line in said)]


def whatever_returned_is_there(place: str, open_store: Callable[[], SqlStore], kills: int) -> None:
    """Kill it so often, at random; each time all that it had said must be there, and nothing by half."""
    rng, first = random.Random(9), 0
    told: set[tuple[str, int]] = set()
    for _ in range(kills):
        said = killed_after(place, first, rng.randrange(1, 40))
        told.update(said)
        with open_store() as store:
            last = max(batch for _, batch in said)
            for batch in range(first, last + 2):
                reached = [len(found) for found in reached_by(store, batch)]
                assert all(number in (0, BATCH) for number in reached), (batch, reached)
                assert reached == sorted(reached, reverse=True)
                assert all(number == BATCH for step, number in zip(STEPS, reached, strict=True) if (step, batch) in told)
        first = last + 2


def reached_by(store: SqlStore, batch: int) -> tuple[set[str], set[str], set[str]]:
    """The records of a batch that are absorbed, intended, closed: each proven by all that goes with it."""
    lefts = [f"C-{id}" for id in ids(batch)]
    absorbed = set(store.known(Side.LEFT, "Contact", lefts))
    intents = list(store.of_run(f"r{batch}"))
    linked = set(store.links(PERSONS.name, Side.LEFT, lefts))
    pending = {row.ref.id for row in store.list_pending(PERSONS.name, [PendingState.NEW], limit=100_000)} & set(lefts)
    assert linked == {intent.operation.source.id for intent in intents if intent.state is IntentState.DONE}
    assert len(store.known(Side.RIGHT, "Persons", [f"P-{id}" for id in ids(batch)])) == len(linked)
    assert pending == absorbed - linked
    return absorbed, {intent.operation.source.id for intent in intents}, linked


def opened(place: Place, lease: list[str]) -> SqlStore:
    """The state, as a running engine has it."""
    if not lease or isinstance(place, Path):
        return open_state(place, FLOWS)
    from accord.store.postgres import PostgresStore

    return PostgresStore.open(place, FLOWS, lease_seconds=float(lease[0]))


def main() -> None:
    """Work on until killed. Arguments: the place of the state, the first batch, the seconds of the lease if not the usual ones."""
    with opened(place_of(sys.argv[1], Path(), "crashing"), sys.argv[3:]) as store:
        for batch in range(int(sys.argv[2]), 1_000_000):
            work(store, batch)


if __name__ == "__main__":
    main()
