"""The three things that are measured; each function is one run of one contender."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from benchmarks.contenders.contender import Contender, Span
from benchmarks.contenders.registry import CONTENDERS
from benchmarks.databases import WORKERS
from benchmarks.plan import DELAY_RATE
from benchmarks.processes import Course, run_together
from benchmarks.samples import Delay, delay_of
from benchmarks.stage import Stage
from benchmarks.workload import wishes

MeasureName = Literal["schedule", "drain", "delay"]

_AHEAD = timedelta(hours=12)
_BEHIND = timedelta(hours=1)
_BEFORE_THE_FIRST = timedelta(seconds=0.5)


def schedule(stage: Stage, *, count: int) -> float:
    """Return the events per second that one block of `count` schedules."""
    stage.reset()
    start = _whole_second() + _AHEAD
    wished = wishes(count, start=start, apart=timedelta(seconds=1))
    (seconds,) = run_together(_contender(stage).schedule, (stage.target, wished), count=1, course=Course())
    return count / float(seconds)


def drain(stage: Stage, *, count: int) -> float:
    """Return the events per second from the first claim to the last history row."""
    stage.reset(wishes(count, start=_whole_second() - _BEHIND, apart=timedelta(milliseconds=1)))
    spans: list[Span] = run_together(
        _contender(stage).drain,
        (stage.target,),
        count=WORKERS[stage.target.kind],
        course=Course(is_over=_is_over(stage, count)),
    )
    stage.verify(count)
    return count / (max(span.ended for span in spans) - min(span.began for span in spans))


def delay(stage: Stage, *, seconds: float) -> Delay:
    """Return how long after their due times events start, when they fall due evenly."""
    count = round(seconds * DELAY_RATE)

    def fill() -> None:
        start = datetime.now(UTC) + _BEFORE_THE_FIRST
        stage.load(wishes(count, start=start, apart=timedelta(seconds=1) / DELAY_RATE))

    stage.reset()
    run_together(
        _contender(stage).delay,
        (stage.target,),
        count=WORKERS[stage.target.kind],
        course=Course(
            at_start=fill,
            is_over=_is_over(stage, count),
            wait_seconds=_BEFORE_THE_FIRST.total_seconds() + seconds,
        ),
    )
    stage.verify(count)
    return delay_of(stage.delays())


def _contender(stage: Stage) -> Contender:
    return CONTENDERS[stage.name, stage.target.kind]


def _is_over(stage: Stage, count: int) -> Callable[[], bool] | None:
    """Return how to see that all is done; loops without an engine end by themselves."""
    return (lambda: stage.done() >= count) if stage.name == "duetime" else None


def _whole_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
