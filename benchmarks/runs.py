"""Every run of a session: contenders take turns, so that what disturbs the machine disturbs all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.databases import DatabaseKind, Server
from benchmarks.measures import MeasureName, delay, drain, schedule
from benchmarks.plan import Plan
from benchmarks.samples import Delay
from benchmarks.stage import Stage, build_stages


class Place(NamedTuple):
    """What was measured, and where."""

    measure: MeasureName
    database: DatabaseKind
    far: bool


@dataclass(slots=True)
class Samples:
    """What each contender gave, run by run; the nth entries of two contenders stood next to each other."""

    rates: dict[Place, dict[str, list[float]]] = field(default_factory=dict)
    delays: dict[Place, dict[str, list[Delay]]] = field(default_factory=dict)


def run_all(
    servers: Mapping[DatabaseKind, Server],
    plan: Plan,
    *,
    measures: Sequence[MeasureName],
    progress: Callable[[str], None],
) -> Samples:
    """Measure everything on every database, without and with far-future events."""
    samples = Samples()
    for database, server in servers.items():
        progress(f"{database}: preparing")
        grounds = {False: build_stages(server, database, far=0)}
        if plan.far_rounds:
            grounds[True] = build_stages(server, database, far=plan.far)
        for measure in measures:
            rounds = plan.delay_rounds if measure == "delay" else plan.rounds
            for number in range(rounds):
                progress(f"{database}: {measure} {number + 1}/{rounds}")
                for far, stage in _turns(grounds):
                    if not far or number < plan.far_rounds:
                        _run(samples, Place(measure, database, far), stage, plan)
    return samples


def _turns(grounds: Mapping[bool, Mapping[str, Stage]]) -> Iterator[tuple[bool, Stage]]:
    for far, stages in grounds.items():
        for stage in stages.values():
            yield far, stage


def _run(samples: Samples, place: Place, stage: Stage, plan: Plan) -> None:
    if place.measure == "delay":
        delays = samples.delays.setdefault(place, {})
        delays.setdefault(stage.name, []).append(delay(stage, seconds=plan.delay_seconds))
        return
    rates = samples.rates.setdefault(place, {})
    rate = schedule(stage, count=plan.scheduled) if place.measure == "schedule" else drain(stage, count=plan.due)
    rates.setdefault(stage.name, []).append(rate)
