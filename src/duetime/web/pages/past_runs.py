"""Runs as the pages of resources and bots list them: how each ended and why, and whether it can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass

from duetime.core.access import Feature, Role
from duetime.core.events import Run
from duetime.core.sanitising import history_text
from duetime.core.statuses import RunStatus
from duetime.store.store import Transaction
from duetime.web.reach import account_of
from duetime.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run.

    Attributes:
        why: what there is to say of how it ended; empty when there is nothing.
        undoes: the name of the run that it undoes.
        undone_by: the event that undoes it.
        may_undo: whether the visitor may ask for that.
    """

    run: Run
    why: str
    undoes: str | None
    undone_by: int | None
    may_undo: bool


def past_runs(tx: Transaction, visitor: Visitor, runs: Sequence[Run]) -> tuple[PastRun, ...]:
    """Return runs as pages list them."""
    event_ids = {run.event_id for run in runs}
    undoes, undone_by = tx.notes.undone_runs(event_ids), tx.notes.undoing_events(event_ids)
    kinds = tx.event_types.by_ids({run.event_type for run in runs})
    edits = visitor.reach(Feature.EVENTS, Role.EDITOR)

    def may_undo(run: Run) -> bool:
        kind = kinds.get(run.event_type)
        return (
            run.status is RunStatus.SUCCEEDED
            and run.resource_id is not None
            and kind is not None
            and kind.inverse is not None
            and run.run_id not in undone_by
            and edits.covers(account_of(run.resource_id))
        )

    return tuple(
        PastRun(
            run=run,
            why=history_text(run.error or run.reason) or "",
            undoes=undoes.get(run.event_id),
            undone_by=undone_by.get(run.run_id),
            may_undo=may_undo(run),
        )
        for run in runs
    )
