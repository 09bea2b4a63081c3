"""`/scheduled-events`: how things stand, in ten seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction
from duetime.web.need import CurrentVisitor, needs, needs_login
from duetime.web.overview_numbers import DAY, FAILURES, MOST_COUNTED, OverviewNumbers, overview_numbers
from duetime.web.pages import paths
from duetime.web.pages.charts import BarChart
from duetime.web.pages.navigation import navigation_for
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.planned_events import PlannedEvent, planned_events
from duetime.web.pages.rendering import PageContext, render, shown_zone
from duetime.web.pages.run_charts import Stretch, run_charts
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor
from duetime.web.waiting_types import WaitingType, waiting_for

router = APIRouter(include_in_schema=False)
_MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, and the list that it counts.

    Attributes:
        count: None = the visitor may not see it.
        more: whether there are more than were counted.
        note: a few words below.
        tone: chooses shape and colour; `off` when the number is nothing to look at.
    """

    title: str
    count: int
    more: bool
    path: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage(PageContext):
    """How things stand.

    Attributes:
        announcement: the numbers in a sentence, for those who listen.
        oldest: the event that has waited the longest to be started; None when none is due.
        held: events that wait for a decision.
        failed: the last runs that failed within a day; None = the visitor may not see runs.
        waiting: event types without a worker that could run them.
        charts: by result and by type; None = the visitor may not see runs.
    """

    template: ClassVar[str] = "overview.html"

    numbers: OverviewNumbers
    tiles: tuple[Tile, ...]
    announcement: str
    oldest: Event | None
    start_delay: timedelta | None
    held: tuple[PlannedEvent, ...]
    failed: tuple[PastRun, ...] | None
    waiting: tuple[WaitingType, ...]
    charts: tuple[BarChart, BarChart] | None
    stretch: Stretch
    stretches: tuple[Stretch, ...]
    now: datetime


@router.get("/", dependencies=[needs_login()])
def home(visitor: CurrentVisitor) -> Response:
    """Go to the first page that the visitor may open."""
    first = next((entry.path for group in navigation_for(visitor) for entry in group.entries), "/me")
    return RedirectResponse(first, status_code=303)


@router.get(paths.OVERVIEW, dependencies=[needs(Feature.EVENTS)])
def overview(
    request: Request,
    app: CurrentApp,
    visitor: CurrentVisitor,
    stretch: Annotated[Stretch, Query(alias="range")] = Stretch.DAY,
) -> Response:
    """Show how things stand."""
    with app.store.read() as tx:
        numbers = overview_numbers(tx, visitor)
        history = visitor.reach(Feature.HISTORY)
        context = OverviewPage(
            numbers=numbers,
            tiles=_tiles(numbers),
            announcement=_announcement(numbers),
            oldest=_oldest(tx, visitor),
            start_delay=None if numbers.start_delay is None else max(numbers.start_delay, timedelta()),
            held=_held(tx, visitor),
            failed=_failed(tx, visitor),
            waiting=waiting_for(tx, visitor),
            charts=None
            if history.is_nowhere
            else run_charts(tx, accounts=history.accounts, stretch=stretch, zone=shown_zone(request)),
            stretch=stretch,
            stretches=tuple(Stretch),
            now=tx.now,
        )
    return render(request, context)


def _tiles(numbers: OverviewNumbers) -> tuple[Tile, ...]:
    now = numbers.now
    scheduled = {"status": EventStatus.SCHEDULED.value}
    tiles = [
        _tile("Due now", numbers.due, paths.with_query(paths.EVENTS, **scheduled, due_before=now), "warning"),
        _tile(
            "Next 24 h",
            numbers.next_day,
            paths.with_query(paths.EVENTS, **scheduled, due_after=now, due_before=now + DAY),
            "waiting",
        ),
        _tile("Running", numbers.running, paths.with_query(paths.EVENTS, status="running"), "running"),
        _tile("Held", numbers.held, paths.with_query(paths.EVENTS, status="held"), "warning"),
        _tile("Paused", numbers.paused, paths.with_query(paths.EVENTS, status="paused"), "paused"),
    ]
    since = now - DAY
    if numbers.failed_day is not None:
        path = paths.with_query(paths.HISTORY, status=[str(status) for status in FAILURES], since=since)
        tiles.append(_tile("Failed", numbers.failed_day, path, "bad", "in 24 hours"))
    if numbers.succeeded_day is not None:
        path = paths.with_query(paths.HISTORY, status="succeeded", since=since)
        tiles.append(_tile("Succeeded", numbers.succeeded_day, path, "good", "in 24 hours"))
    return tuple(tiles)


def _tile(title: str, count: int, path: str, tone: str, note: str = "") -> Tile:
    more = count > MOST_COUNTED and note != "in 24 hours"
    return Tile(title, min(count, MOST_COUNTED) if more else count, more, path, tone if count else "off", note)


def _announcement(numbers: OverviewNumbers) -> str:
    failed = "" if numbers.failed_day is None else f", {numbers.failed_day} failed in 24 hours"
    return f"{numbers.due} due now, {numbers.running} running, {numbers.held} held{failed}."


def _oldest(tx: Transaction, visitor: Visitor) -> Event | None:
    accounts = visitor.reach(Feature.EVENTS).accounts
    rows = tx.events.due_page(EventQuery(accounts=accounts, ready_before=tx.now, most=1)).rows
    return rows[0] if rows else None


def _held(tx: Transaction, visitor: Visitor) -> tuple[PlannedEvent, ...]:
    accounts = visitor.reach(Feature.EVENTS).accounts
    query = EventQuery(statuses=(EventStatus.HELD,), accounts=accounts, most=_MOST_LISTED)
    return planned_events(tx, visitor, tx.events.page(query).rows)


def _failed(tx: Transaction, visitor: Visitor) -> tuple[PastRun, ...] | None:
    reach = visitor.reach(Feature.HISTORY)
    if reach.is_nowhere:
        return None
    query = RunQuery(statuses=FAILURES, accounts=reach.accounts, finished_after=tx.now - DAY, most=_MOST_LISTED)
    return past_runs(tx, visitor, tx.runs.page(query).rows)
