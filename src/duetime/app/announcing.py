"""What is said of a batch of runs that ended: one line, however many there were."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from duetime.core.claims import Ending
from duetime.core.events import run_id_of
from duetime.core.statuses import RunStatus
from duetime.engine.log import get_logger

_log = get_logger("duetime.runs")

_FAILURES = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.LOST})
_MOST_FAILURES = 5


def announce(endings: Sequence[Ending]) -> None:
    """Write one log line about endings that were just committed."""
    ended = [ending for ending in endings if ending.step.run_status is not None]
    if not ended:
        return
    statuses = Counter(str(ending.step.run_status) for ending in ended)
    facts: dict[str, Any] = {
        "runs": len(ended),
        **dict(sorted(statuses.items())),
        "event_types": sorted({ending.claim.event_type for ending in ended}),
        "event_ids": [ending.claim.event_id for ending in ended],
        "run_ids": [_run_id(ending) for ending in ended],
        "session_id": ended[0].session_id,
    }
    traces = sorted({ending.claim.trace_parent.split("-")[1] for ending in ended if ending.claim.trace_parent})
    if traces:
        facts["trace_ids"] = traces
    failures = [ending for ending in ended if ending.step.run_status in _FAILURES]
    if not failures:
        _log.info("runs.ended", **facts)
        return
    facts["failures"] = [
        f"{_run_id(ending)}: {ending.error or ending.step.reason}"[:300] for ending in failures[:_MOST_FAILURES]
    ]
    _log.warning("runs.ended", **facts)


def _run_id(ending: Ending) -> str:
    return run_id_of(ending.claim.event_id, ending.claim.due_at, ending.claim.attempt)
