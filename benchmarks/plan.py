"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes and repetitions.

    Attributes:
        scheduled: events in one tracker block.
        due: events of a drain.
        rounds: how often each of the two is repeated, contenders taking turns.
        delay_seconds: how long events fall due, 200 of them in a second.
        delay_rounds: how often that is repeated.
        far: far-future events that are in the table when everything is measured once more.
        far_rounds: how often; 0 leaves that part out.
        profiled: events under the profiler.
    """

    scheduled: int = 10_000
    due: int = 20_000
    rounds: int = 5
    delay_seconds: float = 4.0
    delay_rounds: int = 3
    far: int = 500_000
    far_rounds: int = 3
    profiled: int = 5_000


FULL = Plan()
QUICK = Plan(
    scheduled=5_000,
    due=4_000,
    rounds=2,
    delay_seconds=0.8,
    delay_rounds=1,
    far=50_000,
    far_rounds=1,
    profiled=2_000,
)

DELAY_RATE = 200
"""Events per second that fall due while start delays are measured."""
