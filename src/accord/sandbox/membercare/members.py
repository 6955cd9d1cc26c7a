"""What persons and companies have in common: contacts and addresses, one current of each type.

Owns: how a posted contact or address replaces the earlier one of its type, what is derived of an address. Pure: the present is passed in.
Assumption of this server (the public API does not say): a new item of a type ends the earlier one; a posted item whose own end has come
ends the current one and adds nothing. Ended items stay in the lists.
"""

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import pycountry

from accord.sandbox.membercare.words_common import Contact, Country, PostalAddress, PostalCode
from accord.sandbox.web import Refusal

OWN_NAMES = {"DK": "Danmark", "NO": "Norge", "SE": "Sverige", "FI": "Finland", "IS": "Island"}
Item = TypeVar("Item", Contact, PostalAddress)
RESOLUTION = timedelta(seconds=1)


@lru_cache(maxsize=1)
def countries() -> dict[str, Country]:
    """Every country by its two letters; the Nordic ones first, under their own names."""
    names = {each.alpha_2: getattr(each, "common_name", each.name) for each in pycountry.countries} | OWN_NAMES
    order = [*OWN_NAMES, *sorted(set(names) - set(OWN_NAMES))]
    return {iso2: Country(id=number, iso2_letter=iso2, name=names[iso2]) for number, iso2 in enumerate(order, 1)}


def has_ended(item: Contact | PostalAddress, now: datetime) -> bool:
    """Whether its end is not in the future. ``now`` is a whole second, so an end within that second has come."""
    return item.end is not None and item.end < now + RESOLUTION


def current_contact(contacts: Sequence[Contact], kind: int, now: datetime) -> Contact | None:
    """The contact of this type that holds, if any."""
    return next((each for each in contacts if each.type == kind and not has_ended(each, now)), None)


def take_contacts(present: list[Contact], posted: Sequence[Contact], now: datetime, next_id: Callable[[], int]) -> list[Contact]:
    """Put posted contacts into ``present``; what became of them is answered: the new ones, and those that were ended."""
    return [each for item in posted if (each := _take(present, item, current_contact(present, item.type, now), now, next_id)) is not None]


def take_addresses(
    present: list[PostalAddress], posted: Sequence[PostalAddress], now: datetime, next_id: Callable[[], int]
) -> list[PostalAddress]:
    """Put posted addresses into ``present``, each completed with what is derived; answered like contacts. Raises Refusal(400)."""
    answered = []
    for item in posted:
        current = next((each for each in present if each.address_type == item.address_type and not has_ended(each, now)), None)
        complete(item)
        taken = _take(present, item, current, now, next_id)
        if taken is not None:
            answered.append(taken)
    return answered


def _take(present: list[Item], item: Item, current: Item | None, now: datetime, next_id: Callable[[], int]) -> Item | None:
    if current is not None:
        current.end = item.end if item.end is not None and has_ended(item, now) else now
        current.last_change = now
    if has_ended(item, now):
        return current
    item.id, item.url, item.last_change = next_id(), None, now
    item.start = item.start or now
    present.append(item)
    return item


def complete(address: PostalAddress) -> None:
    """Fill in country, ids and the derived lines. Raises Refusal(400) for an unknown country."""
    if address.country is not None and address.country.iso2_letter is not None:
        known = countries().get(address.country.iso2_letter)
        if known is None:
            raise Refusal(400, f"Unknown country {address.country.iso2_letter}.")
        address.country = known
    code = address.postal_code or PostalCode()
    iso2 = address.country.iso2_letter if address.country else None
    address.postal_code = PostalCode(id=zlib.crc32(f"{iso2} {code.zip_code}".encode()) % 1_000_000, zip_code=code.zip_code, city=code.city)
    line = _joined(" ", address.street, address.number, address.letter)
    place = _joined(" ", code.zip_code, code.city)
    address.address_line_one = line
    address.zip_city_country = _joined(", ", place, address.country.name if address.country else None)
    address.street_and_zip_one_line = _joined(", ", line, place)
    address.formatted_address = _joined("\n", line, address.zip_city_country)


def _joined(between: str, *parts: str | None) -> str:
    return between.join(part for part in parts if part)
