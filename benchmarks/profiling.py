"""Where the time goes: duetime under the profiler, one thread, reduced to layers and to the dearest functions."""

import cProfile
import pstats
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from benchmarks.contenders.duetime_contender import Machine, application, schedule_all, silence_logs
from benchmarks.databases import Target
from benchmarks.processes import Course, Gate, run_together
from benchmarks.stage import Stage
from benchmarks.workload import Wish, wishes
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.store.store import Store

_MOST_FUNCTIONS = 8
_WARM_ROUNDS = 3
_DATABASE = "database"
_LAYERS: Sequence[tuple[str, str]] = (
    ("/psycopg", "driver"),
    ("/sqlalchemy/", "SQLAlchemy"),
    ("/duetime/store/", "store"),
    ("/duetime/engine/", "engine"),
    ("/duetime/scheduling/", "scheduling"),
    ("/duetime/schedule/", "schedule"),
    ("/duetime/jobs/", "jobs"),
    ("/duetime/core/", "core"),
    ("/duetime/", "app, bots and providers"),
    ("/benchmarks/", "the benchmark"),
)

Function = tuple[str, int, str]


class Share(NamedTuple):
    """A part of the time of one event."""

    name: str
    us: float
    percent: float


class Profile(NamedTuple):
    """Where the time of one event goes."""

    total_us: float
    layers: tuple[Share, ...]
    functions: tuple[Share, ...]
    next_gain: str


def profile_schedule(stage: Stage, *, count: int) -> Profile:
    """Return where the time of scheduling goes."""
    stage.reset()
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=12)
    wished = wishes(count, start=start, apart=timedelta(seconds=1))
    (rows,) = run_together(_schedule, (stage.target, wished), count=1, course=Course())
    return _reduced(rows, count=count)


def profile_drain(stage: Stage, *, count: int) -> Profile:
    """Return where the time of draining goes."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    stage.reset(wishes(count, start=start, apart=timedelta(milliseconds=1)))
    (rows,) = run_together(_drain, (stage.target,), count=1, course=Course())
    stage.verify(count)
    return _reduced(rows, count=count)


def _schedule(target: Target, wished: Sequence[Wish], gate: Gate) -> Mapping[Function, Any]:
    silence_logs()
    machines = [(Machine(wish.resource_id), wish.when) for wish in wished]
    with Store(target.url) as store, application(store) as app:
        with store.read() as tx:
            tx.event_types.all()
        gate.ready()
        profiler = cProfile.Profile()
        profiler.runcall(schedule_all, app, machines)
    return _rows(profiler)


def _drain(target: Target, gate: Gate) -> Mapping[Function, Any]:
    silence_logs()
    with Store(target.url) as store, application(store) as app:
        worker = app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        worker.plugins.round()
        worker.heartbeat.round()
        gate.ready()
        profiler = cProfile.Profile()
        profiler.runcall(_work, worker)
    return _rows(profiler)


def _work(worker: Worker) -> None:
    """Step a worker through everything that is due, in this one thread."""
    idle = 0
    while idle < _WARM_ROUNDS:
        seconds = worker.dispatcher.round()
        written = worker.outbox.flush()
        idle = 0 if written or seconds == 0 else idle + 1


def _rows(profiler: cProfile.Profile) -> Mapping[Function, Any]:
    found: Mapping[Function, Any] = vars(pstats.Stats(profiler))["stats"]
    return found


def _reduced(rows: Mapping[Function, Any], *, count: int) -> Profile:
    """Credit the time of built-in and library functions to the function of a layer that called them."""
    credited: defaultdict[Function, float] = defaultdict(float)
    for function, (_, _, own, _, callers) in rows.items():
        if _layer_of(function) is not None:
            credited[function] += own
        else:
            for caller, (_, _, own_from_there, _) in callers.items():
                _credit(rows, credited, caller, own_from_there, seen=frozenset([function]))
    total = sum(credited.values())
    layers: defaultdict[str, float] = defaultdict(float)
    for function, seconds in credited.items():
        layers[_layer_of(function) or "other"] += seconds

    def shares(named: Mapping[str, float]) -> tuple[Share, ...]:
        ordered = sorted(named.items(), key=lambda item: -item[1])
        return tuple(Share(name, seconds / count * 1e6, seconds / total * 100) for name, seconds in ordered)

    functions = shares({_label(function): seconds for function, seconds in credited.items()})
    return Profile(total / count * 1e6, shares(layers), functions[:_MOST_FUNCTIONS], _next_gain(functions))


def _credit(
    rows: Mapping[Function, Any],
    credited: defaultdict[Function, float],
    function: Function,
    seconds: float,
    *,
    seen: frozenset[Function],
) -> None:
    callers: Mapping[Function, Any] = rows[function][4] if function in rows else {}
    callers = {caller: numbers for caller, numbers in callers.items() if caller not in seen}
    if _layer_of(function) is not None or not callers:
        credited[function] += seconds
        return
    whole = sum(numbers[3] for numbers in callers.values()) or 1.0
    for caller, numbers in callers.items():
        _credit(rows, credited, caller, seconds * numbers[3] / whole, seen=seen | {function})


def _layer_of(function: Function) -> str | None:
    path, _, name = function
    normal = path.replace("\\", "/")
    # The driver of SQLite is the database; that of PostgreSQL waits for it in one place.
    if "sqlite3." in name or ("/psycopg/" in normal and name == "wait"):
        return _DATABASE
    return next((layer for part, layer in _LAYERS if part in normal), None)


def _label(function: Function) -> str:
    path, line, name = function
    if line == 0:
        return f"{_DATABASE}: {name}"
    short = "/".join(path.replace("\\", "/").split("/")[-2:])
    return f"{_layer_of(function) or 'other'}: {name} ({short}:{line})"


def _next_gain(functions: Sequence[Share]) -> str:
    """Return the dearest function that is not the database's work, and what it could give."""
    for share in functions:
        if not share.name.startswith(_DATABASE):
            gain = 100 / (100 - share.percent) - 1
            return f"{share.name} costs {share.us:.1f} us; without it {gain:.0%} more events, by the profiler's clock"
    return "none: all of it is the database's work"
