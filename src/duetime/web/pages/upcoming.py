"""`/scheduled-events/upcoming`: what comes next, as a timeline or a calendar, and what will not run and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from duetime.app.app import App
from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.scheduling.upcoming import Occurrence
from duetime.store.store import Transaction
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import paths
from duetime.web.pages.calendar import MOST_SHOWN, CalendarDay, calendar_days, month_of, week_of
from duetime.web.pages.filter_options import FilterOptions, filter_options
from duetime.web.pages.planned_events import bot_names
from duetime.web.pages.rendering import PageContext, render, shown_zone
from duetime.web.pages.zones import ShownZone
from duetime.web.paging import write_upcoming_place
from duetime.web.ports import CurrentApp
from duetime.web.reach import account_of
from duetime.web.upcoming_view import MOST_DAYS, UpcomingFilter, UpcomingView, upcoming_for
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_MOST_IN_CALENDAR = 3000
_CHOICES = (1, 7, 30, 90, 366)


class View(StrEnum):
    """How it is shown."""

    TIMELINE = "timeline"
    WEEK = "week"
    MONTH = "month"


class GroupBy(StrEnum):
    """What a timeline is divided by."""

    DAY = "day"
    ACCOUNT = "account"
    BOT = "bot"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a timeline, in the order of time."""

    title: str
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A week or a month.

    Attributes:
        title: which.
        before_path: the one before; None = it has passed.
        after_path: the one after; None = it lies too far ahead.
        day_paths: the timeline of one day, by its date.
    """

    title: str
    days: tuple[CalendarDay, ...]
    before_path: str | None
    after_path: str | None
    day_paths: Mapping[date, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingPage(PageContext):
    """What comes next.

    Attributes:
        sections: the timeline; empty in a calendar.
        calendar: None in a timeline.
        bots: the names of the bots that the visitor may see, by their numbers.
        view_paths: the same in another view.
        blocked: how many of the occurrences on this page will not run as things stand.
        is_truncated: whether there is more than is shown; `complete_until` says up to when nothing is missing.
    """

    template: ClassVar[str] = "upcoming.html"

    filters: UpcomingFilter
    options: FilterOptions
    view: View
    by: GroupBy
    groups: tuple[GroupBy, ...]
    spans: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    calendar: Calendar | None
    bots: Mapping[int, str]
    view_paths: Mapping[str, str]
    is_filtered: bool
    blocked: int
    is_truncated: bool
    complete_until: datetime
    next_path: str | None
    first_path: str | None
    now: datetime


@router.get(paths.UPCOMING, dependencies=[needs(Feature.EVENTS)])
def upcoming_page(
    request: Request,
    *,
    app: CurrentApp,
    visitor: CurrentVisitor,
    filters: Annotated[UpcomingFilter, Depends()],
    view: View = View.TIMELINE,
    by: GroupBy = GroupBy.DAY,
    start: Annotated[date | None, Query(description="A day of the week or month.")] = None,
) -> Response:
    """Show what comes next."""
    asked = _Asked(filters, view, by, start, shown_zone(request))
    with app.store.read() as tx:
        context = _timeline(tx, app, visitor, asked) if view is View.TIMELINE else _calendar(tx, app, visitor, asked)
    return render(request, context)


@dataclass(frozen=True, slots=True)
class _Asked:
    filters: UpcomingFilter
    view: View
    by: GroupBy
    start: date | None
    zone: ShownZone

    def path(self, *, view: View | None = None, cursor: str | None = None, start: date | None = None) -> str:
        """Return the address of the same question, seen otherwise."""
        filters, view = self.filters, view or self.view
        return paths.with_query(
            paths.UPCOMING,
            view=None if view is View.TIMELINE else view.value,
            by=None if self.by is GroupBy.DAY else self.by.value,
            days=filters.days if view is View.TIMELINE else None,
            type=filters.event_type,
            account=filters.account,
            bot=filters.bot,
            resource=filters.resource,
            q=filters.q,
            start=None if start is None else start.isoformat(),
            cursor=cursor,
        )


def _timeline(tx: Transaction, app: App, visitor: Visitor, asked: _Asked) -> UpcomingPage:
    filters = asked.filters
    if asked.start is not None:  # one day, from a calendar
        days = _days_until(tx.now, asked.start + timedelta(days=1), asked.zone)
        found = upcoming_for(tx, app, visitor, replace(filters, days=days, limit=_MOST_IN_CALENDAR, cursor=None))
        found = replace(found, occurrences=_on(found.occurrences, asked.start, now=tx.now, zone=asked.zone), next=None)
    else:
        found = upcoming_for(tx, app, visitor, filters)
    names = _bot_names(tx, visitor, found)
    page = _page(tx, visitor, asked, found, names)
    return replace(
        page,
        sections=_sections(found.occurrences, asked, names, now=tx.now),
        next_path=None if found.next is None else asked.path(cursor=write_upcoming_place(found.next)),
        first_path=asked.path() if filters.cursor or asked.start else None,
    )


def _calendar(tx: Transaction, app: App, visitor: Visitor, asked: _Asked) -> UpcomingPage:
    today = tx.now.astimezone(asked.zone.info).date()
    stretch = week_of if asked.view is View.WEEK else month_of
    last = today + timedelta(days=MOST_DAYS - 1)
    first, end = stretch(min(max(asked.start or today, today), last))
    days = _days_until(tx.now, end, asked.zone)
    wanted = replace(asked.filters, days=days, limit=_MOST_IN_CALENDAR, cursor=None)
    found = upcoming_for(tx, app, visitor, wanted)
    most = None if asked.view is View.WEEK else MOST_SHOWN
    begin = max(first, week_of(today)[0])  # weeks that have passed hold nothing that comes
    shown = calendar_days(found.occurrences, first=begin, end=end, today=today, zone=asked.zone, most=most)
    page = _page(tx, visitor, asked, found, _bot_names(tx, visitor, found))
    complete_until = found.complete_until if found.next is None else found.next.at
    calendar = Calendar(
        title=f"{first:%B %Y}" if asked.view is View.MONTH else f"{first} to {end - timedelta(days=1)}",
        days=shown,
        before_path=asked.path(start=stretch(first - timedelta(days=1))[0]) if first > today else None,
        after_path=asked.path(start=end) if end <= last else None,
        day_paths={each.day: asked.path(view=View.TIMELINE, start=each.day) for each in shown},
    )
    return replace(
        page, calendar=calendar, is_truncated=page.is_truncated or found.next is not None, complete_until=complete_until
    )


def _bot_names(tx: Transaction, visitor: Visitor, found: UpcomingView) -> Mapping[int, str]:
    events = [occurrence.event for occurrence in found.occurrences]
    return bot_names(tx, visitor, {event.bot_id for event in events if event.bot_id is not None})


def _page(
    tx: Transaction, visitor: Visitor, asked: _Asked, found: UpcomingView, names: Mapping[int, str]
) -> UpcomingPage:
    filters = asked.filters
    narrowing = (filters.event_type, filters.account, filters.bot, filters.resource, filters.q)
    return UpcomingPage(
        filters=filters,
        options=filter_options(tx, visitor, Feature.EVENTS),
        view=asked.view,
        by=asked.by,
        groups=tuple(GroupBy),
        spans=tuple((str(days), "1 day" if days == 1 else f"{days} days") for days in _spans(filters.days)),
        sections=(),
        calendar=None,
        bots=names,
        view_paths={view.value: asked.path(view=view) for view in View},
        is_filtered=any(each is not None for each in narrowing) or asked.by is not GroupBy.DAY,
        blocked=sum(1 for each in found.occurrences if not each.will_run),
        is_truncated=found.is_truncated,
        complete_until=found.complete_until,
        next_path=None,
        first_path=None,
        now=tx.now,
    )


def _spans(days: int) -> list[int]:
    return sorted({*_CHOICES, days})


def _days_until(now: datetime, end: date, zone: ShownZone) -> int:
    """Return how many days ahead one must look to see all before a day begins."""
    midnight = datetime.combine(end, datetime.min.time(), zone.info).astimezone(UTC)
    return min(max(1, -((now - midnight) // timedelta(days=1))), MOST_DAYS)


def _on(occurrences: tuple[Occurrence, ...], day: date, *, now: datetime, zone: ShownZone) -> tuple[Occurrence, ...]:
    today = now.astimezone(zone.info).date()
    return tuple(each for each in occurrences if max(each.at.astimezone(zone.info).date(), today) == day)


def _sections(
    occurrences: tuple[Occurrence, ...], asked: _Asked, names: Mapping[int, str], *, now: datetime
) -> tuple[Section, ...]:
    titles: Mapping[GroupBy, Callable[[Event], str]] = {
        GroupBy.ACCOUNT: lambda event: account_of(event.resource_id) or "no account",
        GroupBy.BOT: lambda event: names.get(event.bot_id or 0, "no bot that you may see"),
        GroupBy.RESOURCE: lambda event: event.resource_id or "no resource",
    }
    title_of = titles.get(asked.by)
    found: dict[str, list[Occurrence]] = {}
    for each in occurrences:
        title = _day_title(each.at, now=now, zone=asked.zone) if title_of is None else title_of(each.event)
        found.setdefault(title, []).append(each)
    ordered = found.items() if title_of is None else sorted(found.items())
    return tuple(Section(title, tuple(each)) for title, each in ordered)


def _day_title(moment: datetime, *, now: datetime, zone: ShownZone) -> str:
    if moment <= now:
        return "Owed now"
    day, today = moment.astimezone(zone.info).date(), now.astimezone(zone.info).date()
    near = {today: "Today, ", today + timedelta(days=1): "Tomorrow, "}.get(day, "")
    return f"{near}{day:%A} {day}"
