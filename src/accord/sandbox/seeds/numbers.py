"""Numbers that are valid and never the same twice: phones, organisation numbers.

Owns: making them from an index by multiplication with a prime, so that neighbours look unlike and none repeats below each range's size.
Does not own: which record gets one. Ranges are those in which every number is valid in its country.
"""

from dataclasses import dataclass

SCATTER = 7_368_787
"""A prime; no range's size is a multiple of it."""

ORGANISATION_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers of one kind: the country's code, what is dialled before them within the country, their first digits, how many follow."""

    code: str
    trunk: str
    heads: tuple[str, ...]
    digits: int

    def national(self, index: int) -> str:
        """The digits of one number, without ``trunk``."""
        span = 10**self.digits
        scattered = index * SCATTER % (span * len(self.heads))
        return f"{self.heads[scattered // span]}{scattered % span:0{self.digits}d}"


MOBILE = {
    "NO": Range("47", "", ("40", "41", "46", "47", "48", "90", "91", "92", "93", "94", "95", "96", "97", "98", "99"), 6),
    "SE": Range("46", "0", ("70", "72", "73", "76", "79"), 7),
    "DK": Range("45", "", ("26", "27", "28"), 6),
    "FI": Range("358", "0", ("40", "41", "44", "45", "46", "50"), 7),
}
FIXED = {
    "NO": Range("47", "", ("22", "23", "32", "33", "51", "55", "61", "69", "73", "77"), 6),
    "SE": Range("46", "0", ("31", "40"), 7),
    "DK": Range("45", "", tuple(f"{head}{digit}" for head in (33, 86, 98) for digit in range(1, 9)), 5),
    "FI": Range("358", "0", ("91", "92", "93", "94", "95", "96", "97", "98"), 6),
}


def international(numbers: Range, index: int) -> str:
    """ "+4791234567"."""
    return f"+{numbers.code}{numbers.national(index)}"


def as_typed(numbers: Range, index: int, way: int) -> str:
    """The same number as people in a Norwegian office write it: one from abroad always with its country; ``way`` chooses a spelling."""
    national = numbers.national(index)
    local = numbers.trunk + national
    middle = len(local) - 5
    grouped = f"{local[:middle]} {local[middle : middle + 2]} {local[middle + 2 :]}"
    at_home: tuple[str, ...] = (local, grouped) if numbers.code == "47" else ()
    spellings = (
        *at_home,
        f"+{numbers.code} {national}",
        f"+{numbers.code} {national[:-6]} {national[-6:-3]} {national[-3:]}",
        f"00{numbers.code}{national}",
    )
    return spellings[way % len(spellings)]


def organisation_number(index: int) -> str:
    """A Norwegian organisation number: nine digits from 8 or 9 on, the last one the check digit (modulus 11)."""
    head = f"{8_000_000 + index * SCATTER % 2_000_000:07d}"
    for eighth in "0123456789":
        total = sum(weight * int(digit) for weight, digit in zip(ORGANISATION_WEIGHTS, head + eighth, strict=True))
        check = -total % 11
        if check < 10:
            return f"{head}{eighth}{check}"
    raise AssertionError("of ten numbers at most one has no check digit")
