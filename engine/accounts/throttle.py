"""How often something may be tried. Counted in the database, before the try, so that no two processes share a place.

A window begins with its first try and ends by itself: nobody is locked out for good.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.unit import Unit
from engine.errors import TooManyTries


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many tries in a window."""

    name: str
    most: int
    window: timedelta

    def bucket(self, *whose: str) -> str:
        """The name of one counter. Whose it is stays out of the database."""
        return f"{self.name}:{hashlib.sha256(chr(0).join(whose).encode()).hexdigest()[:32]}"


def take(unit: Unit, pace: Pace, *whose: str, now: datetime) -> int:
    """Count one try and return how many are left. Raises TooManyTries, which says until when."""
    bucket = pace.bucket(*whose)
    if not unit.throttles.take(bucket, most=pace.most, window=pace.window, now=now):
        found = unit.throttles.reading(bucket, now)
        raise TooManyTries.until(found[1] if found else now + pace.window, now)
    found = unit.throttles.reading(bucket, now)
    return pace.most - (found[0] if found else 0)
