"""`duetime history undo`, and what the history says of undone runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from duetime.cli.options import At, Delay, Json, Reason
from duetime.cli.output import distance, instant, line
from duetime.cli.plain import emit, plain

if TYPE_CHECKING:
    from duetime.core.events import Run
    from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Undoing:
    """Which of some runs undo others, and which are undone.

    Attributes:
        undoes: by event, the name of the run that it undoes.
        undone_by: by the name of a run, the event that undoes it.
    """

    undoes: Mapping[int, str]
    undone_by: Mapping[str, int]

    @classmethod
    def of(cls, tx: "Transaction", runs: "Sequence[Run]") -> Self:
        event_ids = {run.event_id for run in runs}
        return cls(tx.notes.undone_runs(event_ids), tx.notes.undoing_events(event_ids))

    def describe(self, run: "Run") -> str:
        """Return what there is to say of a run, or nothing."""
        said = [f"undoes run {self.undoes[run.event_id]}"] if run.event_id in self.undoes else []
        if run.run_id in self.undone_by:
            said.append(f"undone by event {self.undone_by[run.run_id]}")
        return "\n".join(said)

    def to_json(self, run: "Run") -> Any:
        """Return a run as plain JSON, with both."""
        return plain(run, undoes=self.undoes.get(run.event_id), undone_by=self.undone_by.get(run.run_id))


def undo(
    run_id: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's name, event/due/attempt, as `history list --json` has it.")
    ],
    delay: Delay = None,
    at: At = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Undo what a run did, now or later. The undo is an event of its own, with a history of its own."""
    from duetime.cli.opening import actor, opened
    from duetime.cli.when import read_at, read_span
    from duetime.core.errors import Invalid
    from duetime.scheduling.undo import undo_run

    with opened() as duetime:
        if delay is not None and at is not None:
            message = "Only one of --in and --at can say when; without both it is undone now."
            raise Invalid(message)
        when = read_at(at, option="--at") if at is not None else None
        if delay is not None:
            when = duetime.client.now() + read_span(delay, option="--in")
        undone = undo_run(duetime.client, run_id, when=when, actor=actor(), reason=reason)
        now = duetime.store.now()
    event = undone.event
    if as_json:
        emit(event, undoes=run_id, is_new=undone.is_new, later=list(undone.later))
        return
    was = "is scheduled" if undone.is_new else "was scheduled before"
    when_due = f"due at {instant(event.due_at)} ({distance(event.due_at, now=now)})"
    line(f"Event {event.event_id} ({event.event_type}) {was} to undo run {run_id}, {when_due}.")
    if undone.later:
        line(f"The resource was changed since, by {', '.join(undone.later)}: it goes back to before that too.")
        line(f"To keep it as it is: duetime events cancel {event.event_id}")
