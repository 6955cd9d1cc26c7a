"""Seeded data for both servers: realistic, Nordic, of any size, and the same for the same size and seed.

Owns: what the servers ask for. Does not own: how records are made (seeds/left.py, seeds/right.py). Nothing is held: every record is made
when its turn comes. ``size`` is the number of records on the left: about 55 % contacts, 14 % customers, 4 % products, 17 % orders,
7 % quotes and 3 % users, at least 3 of each; 0 gives none.
"""

from collections.abc import Callable, Iterator

from accord.sandbox.clock import SECOND
from accord.sandbox.seeds.left import Fields, LeftData, counts
from accord.sandbox.seeds.right import Bill, Goods, Home, Member, RightData

__all__ = ["Bill", "Goods", "Home", "Member", "RightData", "counts", "left_records", "moment", "right_data"]

FIRST = 1_735_732_800 * SECOND  # 2025-01-01 12:00:00 UTC
LONGEST_STEP = 97 * SECOND
WHOLE = 30_000_000 * SECOND  # not quite a year


def moment(index: int, total: int) -> int:
    """When the seeded record of this index, of so many, last changed: microseconds since 1970, one after the other through 2025."""
    return FIRST + index * min(LONGEST_STEP, WHOLE // max(total, 1))


def left_records(collection: str, size: int, seed: int) -> Iterator[tuple[int, Fields]]:
    """(time of last change in microseconds since 1970, own properties) of one collection, by time."""
    data = LeftData(size, seed)
    makers: dict[str, Callable[[int], Fields]] = {
        "contacts": data.contact,
        "customers": data.customer,
        "orders": data.order,
        "products": data.product,
        "quotes": data.quote,
        "users": data.user,
    }
    make, total = makers[collection], data.counts[collection]
    for index in range(total):
        yield moment(index, total), make(index)


def right_data(size: int, seed: int) -> RightData:
    """What Membercare starts with."""
    return RightData(LeftData(size, seed))
