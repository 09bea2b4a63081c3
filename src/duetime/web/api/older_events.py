"""`/v2/prototype/scheduled_events`: the paths of the older interface, for scripts that were written for it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from duetime.core.access import Feature, Role
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, UnknownName
from duetime.core.events import Event, Run
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.schedule.once import Once
from duetime.store.event_table import EventQuery
from duetime.store.page import RunPlace
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction
from duetime.web.api.older_bodies import (
    ACTIVE,
    INACTIVE,
    OlderActionIn,
    OlderActionOut,
    OlderEventOut,
    OlderEventsIn,
    OlderEventsOut,
    OlderHistoryIn,
    OlderHistoryOut,
    OlderRefusal,
    OlderRunOut,
    bot_number,
    older_status,
    older_time,
    parts_of,
)
from duetime.web.api_route import ApiRoute
from duetime.web.bulk import each_for_itself
from duetime.web.event_filter import accounts_of
from duetime.web.need import CurrentVisitor, needs
from duetime.web.older_walk import DEEPEST, walk
from duetime.web.parameters import LARGEST_ID
from duetime.web.ports import CurrentApp
from duetime.web.reach import account_of, reaches_bot
from duetime.web.steering import EventVerb, steer_event
from duetime.web.visitor import Visitor

router = APIRouter(prefix="/v2/prototype/scheduled_events", tags=["older interface"], route_class=ApiRoute)
_EVENT_FIELDS = (
    "event_type",
    "target_resource_id",
    "creation_resource_id",
    "organization_service_id",
    "event_state",
)
_RUN_FIELDS = ("event_id", "event_type", "target_resource_id", "creation_resource_id", "organization_service_id")
_NOBODY = 0
"""Stands for a bot that is not there, or that the visitor may not see; bots count from 1."""


@router.post("/get", dependencies=[needs(Feature.EVENTS)], operation_id="older_list_events")
def list_events(body: OlderEventsIn, app: CurrentApp, visitor: CurrentVisitor) -> OlderEventsOut:
    """List scheduled events, the last that was made first."""
    asked = body.conditions(_EVENT_FIELDS)
    with app.store.read() as tx:

        def query(place: int | None, most: int) -> EventQuery:
            return EventQuery(
                statuses=_statuses(asked.get("event_state")),
                event_type=asked.get("event_type"),
                resource_id=asked.get("target_resource_id"),
                bot_id=_bot_id(tx, visitor, asked.get("creation_resource_id")),
                accounts=accounts_of(visitor.reach(Feature.EVENTS), asked.get("organization_service_id")),
                after_id=place,
                most=most,
            )

        rows = walk(lambda place, most: tx.events.page(query(place, most)), offset=body.offset, limit=body.limit)
        total = tx.events.count_up_to(query(None, 1), most=DEEPEST)
        around = _Around.of(tx, visitor, rows)
        return OlderEventsOut(total=total, events=[around.event(tx, event) for event in rows])


@router.post("/history/list", dependencies=[needs(Feature.HISTORY)], operation_id="older_list_history")
def list_history(body: OlderHistoryIn, app: CurrentApp, visitor: CurrentVisitor) -> OlderHistoryOut:
    """List runs, the last that ended first."""
    asked = body.conditions(_RUN_FIELDS)
    with app.store.read() as tx:

        def query(place: RunPlace | None, most: int) -> RunQuery:
            return RunQuery(
                event_id=_number(asked.get("event_id")),
                event_type=asked.get("event_type"),
                resource_id=asked.get("target_resource_id"),
                bot_id=_bot_id(tx, visitor, asked.get("creation_resource_id")),
                accounts=accounts_of(visitor.reach(Feature.HISTORY), asked.get("organization_service_id")),
                after=place,
                most=most,
            )

        rows = walk(lambda place, most: tx.runs.page(query(place, most)), offset=body.offset, limit=body.limit)
        around = _Around.of(tx, visitor, rows)
        return OlderHistoryOut(events=[around.run(run) for run in rows])


@router.post("/execute_action", dependencies=[needs(Feature.EVENTS, Role.EDITOR)], operation_id="older_execute_action")
def execute_action(body: OlderActionIn, app: CurrentApp, visitor: CurrentVisitor) -> OlderActionOut:
    """Take events back. Each is authorised, done and answered for itself."""

    def cancel(event_id: int) -> Any:
        if not 1 <= event_id <= LARGEST_ID:
            raise UnknownName("event", event_id)
        return steer_event(app, visitor, event_id, EventVerb.CANCEL, reason="deleted by the older interface")

    items, _ = each_for_itself(body.event_ids, cancel)
    refused = [
        OlderRefusal(event_id=item["id"], status=item["status"], detail=item["problem"].detail)
        for item in items
        if "problem" in item
    ]
    done = [item["id"] for item in items if "problem" not in item]
    return OlderActionOut(success=not refused, event_ids=done, errors=refused)


class _Around:
    """What stands around the rows of a list: their resources, bots and clouds, as far as the visitor may see them."""

    def __init__(
        self,
        visitor: Visitor,
        *,
        resources: Mapping[str, Resource],
        bots: Mapping[int, Bot],
        clouds: Mapping[str, str],
    ) -> None:
        self._visitor = visitor
        self._resources = resources
        self._bots = bots
        self._clouds = clouds

    @classmethod
    def of(cls, tx: Transaction, visitor: Visitor, rows: Sequence[Event] | Sequence[Run]) -> "_Around":
        """Read what stands around rows, with a few queries for all of them."""
        ids = sorted({row.resource_id for row in rows if row.resource_id is not None})
        reach = visitor.reach(Feature.BOTS)
        return cls(
            visitor,
            resources=tx.resources.by_ids(ids),
            bots={bot.bot_id: bot for bot in _bots_of(tx, rows) if reaches_bot(reach, bot)},
            clouds={account.account: account.provider.upper() for account in tx.accounts.all()},
        )

    def event(self, tx: Transaction, event: Event) -> OlderEventOut:
        """Return an event as the older interface shows it."""
        last = None
        if self._visitor.reach(Feature.HISTORY).covers(account_of(event.resource_id)):
            last = next(iter(tx.runs.of_event(event.event_id, most=1)), None)
        facts = self._facts(event.resource_id, event.bot_id)
        is_active = event.status in ACTIVE
        once = isinstance(event.schedule, Once)
        return OlderEventOut(
            event_id=event.event_id,
            event_type=event.event_type,
            description=event.description,
            cloud=self._clouds.get(facts["account"] or ""),
            scheduled_by=event.created_by,
            creation_time=older_time(event.created_at) or "",
            schedule=f"Once @ {event.due_at:%Y-%m-%d %H:%M:%S}" if once else event.schedule.describe(),
            next_scheduled_run=older_time(event.due_at) if is_active else None,
            event_state="ACTIVE" if is_active else "INACTIVE",
            last_run_status=None if last is None else older_status(last.status),
            **facts,
        )

    def run(self, run: Run) -> OlderRunOut:
        """Return a run as the older interface shows it."""
        return OlderRunOut(
            event_id=run.event_id,
            event_type=run.event_type,
            last_run_status=older_status(run.status),
            start_time=older_time(run.started_at),
            finish_time=older_time(run.finished_at) or "",
            **self._facts(run.resource_id, run.bot_id),
        )

    def _facts(self, resource_id: str | None, bot_id: int | None) -> dict[str, Any]:
        resource = self._resources.get(resource_id or "")
        bot = self._bots.get(bot_id or _NOBODY)
        return {
            **parts_of(resource_id),
            "target_resource_id": resource_id,
            "name": None if resource is None else resource.name,
            "bot_name": None if bot is None else bot.name,
        }


def _bots_of(tx: Transaction, rows: Sequence[Event] | Sequence[Run]) -> Iterable[Bot]:
    for bot_id in {row.bot_id for row in rows if row.bot_id is not None}:
        bot = tx.bots.by_id(bot_id)
        if bot is not None:
            yield bot


def _bot_id(tx: Transaction, visitor: Visitor, text: str | None) -> int | None:
    if text is None:
        return None
    number = bot_number(text)
    bot = None if number is None else tx.bots.by_id(number)
    return bot.bot_id if bot is not None and reaches_bot(visitor.reach(Feature.BOTS), bot) else _NOBODY


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_number else _NOBODY


def _statuses(state: str | None) -> tuple[EventStatus, ...]:
    if state is None:
        return ()
    known = {"ACTIVE": ACTIVE, "INACTIVE": INACTIVE}
    if state not in known:
        message = f"event_state is ACTIVE or INACTIVE, not {state[:60]!r}."
        raise Invalid(message)
    return known[state]
