"""Which verbs an event's status allows, and what each of them means, in words."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.web.steering import EventVerb

_S = EventStatus
_ANY_BUT_RUNNING_OR_HELD = frozenset(EventStatus) - {_S.RUNNING, _S.HELD}


class VerbPath(StrEnum):
    """The last part of a verb's address."""

    RUN = "run"
    PAUSE = "pause"
    RESUME = "resume"
    RESCHEDULE = "reschedule"
    RESOLVE = "resolve"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb that can be asked for.

    Attributes:
        path: the last part of its address.
        title: what its button says.
        meaning: what it does, before it is done.
        done: the message after it was done; see `flash`.
        is_danger: whether it ends something for good.
        needs_reason: whether it is refused without a reason.
        statuses: the statuses of events that allow it.
    """

    verb: EventVerb
    path: VerbPath
    title: str
    meaning: str
    done: str
    statuses: Collection[EventStatus]
    is_danger: bool = False
    needs_reason: bool = False


OFFERS = (
    Offer(
        EventVerb.RUN_NOW,
        VerbPath.RUN,
        "Run now",
        "A one-off that is still to come is moved to now. For an event that recurs or has ended, another event is "
        "added that runs once, now; the event itself keeps its times.",
        "event-run",
        _ANY_BUT_RUNNING_OR_HELD,
    ),
    Offer(
        EventVerb.PAUSE,
        VerbPath.PAUSE,
        "Pause",
        "It does not run until somebody resumes it. One that is running now is paused when its attempt ends.",
        "event-paused",
        (_S.SCHEDULED, _S.RUNNING),
    ),
    Offer(
        EventVerb.RESUME,
        VerbPath.RESUME,
        "Resume",
        "It runs again from now on. What becomes of the times that it missed meanwhile, you choose here.",
        "event-resumed",
        (_S.PAUSED,),
    ),
    Offer(
        EventVerb.RESCHEDULE,
        VerbPath.RESCHEDULE,
        "Reschedule",
        "It gets another time. One single time for an event that recurs would end that, and is refused; give a whole "
        "schedule for another rhythm.",
        "event-rescheduled",
        (_S.SCHEDULED, _S.PAUSED),
    ),
    Offer(
        EventVerb.RESOLVE,
        VerbPath.RESOLVE,
        "Resolve",
        "It is held because what its last attempt did is unknown. Find out what really happened, then say it here.",
        "event-resolved",
        (_S.HELD,),
        needs_reason=True,
    ),
    Offer(
        EventVerb.CANCEL,
        VerbPath.CANCEL,
        "Cancel",
        "It is taken back for good, with all of its times to come. One that is running now ends first, with its true "
        "outcome. This cannot be undone, but it can be run again by hand.",
        "event-cancelled",
        (_S.SCHEDULED, _S.RUNNING, _S.PAUSED),
        is_danger=True,
    ),
)
"""All of them, in the order of their buttons."""


def offers_for(event: Event) -> tuple[Offer, ...]:
    """Return the verbs that the status of an event allows."""
    return tuple(offer for offer in OFFERS if event.status in offer.statuses)


def offer_at(path: VerbPath) -> Offer:
    """Return the verb at this address."""
    return next(offer for offer in OFFERS if offer.path is path)
