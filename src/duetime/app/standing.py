"""The events of duetime itself: pruning once a day, counting every hour, and a harvest of each account again and again.

Each has a dedupe key of its own, so planting it again finds the one that lives and leaves it as it stands, paused or
moved by a person; only a changed setting is written over it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from duetime.builtin.count_runs import COUNT_RUNS
from duetime.builtin.harvest import HARVEST
from duetime.builtin.prune import PRUNE
from duetime.core.events import Event, OnExisting
from duetime.core.operations import ScheduleEvent
from duetime.core.schedules import Schedule
from duetime.schedule import Daily, Hourly, Periodic
from duetime.scheduling.client import Client
from duetime.scheduling.keys import dedupe_key
from duetime.scheduling.preparation import Request, prepare
from duetime.store.store import Transaction

PRUNE_AT = "03:17"
"""When history is pruned, in UTC: a quiet minute that other daily jobs leave alone."""

COUNT_AT_MINUTE = 7
"""When in each hour the one before is counted: after the grace that endings have to be written."""

_NOBODY = 0
"""Stands for the bot in the keys of these events; bots count from 1."""


def plant_pruning(client: Client, *, history_days: int, actor: str = "") -> Event | None:
    """Let old history be deleted once a day; with 0 days, keep everything and take the event back.

    Returns:
        The live event, or None when nothing shall be deleted.
    """
    key = dedupe_key(bot_id=_NOBODY, slot="standing", resource_id="", event_type=PRUNE, nth=0)
    wish = Request(
        event_type=PRUNE,
        schedule=Daily(PRUNE_AT),
        args={"days": history_days},
        description=f"Delete history older than {history_days} days",
        on_existing=OnExisting.REPLACE,
        created_by=actor,
    )
    # Planted at every start of a worker: a person's other time of day must survive that.
    return _plant(client, wish if history_days else None, key=key, actor=actor, keep_schedule=True)


def plant_counting(client: Client, *, actor: str = "") -> Event | None:
    """Let history be counted every hour.

    Returns:
        The live event.
    """
    key = dedupe_key(bot_id=_NOBODY, slot="standing", resource_id="", event_type=COUNT_RUNS, nth=0)
    wish = Request(
        event_type=COUNT_RUNS,
        schedule=Hourly(COUNT_AT_MINUTE),
        args={},
        description="Count the runs of the last hour",
        on_existing=OnExisting.REPLACE,
        created_by=actor,
    )
    return _plant(client, wish, key=key, actor=actor, keep_schedule=True)


def plant_harvest(
    client: Client, account: str, *, every: timedelta, resource_types: Sequence[str] = (), actor: str = ""
) -> Event | None:
    """Harvest an account again and again; with an interval of 0, take the event back.

    Returns:
        The live event, or None when the account shall not be harvested by itself.
    """
    key = dedupe_key(bot_id=_NOBODY, slot=f"standing:{account}", resource_id="", event_type=HARVEST, nth=0)
    args: dict[str, Any] = {"account": account}
    if resource_types:
        args["resource_types"] = list(resource_types)
    if not every:
        return _plant(client, None, key=key, actor=actor)
    wish = Request(
        event_type=HARVEST,
        schedule=Periodic(seconds=every.total_seconds()),
        args=args,
        description=f"Harvest account {account}",
        on_existing=OnExisting.REPLACE,
        created_by=actor,
    )
    return _plant(client, wish, key=key, actor=actor)


def _plant(
    client: Client, wish: Request | None, *, key: bytes, actor: str, keep_schedule: bool = False
) -> Event | None:
    with client.store.write() as tx:
        live = tx.events.live_with_key(key)
        if wish is None:
            if live is not None:
                tx.verbs.cancel(live.event_id, actor=actor, reason="not wanted any more")
            return None
        if live is not None and dict(live.args) == wish.args and (keep_schedule or _same_times(live, wish)):
            return live
        return _write(tx, wish, key=key, actor=actor)


def _write(tx: Transaction, wish: Request, *, key: bytes, actor: str) -> Event | None:
    known = tx.event_types.by_ids([wish.event_type])
    tx.operations.apply([ScheduleEvent(prepare(wish, known=known, now=tx.now, key=key))])
    event = tx.events.live_with_key(key)
    if event is not None:
        tx.audit.add(
            actor=actor,
            verb="event.schedule",
            subject=f"event:{event.event_id}",
            after={"event_type": event.event_type, "due_at": event.due_at.isoformat()},
        )
    return event


def _same_times(live: Event, wish: Request) -> bool:
    return _without_anchor(live.schedule) == _without_anchor(wish.schedule)


def _without_anchor(schedule: Any) -> Schedule:
    """Return the schedule as it was asked for; an interval gets its anchor when it is scheduled."""
    plain: Schedule = replace(schedule, anchor=None) if isinstance(schedule, Periodic) else schedule
    return plain
