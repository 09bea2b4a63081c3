"""`/api/v1/bots`: reading bots, and making them what documents say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from duetime.bots.definition import WrittenBot, to_document
from duetime.bots.older_writing import older_document
from duetime.bots.pending import PendingEvents
from duetime.bots.planned_run import RUN_BOT
from duetime.bots.require import Require
from duetime.bots.yaml_writing import write_yaml
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot, BotStatus
from duetime.core.errors import Invalid
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.store import Transaction
from duetime.web.answers import answers, not_modified
from duetime.web.api.bot_bodies import (
    AppliedBotsOut,
    AppliedOut,
    BotName,
    BotOut,
    BotRemarkOut,
    ListedBotOut,
    OnChange,
    ValidationOut,
)
from duetime.web.api.page_body import PageOut
from duetime.web.api_route import ApiRoute
from duetime.web.bot_documents import check_bots
from duetime.web.bot_outlook import preview_bots
from duetime.web.bot_steering import apply_bots
from duetime.web.errors import PreconditionFailed
from duetime.web.etags import IfMatch, IfNoneMatch, etag_of, require_match, single
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.ports import CurrentApp
from duetime.web.reach import bot_for, reaches_bot
from duetime.web.short_lists import page_by_name
from duetime.web.visitor import Visitor

router = APIRouter(prefix="/api/v1/bots", tags=["bots"], route_class=ApiRoute)
_EDITOR = [needs(Feature.BOTS, Role.EDITOR)]
_SOURCE = "the body"
_YAML = "application/yaml"
_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Bots as a document: one bot, a list of bots under `bots`, or several YAML documents. The older "
        "bot JSON, with `instructions`, is taken too.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            _YAML: {"schema": {"type": "string"}},
        },
    }
}
Preview = Annotated[bool, Query(description="Change nothing; say what would be.")]
AllowUnknown = Annotated[
    bool, Query(description="Accept filters, actions and event types that nobody has loaded; the bot waits for them.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a document is applied."""

    pending: Annotated[OnChange, Query(description="What becomes of a changed bot's pending events.")] = (
        PendingEvents.KEEP
    )
    preview: Preview = False
    allow_unknown: AllowUnknown = False


CurrentChange = Annotated[Change, Depends()]


async def _document(request: Request) -> str:
    try:
        return (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        message = "The body is no UTF-8 text. Send bots as JSON or YAML."
        raise Invalid(message) from None


Document = Annotated[str, Depends(_document)]


@router.get("", dependencies=[needs(Feature.BOTS)])
def list_bots(
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    q: Annotated[
        NameText | None,
        OrEmpty,
        Query(description="Only bots with this in their name, description or category."),
    ] = None,
    status: Annotated[BotStatus | None, OrEmpty, Query(description="Only bots that stand so.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> PageOut[ListedBotOut]:
    """List bots by name, archived ones too."""
    with app.store.read() as tx:
        reach = visitor.reach(Feature.BOTS)
        fitting = [bot for bot in tx.bots.all() if reaches_bot(reach, bot) and _fits(bot, q=q, status=status)]
        fitting.sort(key=lambda bot: bot.name)  # a database may have an order of its own
        page = page_by_name(fitting, name=lambda bot: bot.name, after=read_text(cursor), most=limit)
        due = _next_runs(tx)
    items = [
        ListedBotOut.listed(bot, masked=is_masked(visitor, bot), next_run_at=due.get(bot.bot_id)) for bot in page.rows
    ]
    return PageOut(items=items, next=write_text(page.next))


@router.post("", dependencies=_EDITOR, openapi_extra=dict(_BODY), operation_id="apply_bots")
def apply(text: Document, app: CurrentApp, visitor: CurrentVisitor, how: CurrentChange) -> AppliedBotsOut:
    """Make bots what a document says; those that there are get a new version. Nothing is done when one is wrong."""
    checked = check_bots(app, visitor, text, source=_SOURCE, allow_unknown=how.allow_unknown)
    change = preview_bots if how.preview else apply_bots
    applied = change(app, visitor, checked.flawless(), pending=how.pending)
    return AppliedBotsOut(
        bots=[AppliedOut.of(each, is_preview=how.preview) for each in applied],
        warnings=[BotRemarkOut.of(each) for each in checked.warnings],
        remarks=list(checked.remarks),
    )


@router.post("/validate", dependencies=[needs(Feature.BOTS)], openapi_extra=dict(_BODY))
def validate_bots(
    text: Document, app: CurrentApp, visitor: CurrentVisitor, *, allow_unknown: AllowUnknown = False
) -> ValidationOut:
    """Say everything that is wrong with the bots of a document, each with line and column. Nothing is changed."""
    checked = check_bots(app, visitor, text, source=_SOURCE, allow_unknown=allow_unknown)
    return ValidationOut(
        valid=not checked.problems,
        bots=sorted({bot.definition.name for bot in checked.bots} - {""}),
        problems=[BotRemarkOut.of(each) for each in checked.problems],
        warnings=[BotRemarkOut.of(each) for each in checked.warnings],
        remarks=list(checked.remarks),
    )


@router.get(
    "/{name:path}/document",
    dependencies=[needs(Feature.BOTS)],
    response_class=Response,
    responses={200: {"content": {_YAML: {"schema": {"type": "string"}}, "application/json": {"schema": {}}}}},
)
def export_bot(
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    form: Annotated[
        Literal["yaml", "json", "older"], Query(description="How it is written; `older` is the JSON with instructions.")
    ] = "yaml",
    lossy: Annotated[bool, Query(description="With `older`: leave out what that form has no words for.")] = False,
) -> Response:
    """Get a bot as a document that can be applied again. For that it must be yours to edit: nothing in it is masked."""
    with app.store.read() as tx:
        definition = bot_for(tx, visitor, name, Role.EDITOR).definition
    if form == "yaml":
        return Response(write_yaml([to_document(definition)]), media_type=_YAML)
    document = to_document(definition) if form == "json" else older_document(definition, lossy=lossy)[0]
    return JSONResponse(document)


@router.get("/{name:path}", dependencies=[needs(Feature.BOTS)], response_model=BotOut, responses=not_modified())
def get_bot(name: BotName, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None) -> Response:
    """Get a bot as it stands, with its ETag."""
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name)
    return single(shown_bot(visitor, bot), if_none_match=if_none_match)


@router.put(
    "/{name:path}",
    dependencies=_EDITOR,
    response_model=AppliedOut,
    openapi_extra=dict(_BODY),
    responses={201: {"model": AppliedOut, "description": "It was made."}, **answers(412)},
)
def put_bot(
    name: BotName,
    text: Document,
    app: CurrentApp,
    visitor: CurrentVisitor,
    how: CurrentChange,
    *,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Make one bot what a document says. With `If-None-Match: *` it must be new, with `If-Match` as it was read."""
    checked = check_bots(app, visitor, text, source=_SOURCE, allow_unknown=how.allow_unknown)
    bot = _only(checked.flawless(), name)
    if how.preview:
        (would,) = preview_bots(app, visitor, [bot], pending=how.pending)
        return JSONResponse(AppliedOut.of(would, is_preview=True).model_dump(mode="json"))
    also = _unchanged(visitor, name, if_match=if_match, must_be_new=(if_none_match or "").strip() == "*")
    (applied,) = apply_bots(app, visitor, [bot], pending=how.pending, also=also)
    headers = {"ETag": etag_of(shown_bot(visitor, applied.bot))}
    body = AppliedOut.of(applied).model_dump(mode="json")
    return JSONResponse(body, status_code=201 if applied.is_new else 200, headers=headers)


def shown_bot(visitor: Visitor, bot: Bot) -> BotOut:
    """Return a bot as this visitor sees it."""
    return BotOut.of(bot, masked=is_masked(visitor, bot))


def is_masked(visitor: Visitor, bot: Bot) -> bool:
    """Return whether a visitor sees a bot's definition with its secrets masked: who may not edit it does."""
    return not reaches_bot(visitor.reach(Feature.BOTS, Role.EDITOR), bot)


def _only(bots: tuple[WrittenBot, ...], name: str) -> WrittenBot:
    if len(bots) != 1 or bots[0].definition.name != name:
        held = ", ".join(repr(bot.definition.name) for bot in bots[:5])
        message = f"The body must hold the bot {name!r} and no other, not {held}. Send several to POST /api/v1/bots."
        raise Invalid(message)
    return bots[0]


def _unchanged(visitor: Visitor, name: str, *, if_match: str | None, must_be_new: bool) -> Require:
    def require(present: Bot | None) -> None:
        what = f"Bot {name!r}"
        if must_be_new and present is not None:
            raise PreconditionFailed(what)
        if if_match is not None and present is None:
            raise PreconditionFailed(what)
        if present is not None:
            require_match(if_match, shown_bot(visitor, present), what=what)

    return require


def _fits(bot: Bot, *, q: str | None, status: BotStatus | None) -> bool:
    said = f"{bot.name}\n{bot.definition.description}\n{bot.definition.category}".lower()
    return (status is None or bot.status is status) and (q is None or q.lower() in said)


def _next_runs(tx: Transaction) -> dict[int | None, datetime]:
    found: dict[int | None, datetime] = {}
    query = EventQuery(statuses=(EventStatus.SCHEDULED,), event_type=RUN_BOT, most=10_000)
    for event in tx.events.next_due(query):
        found.setdefault(event.bot_id, event.due_at)
    return found
