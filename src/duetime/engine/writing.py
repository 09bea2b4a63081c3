"""Writing what came of claims, so that each of them comes to an end whatever a plugin or a person did meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from duetime.core.claims import Ending
from duetime.core.errors import Unavailable
from duetime.engine.finished import Finished, decided, without_the_refused
from duetime.engine.log import get_logger
from duetime.store.finishing import FinishReport, finish_all
from duetime.store.store import Store

_log = get_logger(__name__)


@dataclass(slots=True)
class Written:
    """What became of a batch: `written`, or `stale` because the claim is another's by now."""

    written: list[Ending] = field(default_factory=list)
    stale: list[Ending] = field(default_factory=list)


def write(store: Store, batch: Sequence[Finished]) -> Written:
    """Write the endings of a batch in which no event appears twice.

    Raises:
        DatabaseUnavailable: the database does not answer; calling again with the same batch is safe.
    """
    by_id = {finished.claim.event_id: finished for finished in batch}
    done = Written()
    report = _finish(store, [decided(finished) for finished in batch])
    # A wish can change once more between two looks, hence a loop; each turn sees the newest.
    while True:
        done.written += report.written
        done.stale += report.stale
        if not report.wished and not report.refused:
            return done
        again = [decided(by_id[ending.claim.event_id], wish=wish) for ending, wish in report.wished]
        for ending, problem in report.refused:
            _log.error("run.unwritable", event_id=ending.claim.event_id, problem=problem)
            lesser = without_the_refused(by_id[ending.claim.event_id], ending, problem)
            if lesser is None:
                done.stale.append(ending)
            else:
                again.append(lesser)
        report = _finish(store, again)


def _finish(store: Store, endings: Sequence[Ending]) -> FinishReport:
    """Write endings; one that breaks even the writing is refused alone."""
    try:
        return finish_all(store, endings)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - drivers raise much that is no error of theirs, such as OverflowError
        if len(endings) == 1:
            return FinishReport(refused=[(endings[0], f"{type(error).__name__}: {error}")])
    report = FinishReport()
    for ending in endings:
        one = _finish(store, [ending])
        report.written += one.written
        report.stale += one.stale
        report.wished += one.wished
        report.refused += one.refused
    return report
