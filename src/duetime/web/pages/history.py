"""`/scheduled-events/history`: what happened, the newest first."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.statuses import RunStatus
from duetime.web.event_filter import DEFAULT_LIMIT
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import paths
from duetime.web.pages.filter_options import FilterOptions, filter_options
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.rendering import PageContext, render
from duetime.web.pages.wording import words, zoned
from duetime.web.paging import write_run_place
from duetime.web.ports import CurrentApp
from duetime.web.run_filter import RunFilter

router = APIRouter(include_in_schema=False)
_EXPORT = "/api/v1/runs/export"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage(PageContext):
    """A page of runs.

    Attributes:
        live_path: where the page refreshes itself from; None on older pages, which do not change.
        announcement: the newest run in a sentence, for those who listen.
        looked_back_to: how far back the search went when it stopped early.
        export_csv, export_jsonl: all runs that fit the filter, as a stream.
    """

    template: ClassVar[str] = "history.html"

    runs: tuple[PastRun, ...]
    filters: RunFilter
    is_filtered: bool
    options: FilterOptions
    statuses: tuple[RunStatus, ...]
    live_path: str | None
    announcement: str
    next_path: str | None
    first_path: str | None
    looked_back_to: datetime | None
    export_csv: str
    export_jsonl: str
    now: datetime


@router.get(paths.HISTORY, dependencies=[needs(Feature.HISTORY)])
def history_page(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[RunFilter, Depends()]
) -> Response:
    """List runs."""
    with app.store.read() as tx:
        page = tx.runs.page(filters.query(tx, visitor))
        runs = past_runs(tx, visitor, page.rows)
        context = HistoryPage(
            runs=runs,
            filters=filters,
            is_filtered=replace(filters, cursor=None, limit=DEFAULT_LIMIT) != RunFilter(),
            options=filter_options(tx, visitor, Feature.HISTORY),
            statuses=tuple(RunStatus),
            live_path=None if filters.cursor else _path(filters),
            announcement=_announcement(runs),
            next_path=None if page.next is None else _path(filters, cursor=write_run_place(page.next)),
            first_path=_path(filters) if filters.cursor else None,
            looked_back_to=page.looked_back_to,
            export_csv=_path(filters, to=_EXPORT, form="csv"),
            export_jsonl=_path(filters, to=_EXPORT, form="jsonl"),
            now=tx.now,
        )
    return render(request, context)


def _announcement(runs: tuple[PastRun, ...]) -> str:
    if not runs:
        return "No run fits."
    run = runs[0].run
    return f"Newest: event {run.event_id}, {run.event_type}, {words(run.status)} at {zoned(run.finished_at)}."


def _path(filters: RunFilter, *, to: str = paths.HISTORY, cursor: str | None = None, form: str | None = None) -> str:
    return paths.with_query(
        to,
        type=filters.event_type,
        status=[str(status) for status in filters.status],
        account=filters.account,
        bot=filters.bot,
        resource=filters.resource,
        event=filters.event,
        q=filters.q,
        since=filters.since,
        until=filters.until,
        limit=None if form or filters.limit == DEFAULT_LIMIT else filters.limit,
        cursor=cursor,
        format=form,
    )
