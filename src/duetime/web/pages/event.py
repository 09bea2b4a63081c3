"""`/events/{id}`: everything there is to say of one event, and why it did or did not run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from duetime.app.app import App
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot
from duetime.core.events import Event
from duetime.core.sanitising import history_text
from duetime.core.statuses import EventStatus
from duetime.scheduling.explain import explain
from duetime.scheduling.situation import Situation, situation_of
from duetime.scheduling.upcoming import Obstacle, obstacles_of
from duetime.store.audit_table import AuditEntry
from duetime.store.store import Transaction
from duetime.web.event_conflicts import conflicts_for
from duetime.web.need import CurrentVisitor, needs
from duetime.web.next_times import NextTime, next_times
from duetime.web.obstacles import surroundings_of
from duetime.web.pages.event_offers import Offer, offers_for
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import EventId
from duetime.web.payloads import shown_mapping, shown_text
from duetime.web.ports import CurrentApp
from duetime.web.reach import account_of, event_for, reaches_bot
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_TIMES = 10
_MOST_RUNS = 20
_MOST_CHANGES = 50
_NEAR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class AskedBy:
    """The bot that asked for an event.

    Attributes:
        version: its version that held when the event was scheduled; None when that is not known any more.
        present_version: the one that holds now.
    """

    name: str
    version: int | None
    present_version: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run with what its job said.

    Attributes:
        result: as the visitor may see it; None without any.
    """

    past: PastRun
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage(PageContext):
    """One event.

    Attributes:
        arguments: without secrets; None = the visitor may not see them.
        times: the due time that is owed and the ones after it.
        sentences: why it did or did not run.
        attempts: what came of each, the last first; None = the visitor may not see runs.
        asked_by: None when no bot asked, or one that the visitor may not see.
        undoes: the run that this event undoes.
        changes: what people and bots did to it, the last first.
        offers: the verbs that its status and the visitor's role allow.
        worker: who holds its claim.
        moves: whether it runs or is about to, so that the page looks again by itself.
    """

    template: ClassVar[str] = "event.html"

    event: Event
    description: str
    schedule: str
    arguments: Mapping[str, Any] | None
    times: tuple[NextTime, ...]
    sentences: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    conflicts: tuple[str, ...]
    attempts: tuple[Attempt, ...] | None
    has_more_attempts: bool
    asked_by: AskedBy | None
    is_of_hidden_bot: bool
    undoes: str | None
    changes: tuple[AuditEntry, ...]
    offers: tuple[Offer, ...]
    worker: str | None
    moves: bool
    now: datetime


@router.get("/events/{event_id}", dependencies=[needs(Feature.EVENTS)])
def event_page(request: Request, event_id: EventId, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show one event."""
    with app.store.read() as tx:
        event = event_for(tx, visitor, event_id)
        context = _context(tx, app, visitor, event, situation_of(tx, event_id))
    return render(request, context)


def _context(tx: Transaction, app: App, visitor: Visitor, event: Event, situation: Situation) -> EventPage:
    account = account_of(event.resource_id)
    bot = None if event.bot_id is None else tx.bots.by_id(event.bot_id)
    is_seen = bot is not None and reaches_bot(visitor.reach(Feature.BOTS), bot)
    attempts = _attempts(tx, visitor, event)
    return EventPage(
        event=event,
        description=history_text(event.description) or "",
        schedule=event.schedule.describe(),
        arguments=shown_mapping(event.args, visitor=visitor, feature=Feature.EVENTS, account=account),
        times=next_times(event, now=tx.now, most=_TIMES),
        sentences=explain(situation),
        obstacles=_obstacles(tx, app, event),
        conflicts=conflicts_for(tx, visitor, event),
        attempts=attempts,
        has_more_attempts=attempts is not None and len(attempts) == _MOST_RUNS,
        asked_by=_asked_by(tx, bot, event) if bot is not None and is_seen else None,
        is_of_hidden_bot=event.bot_id is not None and not is_seen,
        undoes=tx.notes.undone_runs([event.event_id]).get(event.event_id),
        changes=tuple(tx.audit.about(f"event:{event.event_id}", most=_MOST_CHANGES)),
        offers=offers_for(event) if visitor.reach(Feature.EVENTS, Role.EDITOR).covers(account) else (),
        worker=None if situation.claimed_by is None else situation.claimed_by.worker,
        moves=_moves(event, now=tx.now),
        now=tx.now,
    )


def _moves(event: Event, *, now: datetime) -> bool:
    """Return whether people who look at it now will want to see it start or end."""
    is_near = event.status is EventStatus.SCHEDULED and event.ready_at - now < _NEAR
    return event.status is EventStatus.RUNNING or is_near


def _obstacles(tx: Transaction, app: App, event: Event) -> tuple[Obstacle, ...]:
    """Return what stands against it beyond its own status, which the explanation says already."""
    if event.status.is_final:
        return ()
    found = obstacles_of(event, surroundings_of(tx, [event], policy=app.client.bot_policy))
    return tuple(each for each in found if each.kind not in _EXPLAINED)


_EXPLAINED = ("paused", "held", "no_worker", "no_handler")


def _attempts(tx: Transaction, visitor: Visitor, event: Event) -> tuple[Attempt, ...] | None:
    account = account_of(event.resource_id)
    if not visitor.reach(Feature.HISTORY).covers(account):
        return None
    runs = tx.runs.of_event(event.event_id, most=_MOST_RUNS)[::-1]
    return tuple(
        Attempt(past, shown_text(past.run.result, visitor=visitor, feature=Feature.HISTORY, account=account))
        for past in past_runs(tx, visitor, runs)
    )


def _asked_by(tx: Transaction, bot: Bot, event: Event) -> AskedBy:
    held_then = [each.version for each in tx.bots.versions(bot.name) if each.created_at <= event.created_at]
    return AskedBy(bot.name, max(held_then, default=None), bot.version)
