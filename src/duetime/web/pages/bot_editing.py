"""Making and editing bots as YAML or JSON: what is wrong is said with its place, and nothing that was typed is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.bots.definition import WrittenBot
from duetime.bots.lifecycle import Applied
from duetime.bots.pending import PendingEvents
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot
from duetime.core.errors import Conflict, Invalid, InvalidDocument
from duetime.web import bot_steering as steering
from duetime.web.bot_documents import CheckedBots, check_bots
from duetime.web.bot_outlook import preview_bots
from duetime.web.bot_reach import bot_to_change
from duetime.web.errors import Forbidden
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.bot import Form as WrittenForm
from duetime.web.pages.bot import definition_text
from duetime.web.pages.bot_head import BotHead, BotName, bot_head
from duetime.web.pages.paths import bot_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
NEW_PATH = "/bots/-/new"
"""No bot has a page of this name, so that no bot's name stands in its way."""
_SOURCE = "the text"
TEMPLATE = """name: nightly-stop
description: Stops development instances in the evening
scope:
  accounts: ["10"]
  resource_types: [instance]
filters:
  - uid: duetime.filter.tag
    settings: {key: env, values: [dev]}
actions:
  - uid: duetime.action.schedule_event
    settings: {event_type: divvy.stop_resource, after: 12h}
schedule: {_type: daily, time_of_day: "19:00", timezone: Europe/Berlin}
"""
"""What the form for new bots begins with."""


class Step(StrEnum):
    """What the form was sent for."""

    CHECK = "check"
    """To see what is wrong, and what applying would change."""
    APPLY = "apply"
    """To make it so."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the form holds."""

    text: Annotated[str, Form()] = ""
    pending: Annotated[PendingEvents, Form()] = PendingEvents.KEEP
    allow_unknown: Annotated[bool, Form()] = False
    version: Annotated[int, Form()] = 0
    step: Annotated[Step, Form()] = Step.CHECK


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is wrong with a text, or looks so.

    Attributes:
        line, column: where, counted from 1; None = nowhere in particular.
        excerpt: that line of the text.
    """

    problem: str
    line: int | None = None
    column: int | None = None
    excerpt: str = ""

    @classmethod
    def of(cls, complaint: InvalidDocument, lines: Sequence[str]) -> "Remark":
        """Return a complaint with the line that it is about."""
        line = complaint.line
        excerpt = lines[line - 1].strip() if line is not None and 0 < line <= len(lines) else ""
        return cls(complaint.problem, line, complaint.column, excerpt[:200])


@dataclass(frozen=True, slots=True)
class BotEditPage(PageContext):
    """The form.

    Attributes:
        head: the bot that is edited; None = a new one is made.
        version: the version that the text was made from.
        problems: what is wrong with the text.
        warnings: what is odd about it, and keeps nobody from applying it.
        remarks: what was read as something else.
        refusal: why it was not applied, although nothing is wrong with the text; empty when nothing refused it.
        preview: what applying would change; None = it was not asked, or something is wrong.
    """

    template = "bot_edit.html"
    head: BotHead | None
    action: str
    back: str
    text: str
    version: int
    pending: PendingEvents
    allow_unknown: bool
    problems: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    remarks: tuple[str, ...] = ()
    refusal: str = ""
    preview: tuple[Applied, ...] | None = None
    on_change: tuple[PendingEvents, ...] = steering.ON_CHANGE


@router.get(NEW_PATH, dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def new_page(request: Request) -> Response:
    """Show the form for new bots."""
    return render(request, _page(None, Written(text=TEMPLATE)))


@router.post(NEW_PATH, dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def make(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, written: Annotated[Written, Depends()]
) -> Response:
    """Check new bots, or make them."""
    return _answer(request, app, visitor, None, written)


@router.get("/bots/{name:path}/edit", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def edit_page(
    request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor, form: WrittenForm = WrittenForm.YAML
) -> Response:
    """Show the form for a bot as it is."""
    bot_to_change(app, visitor, name)
    head = _head(app, visitor, name)
    text = definition_text(head.bot.definition, form, masked=False)
    return render(request, _page(head, Written(text=text, version=head.bot.version)))


@router.post("/bots/{name:path}/edit", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def edit(
    request: Request,
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    written: Annotated[Written, Depends()],
) -> Response:
    """Check a changed bot, or apply it."""
    bot_to_change(app, visitor, name)
    return _answer(request, app, visitor, _head(app, visitor, name), written)


def _answer(request: Request, app: App, visitor: Visitor, head: BotHead | None, written: Written) -> Response:
    """Check what was written, and apply it when that was asked for and nothing is wrong."""
    written = replace(written, text=written.text.replace("\r\n", "\n"))  # which is how browsers send line ends
    checked = check_bots(app, visitor, written.text, source=_SOURCE, allow_unknown=written.allow_unknown)
    lines = written.text.splitlines()
    found = (*checked.problems, *_strangers(head, checked))
    page = replace(
        _page(head, written),
        problems=tuple(Remark.of(each, lines) for each in found),
        warnings=tuple(Remark.of(each, lines) for each in checked.warnings),
        remarks=checked.remarks,
    )
    if found:
        return render(request, page, status=422)
    try:
        if written.step is Step.APPLY:
            return _applied(_apply(app, visitor, head, checked.bots, written))
        preview = preview_bots(app, visitor, checked.bots, pending=written.pending)
    except (Conflict, Forbidden, Invalid) as refusal:
        return render(request, replace(page, refusal=str(refusal)), status=status_of(refusal))
    return render(request, replace(page, preview=tuple(preview)))


def _apply(
    app: App, visitor: Visitor, head: BotHead | None, bots: tuple[WrittenBot, ...], written: Written
) -> list[Applied]:
    """Apply bots, unless somebody has changed the one that was edited since the form was made."""

    def unchanged(present: Bot | None) -> None:
        if head is None and present is not None:
            message = f"There is a bot {present.name!r} already. Edit that one, or give this one another name."
            raise Conflict(message)
        if head is not None and present is not None and present.version != written.version:
            message = (
                f"Bot {present.name!r} has version {present.version} now; this text was made from version "
                f"{written.version}. Look at what has changed, under its versions, before you apply it."
            )
            raise Conflict(message)

    return steering.apply_bots(app, visitor, bots, pending=written.pending, also=unchanged)


def _applied(applied: list[Applied]) -> Response:
    """Lead to the bot, or to the list when there are several."""
    path = bot_path(applied[0].bot.name) if len(applied) == 1 else "/bots"
    changed = any(each.is_changed for each in applied)
    return RedirectResponse(with_query(path, done="bot-applied" if changed else "bot-unchanged"), status_code=303)


def _strangers(head: BotHead | None, checked: CheckedBots) -> tuple[InvalidDocument, ...]:
    """Complain about bots that a form for one bot does not expect."""
    if head is None:
        return ()
    hint = f"this form is for the bot {head.bot.name!r}; make other bots with the form for new ones"
    return tuple(bot.error(hint, "name") for bot in checked.bots if bot.definition.name not in ("", head.bot.name))


def _head(app: App, visitor: Visitor, name: str) -> BotHead:
    with app.store.read() as tx:
        return bot_head(tx, visitor, name)


def _page(head: BotHead | None, written: Written) -> BotEditPage:
    return BotEditPage(
        head=head,
        action=NEW_PATH if head is None else bot_path(head.bot.name, "edit"),
        back="/bots" if head is None else head.path,
        text=written.text,
        version=written.version,
        pending=written.pending,
        allow_unknown=written.allow_unknown,
    )
