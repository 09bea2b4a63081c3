"""`/api/v1/bots`: running, pausing, resuming and archiving."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from duetime.bots.lifecycle import Moved
from duetime.bots.planned_run import RUN_BOT
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot
from duetime.core.errors import UnknownName
from duetime.core.events import Event
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction
from duetime.web import bot_steering as steering
from duetime.web.api.bot_bodies import BotName, BotReasonIn, BotRunOut, MovedOut, PauseBotIn
from duetime.web.api.bots import Preview
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import bot_path
from duetime.web.api_route import ApiRoute
from duetime.web.bot_outlook import preview_archiving, preview_pausing, preview_resuming
from duetime.web.bot_reach import bot_to_change, looks_within_since
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_run_place, write_run_place
from duetime.web.parameters import LARGEST_ID
from duetime.web.ports import CurrentApp
from duetime.web.reach import bot_for

router = APIRouter(prefix="/api/v1/bots", tags=["bots"], route_class=ApiRoute)
_EDITOR = [needs(Feature.BOTS, Role.EDITOR)]


@router.post("/{name:path}/pause", dependencies=_EDITOR)
def pause_bot(
    name: BotName, app: CurrentApp, visitor: CurrentVisitor, *, body: PauseBotIn | None = None, preview: Preview = False
) -> MovedOut:
    """Stop a bot's runs. The events that it has scheduled still run, unless `pending` says otherwise."""
    wanted = body or PauseBotIn()
    if preview:
        numbers = preview_pausing(app, visitor, name, pending=wanted.pending)
        return MovedOut.of(Moved(bot_to_change(app, visitor, name), numbers), is_preview=True)
    return MovedOut.of(steering.pause(app, visitor, name, pending=wanted.pending, reason=wanted.reason))


@router.post("/{name:path}/resume", dependencies=_EDITOR)
def resume_bot(
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    body: BotReasonIn | None = None,
    preview: Preview = False,
) -> MovedOut:
    """Let a paused bot run again, and with it the events that were paused with it and are still wanted."""
    if preview:
        numbers = preview_resuming(app, visitor, name)
        return MovedOut.of(Moved(bot_to_change(app, visitor, name), numbers), is_preview=True)
    return MovedOut.of(steering.resume(app, visitor, name, reason=body.reason if body else ""))


@router.post("/{name:path}/archive", dependencies=[needs(Feature.BOTS, Role.ADMIN)])
def archive_bot(
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    body: BotReasonIn | None = None,
    preview: Preview = False,
) -> MovedOut:
    """End a bot for good. The events that it has pending are always cancelled; those that run end first."""
    if preview:
        numbers = preview_archiving(app, visitor, name)
        return MovedOut.of(Moved(bot_to_change(app, visitor, name, role=Role.ADMIN), numbers), is_preview=True)
    return MovedOut.of(steering.archive(app, visitor, name, reason=body.reason if body else ""))


@router.post("/{name:path}/run", dependencies=_EDITOR, status_code=202, response_model=BotRunOut)
def run_bot(name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Have a bot run now: a worker finds its resources and calls its actions. `watch` says where to look."""
    event = steering.run(app, visitor, name)
    body = BotRunOut.of(event, None, watch=_watch(name, event))
    return JSONResponse(body.model_dump(mode="json"), status_code=202, headers={"Location": body.watch})


@router.get("/{name:path}/runs", dependencies=[needs(Feature.BOTS)])
def list_bot_runs(
    name: BotName, app: CurrentApp, visitor: CurrentVisitor, limit: Limit = 50, cursor: Cursor = None
) -> PageOut[BotRunOut]:
    """List the runs of a bot, the last that ended first."""
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name)
        query = RunQuery(
            event_type=RUN_BOT,
            bot_id=bot.bot_id,
            finished_after=looks_within_since(tx, visitor.reach(Feature.BOTS), bot),
            after=read_run_place(cursor),
            most=limit,
        )
        page = tx.runs.page(query)
        events = tx.events.by_ids({run.event_id for run in page.rows})
    items = [
        BotRunOut.of(event, run, watch=_watch(name, event))
        for run in page.rows
        if (event := events.get(run.event_id)) is not None  # pruning may have taken it a moment before its runs
    ]
    return PageOut(items=items, next=write_run_place(page.next), looked_back_to=page.looked_back_to)


@router.get("/{name:path}/runs/{event_id}", dependencies=[needs(Feature.BOTS)])
def get_bot_run(
    name: BotName,
    event_id: Annotated[int, Path(ge=1, le=LARGEST_ID, description="The number that asking for the run has given.")],
    app: CurrentApp,
    visitor: CurrentVisitor,
) -> BotRunOut:
    """Look how a run of a bot goes on."""
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name)
        event = _run_of(tx, bot, event_id)
        runs = tx.runs.of_event(event_id, most=1)
        since = looks_within_since(tx, visitor.reach(Feature.BOTS), bot)
    if since is not None and runs and runs[-1].finished_at < since:
        raise UnknownName("run of this bot", event_id)
    return BotRunOut.of(event, runs[-1] if runs else None, watch=_watch(name, event))


def _run_of(tx: Transaction, bot: Bot, event_id: int) -> Event:
    try:
        event = tx.events.get(event_id)
    except UnknownName:
        raise UnknownName("run of this bot", event_id) from None
    if event.bot_id != bot.bot_id or event.event_type != RUN_BOT:
        raise UnknownName("run of this bot", event_id)
    return event


def _watch(name: str, event: Event) -> str:
    return bot_path(name, f"runs/{event.event_id}")
