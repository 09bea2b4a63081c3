"""Says what a job call came to: from what it returned, raised or reported to an outcome. Pure."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from duetime.core.claims import Claim
from duetime.core.errors import CredentialsRefused, Throttled
from duetime.core.outcomes import (
    Failed,
    GroupRefused,
    JobOutcome,
    Lost,
    Outcome,
    OutcomeUnknown,
    Skipped,
    Snoozed,
    Succeeded,
)

CREDENTIALS_AGAIN_AFTER = timedelta(minutes=5)
"""How long events are put off whose cloud does not accept who asks: a person has to mend that."""


def outcome_of_raised(error: BaseException, *, now: Callable[[], datetime]) -> Outcome | GroupRefused:
    """Return what a job's error comes to.

    A cloud that is busy, or that does not accept who asks, did nothing: the event waits, as a state and not as a
    blocked thread, and no attempt is spent on it.
    """
    match error:
        case GroupRefused():
            return error
        case OutcomeUnknown():
            return Lost(text_of(error) or "no answer came")
        case Throttled():
            return checked(Snoozed(error.until, text_of(error)))
        case CredentialsRefused():
            return Snoozed(now() + CREDENTIALS_AGAIN_AFTER, text_of(error))
        case _:
            return Failed(_describe(error))


def checked(returned: object) -> JobOutcome:
    """Return an outcome of which everything that follows can be sure."""
    match returned:
        case Succeeded():
            return returned
        case Failed(error):
            # Whoever catches an error likes to pass it on as it is.
            return returned if isinstance(error, str) else replace(returned, error=text_of(error))
        case Skipped(reason):
            return returned if isinstance(reason, str) else Skipped(text_of(reason))
        case Snoozed(until, reason):
            instant = _instant_of(until)
            if instant is None:
                return Failed(f"run() asked to snooze until {text_of(until)}, which is no aware datetime")
            return Snoozed(instant, reason if isinstance(reason, str) else text_of(reason))
        case _:
            kind = type(returned).__name__
            return Failed(f"run() returned a {kind}; it must return None, Succeeded, Failed, Snoozed or Skipped")


def _instant_of(value: object) -> datetime | None:
    try:
        return value.astimezone(UTC) if isinstance(value, datetime) and value.utcoffset() is not None else None
    except OverflowError:
        return None


def outcome_of(claim: Claim, overall: Outcome | GroupRefused, reported: Mapping[str, JobOutcome]) -> Outcome:
    """Return what a call came to for one of its claims: what the job reported of it, else the whole."""
    if claim.resource_id is not None and claim.resource_id in reported:
        return checked(reported[claim.resource_id])
    if isinstance(overall, GroupRefused):  # pragma: no cover - refused claims were taken out before
        return Failed(text_of(overall))
    return overall


def _describe(error: BaseException) -> str:
    """Return what was raised and where, short enough for a table."""
    said = text_of(error)
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return text
    last = frames[-1]
    return f"{text} (at {Path(last.filename).name}:{last.lineno}, in {last.name})"


def text_of(value: object) -> str:
    """Return a value as text, whatever its own code does when it is asked."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a plugin's __str__ may raise anything
        return f"<{type(value).__name__} that cannot be shown>"
