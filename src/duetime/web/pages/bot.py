"""`/bots/{name}` and the lists below it: the definition, the scheduled events, the history and the changes."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fastapi import APIRouter, Request
from starlette.responses import Response

from duetime.bots.definition import to_document
from duetime.bots.yaml_writing import write_yaml
from duetime.core.access import Feature
from duetime.core.bots import BotDefinition
from duetime.core.sanitising import redact
from duetime.store.audit_query import AuditQuery
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.audit import AuditRow, audit_rows
from duetime.web.pages.bot_head import BotHead, BotName, bot_head
from duetime.web.pages.bots import LIVE, BotRow, bot_rows
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.paths import bot_path, with_query
from duetime.web.pages.planned_events import PlannedEvent, planned_events
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, read_number, read_run_place, write_number, write_run_place
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
lists = APIRouter(include_in_schema=False)
_PER_PAGE = 50


class Form(StrEnum):
    """How a definition is written."""

    YAML = "yaml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class BotPage(PageContext):
    """A bot and its definition.

    Attributes:
        text: the definition, with what looks like a secret blacked out for those who may not change it.
    """

    template = "bot.html"
    head: BotHead
    row: BotRow
    form: Form
    text: str
    now: datetime


@dataclass(frozen=True, slots=True)
class BotEventsPage(PageContext):
    """The live events that a bot has scheduled."""

    template = "bot_events.html"
    head: BotHead
    events: tuple[PlannedEvent, ...]
    next_path: str | None
    first_path: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class BotHistoryPage(PageContext):
    """What happened to the events that a bot has scheduled, and to its own runs.

    Attributes:
        looked_back_to: how far the search has come when it stopped before the page was full.
    """

    template = "bot_history.html"
    head: BotHead
    runs: tuple[PastRun, ...]
    next_path: str | None
    first_path: str | None
    looked_back_to: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class BotChangesPage(PageContext):
    """Who changed a bot, when and why."""

    template = "bot_changes.html"
    head: BotHead
    rows: tuple[AuditRow, ...]
    next_path: str | None
    first_path: str | None
    now: datetime


@router.get("/bots/{name:path}", dependencies=[needs(Feature.BOTS)])
def bot_page(
    request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor, form: Form = Form.YAML
) -> Response:
    """Show a bot's definition."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name)
        (row,) = bot_rows(tx, visitor, [head.bot])
        text = definition_text(head.bot.definition, form, masked=not head.may_edit)
        context = BotPage(head, row, form, text, tx.now)
    return render(request, context)


@lists.get("/bots/{name:path}/events", dependencies=[needs(Feature.BOTS), needs(Feature.EVENTS)])
def events_page(
    request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor, cursor: Cursor = None
) -> Response:
    """List the live events that a bot has scheduled, the newest first."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="events")
        query = EventQuery(
            bot_id=head.bot.bot_id,
            statuses=LIVE,
            accounts=visitor.reach(Feature.EVENTS).accounts,
            after_id=read_number(cursor),
            most=_PER_PAGE,
        )
        found = tx.events.page(query)
        here = bot_path(name, "events")
        context = BotEventsPage(
            head=head,
            events=planned_events(tx, visitor, found.rows),
            next_path=with_query(here, cursor=write_number(found.next)) if found.next is not None else None,
            first_path=here if cursor else None,
            now=tx.now,
        )
    return render(request, context)


@lists.get("/bots/{name:path}/history", dependencies=[needs(Feature.BOTS), needs(Feature.HISTORY)])
def history_page(
    request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor, cursor: Cursor = None
) -> Response:
    """List what happened to a bot's events and runs, the newest first."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="history")
        query = RunQuery(
            bot_id=head.bot.bot_id,
            accounts=visitor.reach(Feature.HISTORY).accounts,
            after=read_run_place(cursor),
            most=_PER_PAGE,
        )
        found = tx.runs.page(query)
        here = bot_path(name, "history")
        context = BotHistoryPage(
            head=head,
            runs=past_runs(tx, visitor, found.rows),
            next_path=with_query(here, cursor=write_run_place(found.next)) if found.next is not None else None,
            first_path=here if cursor else None,
            looked_back_to=found.looked_back_to,
            now=tx.now,
        )
    return render(request, context)


@lists.get("/bots/{name:path}/changes", dependencies=[needs(Feature.BOTS)])
def changes_page(
    request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor, cursor: Cursor = None
) -> Response:
    """List who changed a bot, the newest change first."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="changes")
        subject = f"bot:{head.bot.bot_id}"
        found = tx.audit.page(AuditQuery(subject=subject, after_id=read_number(cursor), most=_PER_PAGE))
        here = bot_path(name, "changes")
        context = BotChangesPage(
            head=head,
            rows=audit_rows(tx, visitor, found.rows, feature=Feature.BOTS),
            next_path=with_query(here, cursor=write_number(found.next)) if found.next is not None else None,
            first_path=here if cursor else None,
            now=tx.now,
        )
    return render(request, context)


def definition_text(definition: BotDefinition, form: Form, *, masked: bool) -> str:
    """Return a definition as a document.

    Args:
        definition: what the bot is.
        form: how it is written.
        masked: whether what looks like a secret is blacked out.
    """
    document = to_document(definition)
    text = write_yaml([document]) if form is Form.YAML else f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"
    return redact(text) if masked else text
