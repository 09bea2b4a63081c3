"""Says what is wrong with what happened. It knows the promises and nothing of how they are kept."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.concurrency.evidence import Evidence, Start, instant_of
from tests.concurrency.job_types import ALLOWED_LOSSES

_FINAL = {"succeeded", "failed", "cancelled", "expired", "skipped"}
_ROUNDING = 0.003
"""Seconds: one of the clocks shows milliseconds."""


class Tenure(NamedTuple):
    """A claim from its beginning to its end."""

    event_id: int
    token: int
    session_id: int
    since: float
    until: float
    due_at: datetime
    attempt: int


def problems(found: Evidence, acknowledged: Iterable[int]) -> list[str]:
    """Return every broken promise about the events that were acknowledged; none when all is well."""
    said: list[str] = []
    for event_id in acknowledged:
        if event_id not in found.events:
            said.append(f"event {event_id} is lost")
            continue
        event = found.events[event_id]
        said += [f"event {event_id} ({event.event_type}): {problem}" for problem in _of_event(found, event)]
    return said


def _of_event(found: Evidence, event: Any) -> Iterator[str]:
    recurring = '"once"' not in event.schedule
    yield from _claims(found, event, recurring=recurring)
    yield from _starts(found, event)
    yield from _losses(found, event)
    if recurring:
        yield from _recurring_answers(found, event)
    else:
        yield from _one_answer(found, event)


def tenures(found: Evidence, event_id: int) -> list[Tenure]:
    """Return the claims of an event that have ended, in order."""
    known = []
    begun = None
    for move in found.moves.get(event_id, ()):
        if move.status == "running":
            begun = move
        elif begun is not None and move.session_before is not None:
            due_at = instant_of(move.due_before)
            known.append(
                Tenure(event_id, begun.token, move.session_before, begun.at, move.at, due_at, move.attempt_before)
            )
            begun = None
    return known


def _claims(found: Evidence, event: Any, *, recurring: bool) -> Iterator[str]:
    """At most one claim at a time, each with a token of its own, larger than all before it."""
    token, status = 0, "scheduled"
    for move in found.moves.get(event.event_id, ()):
        if (move.token_before, move.status_before) != (token, status):
            yield f"move {move.number} does not follow the one before"
        if move.status == "running" and status != "scheduled":
            yield f"claimed while {status}"
        if move.token <= token:
            yield f"token {move.token} after token {token}"
        token, status = move.token, move.status
    if status == "running" or (status == "scheduled" and not recurring):
        yield f"left {status}"


def _starts(found: Evidence, event: Any) -> Iterator[str]:
    """A job is called by who holds the claim, once for each claim, and every call has its row in the history."""
    held = tenures(found, event.event_id)
    rows = {(run.due_at, run.attempt): run for run in found.runs.get(event.event_id, ())}
    called: Counter[int] = Counter()
    for start in found.starts.get(event.event_id, ()):
        holder = _holder(found, held, start)
        if holder is None:
            yield f"process {start.pid} called the job at {start.at:.3f} and did not hold the claim"
            continue
        called[holder.token] += 1
        if (holder.due_at, holder.attempt) not in rows:
            yield f"token {holder.token}: called and given back as if it had not been"
    yield from (f"token {token}: called {times} times" for token, times in called.items() if times > 1)
    with_call = {(tenure.due_at, tenure.attempt) for tenure in held if called[tenure.token]}
    for key, run in rows.items():
        before = rows.get((key[0], key[1] - 1))
        overtaken = run.status == "failed" and run.started_at is None and before is not None and not before.final
        if run.status in ("succeeded", "failed") and key not in with_call and not overtaken:
            yield f"{run.status} at {key[0]} without a call: {run.error or run.reason}"
    yield from _order(found, event, called_for=with_call)


def _holder(found: Evidence, held: Iterable[Tenure], start: Start) -> Tenure | None:
    for tenure in held:
        in_time = tenure.since - _ROUNDING <= start.at <= tenure.until + _ROUNDING
        if in_time and found.pid_of[tenure.session_id] == start.pid and tenure.due_at == start.due_at:
            return tenure
    return None


def _order(found: Evidence, event: Any, *, called_for: set[tuple[datetime, int]]) -> Iterator[str]:
    """A due time is started again only after history says that the start before it was lost."""
    rows = {(run.due_at, run.attempt): run for run in found.runs.get(event.event_id, ())}
    for due_at, attempt in called_for:
        before = rows.get((due_at, attempt - 1))
        if attempt > 1 and (before is None or before.status != "lost" or before.final):
            yield f"attempt {attempt} at {due_at} without a lost one before"


def _losses(found: Evidence, event: Any) -> Iterator[str]:
    """What follows a loss is what the type says; the history names the session that was lost."""
    rows = found.runs.get(event.event_id, ())
    lost = [run for run in rows if run.status == "lost"]
    if lost and any(found.sessions[run.session_id].status != "lost" for run in lost):
        yield "lost with a session that is not"
    recurring = '"once"' not in event.schedule
    if not lost or recurring:
        return
    if event.on_lost == "fail" and not (len(rows) == 1 and lost[0].final and event.status == "failed"):
        yield f"lost and not failed but {event.status}"
    if event.on_lost == "hold" and not (len(rows) == 1 and not lost[0].final and event.status == "held"):
        yield f"lost and not held but {event.status}"
    if event.on_lost == "retry":
        allowed = ALLOWED_LOSSES[event.event_type]
        used_up = len(lost) >= allowed
        if len(lost) > allowed or used_up != lost[-1].final or event.status != ("failed" if used_up else "succeeded"):
            yield f"lost {len(lost)} times of {allowed} and {event.status}"


def _one_answer(found: Evidence, event: Any) -> Iterator[str]:
    rows = found.runs.get(event.event_id, [])
    answers = [run for run in rows if run.final]
    if [run.attempt for run in rows] != list(range(1, len(rows) + 1)):
        yield f"its attempts are {[run.attempt for run in rows]}"
    if event.status == "held":
        if answers:
            yield "held with an answer"
    elif event.status not in _FINAL:
        yield f"ended as {event.status}"
    elif len(answers) != 1 or not rows[-1].final:
        yield f"{event.status} with {len(answers)} answers"
    elif {"lost": "failed"}.get(answers[0].status, answers[0].status) != event.status:
        yield f"{event.status}, answered {answers[0].status}"


def _recurring_answers(found: Evidence, event: Any) -> Iterator[str]:
    """Every second before the present due time has one answer."""
    rows = [run for run in found.runs.get(event.event_id, ()) if run.final]
    expected = min((run.due_at for run in rows), default=event.due_at)
    for run in sorted(rows, key=lambda run: run.due_at):
        if run.due_at != expected:
            yield f"{expected} has not one answer but another follows at {run.due_at}"
        expected = (run.covers_until or run.due_at) + timedelta(seconds=1)
    if expected != event.due_at:
        yield f"answered until {expected} and due at {event.due_at}"
