"""Writing many endings so that one that cannot be written never fails its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError, IntegrityError

from duetime.core.claims import Ending
from duetime.core.operations import CallOperations
from duetime.core.statuses import Wish
from duetime.store.store import Store


@dataclass(slots=True)
class FinishReport:
    """What became of a batch of endings.

    Attributes:
        written: in the database now.
        stale: refused, because the claim is another worker's by now; nothing of them was written.
        wished: not written, because something was asked of the event meanwhile: decide again with that wish.
        refused: not written, because the database does not take their texts; with its message.
    """

    written: list[Ending] = field(default_factory=list)
    stale: list[Ending] = field(default_factory=list)
    wished: list[tuple[Ending, Wish | None]] = field(default_factory=list)
    refused: list[tuple[Ending, str]] = field(default_factory=list)

    def add_written(self, ending: Ending) -> None:
        """Note an ending that is committed, and with it what its call asked for.

        That holds too for one that is found to be written already: of the endings of a call that are accepted, the
        first brings what the call asked for, so its transaction did, or an earlier one had.
        """
        self.written.append(ending)
        if isinstance(ending.operations, CallOperations):
            ending.operations.are_written = True


_UNWRITABLE = (DBAPIError, UnicodeError, OverflowError)
"""What a database or its driver says of values that it does not take."""


class _NotAll(Exception):
    """Not every ending of a batch was written: roll back. Never seen outside."""


def finish_all(store: Store, endings: Sequence[Ending]) -> FinishReport:
    """Write endings in one transaction, or one by one when that fails.

    Raises:
        DatabaseUnavailable: the database does not answer. What was written is unknown; calling again with the same
            endings is safe, those that were written are recognised.
    """
    report = FinishReport()
    if not endings:
        return report
    try:
        with store.write() as tx:
            accepted = tx.claims.finish(endings)
            if store.is_sqlite and len(accepted) != len(endings):
                raise _NotAll
    except (_NotAll, *_UNWRITABLE):
        for ending in endings:
            _finish_one(store, ending, report)
        return report
    for ending in endings:
        if ending.claim.event_id in accepted:
            report.add_written(ending)
        else:
            _explain(store, ending, report)
    return report


def _finish_one(store: Store, ending: Ending, report: FinishReport) -> None:
    try:
        with store.write() as tx:
            if not tx.claims.finish([ending]):
                raise _NotAll
    except _NotAll:
        _explain(store, ending, report)
    except IntegrityError as error:
        if _is_written(store, ending):
            report.add_written(ending)
        else:
            report.refused.append((ending, _first_line(error)))
    except _UNWRITABLE as error:
        report.refused.append((ending, _first_line(error)))
    else:
        report.add_written(ending)


def _explain(store: Store, ending: Ending, report: FinishReport) -> None:
    """Find out why an ending was not accepted."""
    with store.read() as tx:
        holds, wish = tx.claims.wish_of(ending.claim.event_id, token=ending.claim.token)
    if holds:
        report.wished.append((ending, wish))
    elif _is_written(store, ending):
        report.add_written(ending)
    else:
        report.stale.append(ending)


def _is_written(store: Store, ending: Ending) -> bool:
    """Return whether the ending is written already: its commit went through and the answer was lost."""
    with store.read() as tx:
        return tx.claims.has_ended(ending) if ending.step.run_status is None else tx.runs.has(ending)


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
