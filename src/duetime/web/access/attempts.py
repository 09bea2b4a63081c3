"""How often logging in may be tried: a few times at once, then ever more slowly, and never not at all.

What fails is counted for the login and for the address. Somebody who goes on guessing a login's password keeps it
blocked for everybody who comes from elsewhere, but not for a browser that has logged in to it before: such a browser
has a cookie of its own, and what it gets wrong is counted for it alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from duetime.core.logins import Attempts
from duetime.web.access.tokens import digest

LOGIN = "login:"
ADDRESS = "address:"
DEVICE = "device:"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are free, and how long the blocks after them become.

    Attributes:
        free: this many bring no block; each further one doubles it, beginning with 2 seconds.
        most: the longest block.
        forget: after this long without a failure all is forgotten.
    """

    free: int
    most: timedelta
    forget: timedelta

    def after(self, count: Attempts, *, now: datetime) -> Attempts:
        """Return the count after one more failure."""
        failures = 1 if now - count.failed_at >= self.forget else count.failures + 1
        over = failures - self.free
        seconds = 0 if over <= 0 else min(2 ** min(over, 30), self.most.total_seconds())
        return replace(
            count,
            failures=failures,
            failed_at=now,
            blocked_until=now + timedelta(seconds=seconds) if seconds else None,
        )


LIMITS = {
    LOGIN: Limit(free=5, most=timedelta(minutes=15), forget=timedelta(hours=24)),
    ADDRESS: Limit(free=20, most=timedelta(minutes=15), forget=timedelta(hours=1)),
}
DEVICE_FREE = 10
"""So many failures of a known browser are counted for it alone; then it is known no longer."""
DEVICE_LIFE = timedelta(days=180)


def failed_again(count: Attempts, *, now: datetime) -> Attempts:
    """Return a count after one more failure."""
    for prefix, limit in LIMITS.items():
        if count.who.startswith(prefix):
            return limit.after(count, now=now)
    return replace(count, failures=count.failures + 1, failed_at=now)


def taken_back(count: Attempts) -> Attempts:
    """Return a count without its last failure, which was none after all."""
    return replace(count, failures=max(0, count.failures - 1), blocked_until=None)


def seconds_blocked(counts: Iterable[Attempts], *, now: datetime) -> int:
    """Return for how many seconds more no attempt is looked at; 0 = it is at once."""
    left = [count.blocked_until - now for count in counts if count.blocked_until is not None]
    longest = max(left, default=timedelta(0))
    return max(0, -(-longest // timedelta(seconds=1)))


def login_counter(login: str) -> str:
    """Return by what name the failures of a login are counted: a digest, since people type passwords there too."""
    return f"{LOGIN}{_short(login.strip().lower())}"


def device_counters(login: str) -> str:
    """Return what the names of the counters of all known browsers of a login begin with."""
    return f"{DEVICE}{_short(login.strip().lower())}:"


def device_counter(login: str, device: str) -> str:
    """Return by what name the failures of a known browser are counted."""
    return f"{device_counters(login)}{_short(device)}"


def _short(text: str) -> str:
    return digest(text).hex()[:32]
