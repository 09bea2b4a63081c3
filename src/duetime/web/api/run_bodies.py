"""Runs, as the API shows them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from duetime.core.access import Feature
from duetime.core.events import Run
from duetime.core.sanitising import history_text
from duetime.core.statuses import RunStatus
from duetime.store.store import Transaction
from duetime.web.api.event_bodies import EventOut, ReasonText, SpanText, seen_bots
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_text
from duetime.web.reach import account_of
from duetime.web.visitor import Visitor
from duetime.web.wanted_time import WantedTime


class RunOut(BaseModel):
    """One attempt at one due time of an event, or the answer for a due time that got none."""

    run_id: str = Field(examples=["17/2026-01-31T19:00:00.000000Z/1"])
    event_id: int
    due_at: datetime
    attempt: int
    event_type: str
    resource_id: str | None
    account: str | None
    bot_id: int | None
    bot: str | None = Field(description="The bot that asked for it; null when none did, or one that you may not see.")
    status: RunStatus
    final: bool = Field(description="Whether this is the one answer of its due time.")
    started_at: datetime | None = Field(description="Null when the job was never called.")
    finished_at: datetime
    duration_seconds: float | None
    reason: str
    error: str
    result: str | None = Field(description="What the job said; `(hidden)` when you may not see payloads.")
    covers_until: datetime | None = Field(description="The last due time that this answers for, when for several.")
    covers_count: int
    session_id: int | None = Field(description="The worker session that ran it.")
    undoes: str | None = Field(description="The run that it undoes.")
    undone_by: int | None = Field(description="The event that undoes it.")


def shown_runs(tx: Transaction, visitor: Visitor, runs: Sequence[Run]) -> list[RunOut]:
    """Return runs as a visitor may see them."""
    names = seen_bots(tx, visitor, (run.bot_id for run in runs))
    event_ids = {run.event_id for run in runs}
    undoes, undone_by = tx.notes.undone_runs(event_ids), tx.notes.undoing_events(event_ids)
    return [
        _run_out(
            run,
            visitor,
            bot=names.get(run.bot_id or 0),
            undoes=undoes.get(run.event_id),
            undone_by=undone_by.get(run.run_id),
        )
        for run in runs
    ]


def _run_out(run: Run, visitor: Visitor, *, bot: str | None, undoes: str | None, undone_by: int | None) -> RunOut:
    account = account_of(run.resource_id)
    return RunOut(
        run_id=run.run_id,
        event_id=run.event_id,
        due_at=run.due_at,
        attempt=run.attempt,
        event_type=run.event_type,
        resource_id=run.resource_id,
        account=account,
        bot_id=run.bot_id,
        bot=bot,
        status=run.status,
        final=run.final,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_seconds=None if run.duration is None else run.duration.total_seconds(),
        reason=history_text(run.reason) or "",
        error=history_text(run.error) or "",
        result=shown_text(run.result, visitor=visitor, feature=Feature.HISTORY, account=account),
        covers_until=run.covers_until,
        covers_count=run.covers_count,
        session_id=run.session_id,
        undoes=undoes,
        undone_by=undone_by,
    )


class UndoIn(BaseModel):
    """When and why a run is undone; without a time, now."""

    model_config = ConfigDict(extra="forbid")

    delay: SpanText | None = Field(default=None, alias="in", description="A length of time from now.")
    at: PlainText | None = Field(default=None, max_length=64, examples=["2026-01-31T19:00:00Z"])
    reason: ReasonText = ""

    def when(self, *, now: datetime) -> datetime | None:
        """Return when; None = now.

        Raises:
            Invalid: it cannot be read, or is said twice.
        """
        wanted = WantedTime(delay=self.delay, at=self.at)
        found = wanted.read(now=now) if wanted.is_said else None
        return found if isinstance(found, datetime) else None


class UndoOut(BaseModel):
    """The event that undoes a run."""

    event: EventOut
    is_new: bool = Field(description="Whether it was scheduled by this request, and not before.")
    later: list[str] = Field(
        description="Runs that changed the resource after the one that is undone: it goes back to before them too."
    )
