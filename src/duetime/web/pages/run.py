"""`/runs/{event}/{due time}/{attempt}`: one run, and undoing it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature, Role
from duetime.core.errors import Conflict, Invalid
from duetime.core.events import Run
from duetime.store.store import Transaction
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import flash
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.paths import event_path, with_query
from duetime.web.pages.planned_events import bot_names
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.payloads import HIDDEN, shown_text
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of
from duetime.web.reach import account_of, run_for
from duetime.web.undoing import undo_in
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_PATH = "/runs/{event_id}/{due_at}/{attempt}"
_LONGEST_REASON = 1000


def _run_name(event_id: str, due_at: str, attempt: str) -> str:
    return f"{event_id}/{due_at}/{attempt}"


RunName = Annotated[str, Depends(_run_name)]
"""A parameter of handlers: the name of the run that the path says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage(PageContext):
    """One run.

    Attributes:
        result: what the job said, without secrets; None when it is hidden or there is none.
        bot: the bot that asked for the event; None when none did, or one that the visitor may not see.
        sees_event: whether the visitor may open the event's page.
    """

    template: ClassVar[str] = "run.html"

    run: Run
    past: PastRun
    result: str | None
    is_result_hidden: bool
    bot: str | None
    is_of_hidden_bot: bool
    sees_event: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPage(PageContext):
    """The question before a run is undone.

    Attributes:
        later: the names of runs that changed the resource after this one.
        error: why it was refused; empty when nothing was sent yet.
    """

    template: ClassVar[str] = "run_undo.html"

    run: Run
    past: PastRun
    inverse: str | None
    error: str


@router.get(_PATH, dependencies=[needs(Feature.HISTORY)])
def run_page(request: Request, run_id: RunName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show one run."""
    with app.store.read() as tx:
        run = run_for(tx, visitor, run_id)
        context = _run_page(tx, visitor, run)
    return render(request, context)


def _run_page(tx: Transaction, visitor: Visitor, run: Run) -> RunPage:
    account = account_of(run.resource_id)
    result = shown_text(run.result, visitor=visitor, feature=Feature.HISTORY, account=account)
    is_hidden = result == HIDDEN and not visitor.sees_payloads(Feature.HISTORY, account)
    bot = None if run.bot_id is None else bot_names(tx, visitor, [run.bot_id]).get(run.bot_id)
    return RunPage(
        run=run,
        past=past_runs(tx, visitor, [run])[0],
        result=None if is_hidden else result,
        is_result_hidden=is_hidden,
        bot=bot,
        is_of_hidden_bot=run.bot_id is not None and bot is None,
        sees_event=visitor.reach(Feature.EVENTS).covers(account),
    )


@router.get(f"{_PATH}/undo", dependencies=[needs(Feature.EVENTS, Role.EDITOR)])
def ask_undo(request: Request, run_id: RunName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a run is undone."""
    with app.store.read() as tx:
        context = _undo_page(tx, visitor, run_for(tx, visitor, run_id))
    return render(request, context)


@router.post(f"{_PATH}/undo", dependencies=[needs(Feature.EVENTS, Role.EDITOR)])
def undo(
    request: Request,
    run_id: RunName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    reason: Annotated[PlainText, Form(max_length=_LONGEST_REASON)] = "",
) -> Response:
    """Schedule the event that undoes a run, and go there."""
    try:
        with app.store.write() as tx:
            undone = undo_in(tx, app.client, visitor, run_id, reason=reason)
    except (Conflict, Invalid) as error:
        with app.store.read() as tx:
            context = _undo_page(tx, visitor, run_for(tx, visitor, run_id), error=str(error))
        return render(request, context, status=status_of(error))
    done = "run-undone" if undone.is_new else "run-being-undone"
    return RedirectResponse(with_query(event_path(undone.event.event_id), **{flash.PARAMETER: done}), status_code=303)


def _undo_page(tx: Transaction, visitor: Visitor, run: Run, *, error: str = "") -> UndoPage:
    kind = tx.event_types.by_ids([run.event_type]).get(run.event_type)
    inverse = None if kind is None else kind.inverse
    return UndoPage(run=run, past=past_runs(tx, visitor, [run])[0], inverse=inverse, error=error)
