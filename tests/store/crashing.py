"""A process that fills a state as fast as it can and says what is done, to be killed at any moment."""

import sys

from accord.model.journal import Absorb, Closing
from accord.model.links import Link
from accord.model.records import Side
from accord.store.sqlite import SqliteStore
from accord.testing.store_bench import AT, FLOWS, PERSONS, done, operation, ref, seen

BATCH = 20


def ids(batch: int) -> list[str]:
    """The records of a batch."""
    return [f"{batch}-{number}" for number in range(BATCH)]


def tell(step: str, batch: int) -> None:
    """Say what has returned."""
    sys.stdout.write(f"{step} {batch}\n")
    sys.stdout.flush()


def work(store: SqliteStore, batch: int) -> None:
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


def main() -> None:
    """Work on until killed. Arguments: the state file, the first batch."""
    with SqliteStore.open(sys.argv[1], FLOWS) as store:
        for batch in range(int(sys.argv[2]), 1_000_000):
            work(store, batch)


if __name__ == "__main__":
    main()
