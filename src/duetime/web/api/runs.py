"""`/api/v1/runs`: history."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response, StreamingResponse

from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName
from duetime.core.events import Run, run_id_of
from duetime.schedule.instants import read_instant
from duetime.store.store import Transaction
from duetime.web.answers import answers, not_modified
from duetime.web.api.event_bodies import shown_event
from duetime.web.api.page_body import PageOut
from duetime.web.api.run_bodies import RunOut, UndoIn, UndoOut, shown_runs
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.idempotency import CurrentAnswer
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import write_run_place
from duetime.web.parameters import EventId, PlainText
from duetime.web.ports import CurrentApp
from duetime.web.reach import run_for
from duetime.web.run_export import ExportFormat, export
from duetime.web.run_filter import RunFilter, RunWish
from duetime.web.undoing import undo_in

router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=ApiRoute)

_COLUMNS = tuple(RunOut.model_fields)


def _run_name(
    event_id: EventId,
    due_at: Annotated[PlainText, Path(max_length=64, examples=["2026-01-31T19:00:00.000000Z"])],
    attempt: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> str:
    """Return the name of the run that a path says.

    Raises:
        UnknownName: it says none.
    """
    instant = read_instant(due_at)
    if instant is None:
        raise UnknownName("run", f"{event_id}/{due_at}/{attempt}")
    return run_id_of(event_id, instant, attempt)


@router.get("", dependencies=[needs(Feature.HISTORY)], responses=answers(404))
def list_runs(app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[RunFilter, Depends()]) -> PageOut[RunOut]:
    """List what came of each attempt, the newest first."""
    with app.store.read() as tx:
        page = tx.runs.page(filters.query(tx, visitor))
        items = shown_runs(tx, visitor, page.rows)
    return PageOut(items=items, next=write_run_place(page.next), looked_back_to=page.looked_back_to)


@router.get(
    "/export",
    dependencies=[needs(Feature.HISTORY)],
    response_class=StreamingResponse,
    responses={
        **answers(404),
        200: {
            "description": "The runs, newest first, as a stream.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        },
    },
)
def export_runs(
    app: CurrentApp,
    visitor: CurrentVisitor,
    wish: Annotated[RunWish, Depends()],
    form: Annotated[ExportFormat, Query(alias="format", description="What is written.")] = ExportFormat.CSV,
) -> Response:
    """Export any number of runs as a stream.

    In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe.
    """

    def shown(tx: Transaction, runs: tuple[Run, ...]) -> list[Mapping[str, Any]]:
        return [each.model_dump(mode="json") for each in shown_runs(tx, visitor, runs)]

    with app.store.read() as tx:
        query, now = wish.wanted(tx, visitor), tx.now
    stream = export(app.store, query, shown=shown, columns=_COLUMNS, form=form)
    headers = {"Content-Disposition": f'attachment; filename="{form.file_name(now)}"'}
    return StreamingResponse(stream, media_type=form.media_type, headers=headers)


@router.get(
    "/{event_id}/{due_at}/{attempt}",
    dependencies=[needs(Feature.HISTORY)],
    response_model=RunOut,
    responses=not_modified(),
)
def get_run(
    run: Annotated[str, Depends(_run_name)], app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get a run by its name, `event/due time/attempt`."""
    with app.store.read() as tx:
        (body,) = shown_runs(tx, visitor, [run_for(tx, visitor, run)])
    return single(body, if_none_match=if_none_match)


@router.post(
    "/{event_id}/{due_at}/{attempt}/undo",
    dependencies=[needs(Feature.EVENTS, Role.EDITOR)],
    response_model=UndoOut,
)
def undo_run(
    run: Annotated[str, Depends(_run_name)],
    app: CurrentApp,
    visitor: CurrentVisitor,
    answer: CurrentAnswer,
    body: UndoIn | None = None,
) -> Response:
    """Undo what a run did, now or later. The undo is an event of its own, with a history of its own."""
    wanted = body or UndoIn()
    with app.store.write() as tx:
        when = wanted.when(now=tx.now)
        undone = undo_in(tx, app.client, visitor, run, when=when, reason=wanted.reason)
        event = shown_event(tx, visitor, undone.event)
        return answer.within(tx, UndoOut(event=event, is_new=undone.is_new, later=list(undone.later)))
