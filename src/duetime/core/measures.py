"""What a worker measures of itself: counted in its process, sent with its heartbeat, read by monitoring."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

DELAY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
DATABASE_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
DURATION_BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
MOST_KINDS = 500
"""How many pairs of event type and status are told apart; the rest is counted under `OTHER`."""
OTHER = "other"


class Histogram:
    """How often something took how long. Not locked: `Meter` sees to that.

    Attributes:
        bounds: upper bounds in seconds, ascending; what is longer than the last is counted above it.
        counts: one for each bound, and one for what is above.
        total: the sum of all that was observed, in seconds.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, *seconds: float) -> None:
        """Count each; less than nothing, as after a step of a clock, counts as nothing."""
        ordered = sorted(seconds)  # a batch at once: sorting it costs less than a search for each
        if ordered and ordered[0] < 0:
            ordered = [max(each, 0.0) for each in ordered]
        counted = 0
        for number, bound in enumerate(self.bounds):
            reached = bisect_right(ordered, bound, counted)
            self.counts[number] += reached - counted
            counted = reached
        self.counts[-1] += len(ordered) - counted
        self.total += sum(ordered)

    def cumulative(self) -> Iterator[tuple[str, float]]:
        """Yield each bound and how many were at most as long, as Prometheus writes them; the last is `+Inf`."""
        so_far = 0
        for bound, count in zip([*map(str, map(float, self.bounds)), "+Inf"], self.counts, strict=True):
            so_far += count
            yield bound, float(so_far)

    def to_json(self) -> list[Any]:
        """Return it as a JSON list: the sum, then the counts."""
        return [round(self.total, 6), *self.counts]

    @classmethod
    def from_json(cls, body: object, bounds: Sequence[float]) -> Self:
        """Read what `to_json` gave; of another version's bounds nothing is taken."""
        made = cls(bounds)
        if isinstance(body, list) and len(body) == len(made.counts) + 1:
            made.total, made.counts = float(body[0]), [int(count) for count in body[1:]]
        return made


def _delays() -> Histogram:
    return Histogram(DELAY_BOUNDS)


def _database_times() -> Histogram:
    return Histogram(DATABASE_BOUNDS)


def _durations() -> Histogram:
    return Histogram(DURATION_BOUNDS)


@dataclass(slots=True)
class Measures:
    """What one worker process has counted since it started.

    Attributes:
        start_delay: from the moment an attempt could be claimed to the call of its job.
        claim_time: of one claiming transaction, however many events it took.
        finish_time: of writing one batch of endings.
        duration: of job calls.
        runs: how many runs ended, by event type and status.
        claimed: how many events were claimed.
        slots_busy: slots that have work, at present.
        slots_stuck: slots whose job was given up and has not returned, at present.
        fired_at: when a job was last called or an event last moved on, by the database's clock; None = never yet.
    """

    start_delay: Histogram = field(default_factory=_delays)
    claim_time: Histogram = field(default_factory=_database_times)
    finish_time: Histogram = field(default_factory=_database_times)
    duration: Histogram = field(default_factory=_durations)
    runs: dict[tuple[str, str], int] = field(default_factory=dict)
    claimed: int = 0
    slots_busy: int = 0
    slots_stuck: int = 0
    fired_at: datetime | None = None

    def to_text(self) -> str:
        """Return it as JSON text."""
        body = {
            "start_delay": self.start_delay.to_json(),
            "claim_time": self.claim_time.to_json(),
            "finish_time": self.finish_time.to_json(),
            "duration": self.duration.to_json(),
            "runs": [[event_type, status, count] for (event_type, status), count in sorted(self.runs.items())],
            "claimed": self.claimed,
            "slots_busy": self.slots_busy,
            "slots_stuck": self.slots_stuck,
            "fired_at": None if self.fired_at is None else self.fired_at.isoformat(),
        }
        return json.dumps(body, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` gave; what a worker of another version does not say counts as nothing."""
        body = json.loads(text)
        fired_at = body.get("fired_at")
        return cls(
            start_delay=Histogram.from_json(body.get("start_delay"), DELAY_BOUNDS),
            claim_time=Histogram.from_json(body.get("claim_time"), DATABASE_BOUNDS),
            finish_time=Histogram.from_json(body.get("finish_time"), DATABASE_BOUNDS),
            duration=Histogram.from_json(body.get("duration"), DURATION_BOUNDS),
            runs={(event_type, status): count for event_type, status, count in body.get("runs", ())},
            claimed=body.get("claimed", 0),
            slots_busy=body.get("slots_busy", 0),
            slots_stuck=body.get("slots_stuck", 0),
            fired_at=None if fired_at is None else datetime.fromisoformat(fired_at),
        )
