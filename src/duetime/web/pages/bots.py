"""`/bots`: who asks for events, when each runs next, and what came of its last run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from duetime.bots.planned_run import RUN_BOT, planned_run
from duetime.core.access import Feature, Reach, Role
from duetime.core.bots import Bot, BotStatus
from duetime.core.events import Run
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction
from duetime.web.bot_reach import looks_within_since
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.paths import run_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, read_text, write_text
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.ports import CurrentApp
from duetime.web.reach import reaches_bot
from duetime.web.short_lists import page_by_name
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
LIVE = tuple(status for status in EventStatus if not status.is_final)
_PER_PAGE = 50
_MOST_COUNTED = 999
_LAST_RUNS = 300
"""Among how many runs of bots the last one of each is looked for, beside those of its schedule."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a bot's last run ended.

    Attributes:
        path: its page; None = the visitor may not open it.
    """

    run: Run
    path: str | None


@dataclass(frozen=True, slots=True)
class Pending:
    """How many events a bot has scheduled that live, its own next runs left out.

    Attributes:
        more: whether there are more than were counted.
    """

    events: int
    more: bool


@dataclass(frozen=True, slots=True)
class BotRow:
    """A bot as lists show it.

    Attributes:
        schedule: in words.
        next_run: when its schedule runs it next; None when nothing does.
        last: None = it has not run, not lately, or the visitor may not see it.
        pending: None = the visitor may not see it.
    """

    bot: Bot
    schedule: str
    next_run: datetime | None
    last: LastRun | None
    pending: Pending | None


@dataclass(frozen=True, slots=True)
class BotsPage(PageContext):
    """The bots.

    Attributes:
        may_make: whether the visitor may make new ones.
    """

    template = "bots.html"
    rows: tuple[BotRow, ...]
    next_path: str | None
    first_path: str | None
    text: str
    status_asked: str
    may_make: bool
    now: datetime


@router.get("/bots", dependencies=[needs(Feature.BOTS)])
def bots_page(
    request: Request,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    q: Annotated[NameText | None, OrEmpty, Query()] = None,
    status: Annotated[BotStatus | None, OrEmpty] = None,
    cursor: Cursor = None,
) -> Response:
    """List the bots."""
    with app.store.read() as tx:
        found = page_by_name(
            _bots(tx, visitor, text=q, status=status),
            name=lambda bot: bot.name,
            after=read_text(cursor),
            most=_PER_PAGE,
        )
        here = with_query("/bots", q=q, status=status)
        context = BotsPage(
            rows=bot_rows(tx, visitor, found.rows),
            next_path=with_query("/bots", q=q, status=status, cursor=write_text(found.next)) if found.next else None,
            first_path=here if cursor else None,
            text=q or "",
            status_asked=status or "",
            may_make=visitor.may(Feature.BOTS, Role.EDITOR),
            now=tx.now,
        )
    return render(request, context)


def _bots(tx: Transaction, visitor: Visitor, *, text: str | None, status: BotStatus | None) -> Sequence[Bot]:
    """Return the bots that are asked for, by name; archived ones only when they are."""
    reach = visitor.reach(Feature.BOTS)

    def fits(bot: Bot) -> bool:
        said = f"{bot.name}\n{bot.definition.description}\n{bot.definition.category}".lower()
        stands = bot.status is status if status is not None else bot.status is not BotStatus.ARCHIVED
        return stands and (text is None or text.lower() in said) and reaches_bot(reach, bot)

    return sorted((bot for bot in tx.bots.all() if fits(bot)), key=lambda bot: bot.name)


def bot_rows(tx: Transaction, visitor: Visitor, bots: Sequence[Bot]) -> tuple[BotRow, ...]:
    """Return bots as lists show them."""
    last_runs = _last_runs(tx) if visitor.may(Feature.HISTORY) and bots else {}
    return tuple(_row(tx, visitor, bot, last_runs) for bot in bots)


def _row(tx: Transaction, visitor: Visitor, bot: Bot, last_runs: Mapping[int, Run]) -> BotRow:
    planned = planned_run(tx, bot)
    known = [last_runs[bot.bot_id]] if bot.bot_id in last_runs else []
    if planned is not None:
        known += tx.runs.of_event(planned.event_id, most=1)
    last = max(known, key=lambda run: run.finished_at, default=None)
    history, schedule = visitor.reach(Feature.HISTORY), bot.definition.schedule
    return BotRow(
        bot=bot,
        schedule="on demand" if schedule is None else schedule.describe(),
        next_run=planned.due_at if planned is not None and planned.status is not EventStatus.PAUSED else None,
        # A bot that looks at reached accounts alone says nothing of others, although its runs belong to no account.
        last=LastRun(last, run_path(last) if history.is_everywhere else None)
        if last is not None and _is_shown(tx, history, bot, last)
        else None,
        pending=_pending(tx, visitor, bot, has_planned_run=planned is not None),
    )


def _is_shown(tx: Transaction, history: Reach, bot: Bot, run: Run) -> bool:
    if not reaches_bot(history, bot):
        return False
    since = looks_within_since(tx, history, bot)
    return since is None or run.finished_at >= since


def _pending(tx: Transaction, visitor: Visitor, bot: Bot, *, has_planned_run: bool) -> Pending | None:
    reach = visitor.reach(Feature.EVENTS)
    if reach.is_nowhere:
        return None
    query = EventQuery(bot_id=bot.bot_id, statuses=LIVE, accounts=reach.accounts)
    counted = tx.events.count_up_to(query, most=_MOST_COUNTED)
    own = int(has_planned_run and reach.is_everywhere)
    return Pending(min(counted - own, _MOST_COUNTED), more=counted - own > _MOST_COUNTED)


def _last_runs(tx: Transaction) -> dict[int, Run]:
    """Return the last runs of bots, by the bot's number."""
    found: dict[int, Run] = {}
    for run in tx.runs.page(RunQuery(event_type=RUN_BOT, most=_LAST_RUNS)).rows:
        if run.bot_id is not None:
            found.setdefault(run.bot_id, run)
    return found
