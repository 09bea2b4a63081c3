"""Why an event did or did not run, in plain sentences: a pure function of what is known of it."""

from collections.abc import Iterator
from datetime import datetime

from duetime.core.events import Event, Run
from duetime.core.registry import BUILTIN
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish
from duetime.core.wording import write_instant, write_span
from duetime.scheduling.situation import Situation

_WHEN_LOST = {
    OnLost.RETRY: "it will be tried again",
    OnLost.FAIL: "it will count as failed",
    OnLost.HOLD: "it will be held for a person to decide",
}
_WISHES = {
    Wish.PAUSE: "It was asked to pause, which applies when this attempt ends.",
    Wish.CANCEL: "It was asked to stop for good, which applies when this attempt ends.",
    Wish.DETACH: "A newer event has replaced it: after this attempt there is no other.",
}
_NEVER_STARTED = {RunStatus.SKIPPED, RunStatus.EXPIRED, RunStatus.CANCELLED, RunStatus.DENIED}


def explain(situation: Situation) -> tuple[str, ...]:
    """Return why the event did or did not run: the answer first, then what led to it and what to do."""
    match situation.event.status:
        case EventStatus.SCHEDULED:
            sentences = _scheduled(situation)
        case EventStatus.RUNNING:
            sentences = _running(situation)
        case EventStatus.PAUSED:
            sentences = _paused(situation.event)
        case EventStatus.HELD:
            sentences = _held(situation.event)
        case _:
            sentences = _ended(situation)
    return tuple(sentences)


def _scheduled(situation: Situation) -> Iterator[str]:
    event, now = situation.event, situation.now
    if event.ready_at > now:
        ready = _instant(event.ready_at, now=now)
        if event.failures:
            tries = "once" if event.failures == 1 else f"{event.failures} times"
            due = write_instant(event.due_at)
            yield f"It was tried {tries} for {due}, without success; the next try is at {ready}."
        elif event.ready_at > event.due_at:
            yield f"It was due at {write_instant(event.due_at)} and was put off until {ready}{_because(event)}."
        else:
            yield f"It has not run yet because it is not due before {ready}."
        if not situation.able:
            yield f"As things stand nobody will run it then: {nobody_runs(situation)}"
    elif not situation.able:
        yield f"It is due since {_instant(event.ready_at, now=now)} and has not run: {nobody_runs(situation)}"
        if event.expires_at is not None:
            yield f"It expires at {_instant(event.expires_at, now=now)}."
    else:
        workers = ", ".join(worker.worker for worker in situation.able[:3])
        yield (
            f"It is due since {_instant(event.ready_at, now=now)}; {workers} can run it and starts it as soon as a "
            "slot is free."
        )
        if event.status_reason:
            yield f"What is noted of it: {event.status_reason}."
    yield from _last(situation.last_run)
    if event.failed_in_a_row:
        yield f"It has failed {event.failed_in_a_row} times in a row."


def nobody_runs(situation: Situation) -> str:
    """Say why no worker can run an event, and what to do; only of one that none is able to run."""
    event_type = situation.event.event_type
    if not situation.workers:
        return "no worker is alive. Start one with `duetime worker`."
    count = len(situation.workers)
    alive = "the one worker that is alive has" if count == 1 else f"of the {count} workers that are alive, none has"
    start = f"it waits for a handler; {alive}{' no' if count == 1 else ' a'} handler for {event_type}. "
    kind = situation.kind
    if kind is None:
        return start + "Nobody has ever brought this event type; load a plugin that does."
    if kind.plugin == BUILTIN:
        return start + "It is one of our own types: start a worker of this version of duetime."
    unloaded = situation.plugin_wish == "unloaded"
    wish = "which was unloaded" if unloaded else "see `duetime plugins list` for why it is not loaded"
    return start + f"The type comes from plugin {kind.plugin}, {wish}. Load it: `duetime plugins load {kind.plugin}`."


def _running(situation: Situation) -> Iterator[str]:
    event, claimer = situation.event, situation.claimed_by
    since = "" if event.started_at is None else f" since {_instant(event.started_at, now=situation.now)}"
    if claimer is None:
        yield f"It is running{since} (attempt {event.attempt}), but its worker has ended: {_WHEN_LOST[event.on_lost]}."
    elif claimer.is_beating(now=situation.now):
        yield f"It is running now{since} on {claimer.worker} (attempt {event.attempt})."
    else:
        silence = write_span(situation.now - claimer.beat_at)
        yield (
            f"It was started{since} on {claimer.worker} (attempt {event.attempt}), which has not been heard of for "
            f"{silence}. When a living worker declares that one lost, {_WHEN_LOST[event.on_lost]}."
        )
        if not situation.workers:
            yield "No worker is alive. Start one with `duetime worker`."
    if event.wish is not None:
        yield _WISHES[event.wish]


def _paused(event: Event) -> Iterator[str]:
    yield f"It does not run because it is paused{_because(event)}."
    yield f"Let it run again: `duetime events resume {event.event_id}`."


def _held(event: Event) -> Iterator[str]:
    yield f"It does not run because a person must decide{_because(event)}."
    yield (
        f"Find out what happened, then: `duetime events resolve {event.event_id} "
        "--as retry|succeeded|failed|cancelled --reason ...`."
    )


def _ended(situation: Situation) -> Iterator[str]:
    event, run = situation.event, situation.last_run
    started = run is not None and run.started_at is not None
    match event.status:
        case EventStatus.SUCCEEDED:
            yield "It ran and succeeded." if started else f"It counts as done{_because(event)}."
        case EventStatus.FAILED:
            yield "It ran and failed, and no retry is left." if started else f"It counts as failed{_because(event)}."
        case EventStatus.SKIPPED if run is not None and run.status is RunStatus.DENIED:
            yield f"It did not run because the user it acts for may not have it done{_because(event)}."
            yield "See `duetime users list`."
        case EventStatus.SKIPPED:
            yield f"It did not run because it was not needed{_because(event)}."
        case EventStatus.EXPIRED:
            yield f"It did not run because nobody could start it before it expired{_because(event)}."
        case _:
            yield f"It does not run any more because it was cancelled{_because(event)}."
    if event.expires_at is not None and event.status is EventStatus.EXPIRED:
        yield f"It was due at {write_instant(event.due_at)} and expired at {write_instant(event.expires_at)}."
    yield from _last(run)
    yield f"Run it again: `duetime events run {event.event_id}`."


def _last(run: Run | None) -> Iterator[str]:
    if run is None:
        return
    times = f" (and {run.covers_count - 1} more up to then)" if run.covers_count > 1 else ""
    for_when = f"The answer to {write_instant(run.due_at)}{times} was '{run.status.replace('_', ' ')}'"
    if not run.final:
        for_when = f"Attempt {run.attempt} for {write_instant(run.due_at)} ended as '{run.status.replace('_', ' ')}'"
    duration = run.duration
    took = f" after {write_span(duration)}" if duration is not None and run.status not in _NEVER_STARTED else ""
    why = _one_line(run.error or run.reason)
    yield f"{for_when}{took}{f': {why}' if why else ''}."


def _because(event: Event) -> str:
    return f": {_one_line(event.status_reason)}" if event.status_reason else ""


def _instant(moment: datetime, *, now: datetime) -> str:
    span = write_span(moment - now)
    return f"{write_instant(moment)} ({f'in {span}' if moment > now else f'{span} ago'})"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500].rstrip(".")
