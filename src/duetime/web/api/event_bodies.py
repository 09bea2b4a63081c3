"""Events, as the API shows and takes them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from duetime.bots.durations import read_duration
from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.core.sanitising import history_text
from duetime.core.statuses import EventStatus, OnLost, Wish
from duetime.schedule.codec import to_json
from duetime.store.audit_table import AuditEntry
from duetime.store.store import Transaction
from duetime.store.unreadable_schedule import UnreadableSchedule
from duetime.store.verbs import Resolution
from duetime.web.bulk import MOST_ITEMS
from duetime.web.next_times import NextTime
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_mapping
from duetime.web.reach import account_of, reaches_bot
from duetime.web.steering import EventVerb, WantedEvent
from duetime.web.visitor import Visitor
from duetime.web.wanted_time import WantedTime

CatchUpWord = Literal["latest", "all", "skip"]
ReasonText = Annotated[PlainText, Field(max_length=1000, description="Why; kept in the audit trail.")]
SpanText = Annotated[PlainText, Field(max_length=64, examples=["90m", "3d"])]


class EventOut(BaseModel):
    """A scheduled event as it stands."""

    event_id: int
    event_type: str = Field(examples=["divvy.stop_resource"])
    status: EventStatus
    status_reason: str = Field(description="Why it stands as it does.")
    resource_id: str | None = Field(examples=["instance:10:us-east-1:i-0abc:"])
    account: str | None
    bot_id: int | None
    bot: str | None = Field(description="The bot that asked for it; null when none did, or one that you may not see.")
    description: str
    args: dict[str, Any] | None = Field(description="The job's arguments; null when you may not see payloads.")
    schedule: dict[str, Any] | None = Field(description="Null when this version cannot read it.")
    schedule_in_words: str
    recurring: bool
    due_at: datetime = Field(description="When the present occurrence is due.")
    ready_at: datetime = Field(description="When it may start: later than `due_at` after a failed try.")
    expires_at: datetime | None
    attempt: int
    failures: int
    failed_in_a_row: int
    started_at: datetime | None
    finished_at: datetime | None
    wish: Wish | None = Field(description="What was asked of it while it ran; applies when the attempt ends.")
    on_lost: OnLost
    catch_up: str | None
    recheck: bool
    cancel_when_compliant: bool
    parent_id: int | None
    user_resource_id: str | None
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, event: Event, visitor: Visitor, *, bot: str | None) -> "EventOut":
        """Return an event as a visitor may see it."""
        account = account_of(event.resource_id)
        is_readable = not isinstance(event.schedule, UnreadableSchedule)
        return cls(
            event_id=event.event_id,
            event_type=event.event_type,
            status=event.status,
            status_reason=history_text(event.status_reason) or "",
            resource_id=event.resource_id,
            account=account,
            bot_id=event.bot_id,
            bot=bot,
            description=history_text(event.description) or "",
            args=shown_mapping(event.args, visitor=visitor, feature=Feature.EVENTS, account=account),
            schedule=dict(to_json(event.schedule)) if is_readable else None,
            schedule_in_words=event.schedule.describe(),
            recurring=event.recurring,
            due_at=event.due_at,
            ready_at=event.ready_at,
            expires_at=event.expires_at,
            attempt=event.attempt,
            failures=event.failures,
            failed_in_a_row=event.failed_in_a_row,
            started_at=event.started_at,
            finished_at=event.finished_at,
            wish=event.wish,
            on_lost=event.on_lost,
            catch_up=event.catch_up,
            recheck=event.recheck,
            cancel_when_compliant=event.cancel_when_compliant,
            parent_id=event.parent_id,
            user_resource_id=event.user_resource_id,
            created_by=event.created_by,
            created_at=event.created_at,
        )


def shown_events(tx: Transaction, visitor: Visitor, events: Iterable[Event]) -> list[EventOut]:
    """Return events as a visitor may see them."""
    listed = list(events)
    names = seen_bots(tx, visitor, (event.bot_id for event in listed))
    return [EventOut.of(event, visitor, bot=names.get(event.bot_id or 0)) for event in listed]


def shown_event(tx: Transaction, visitor: Visitor, event: Event) -> EventOut:
    """Return an event as a visitor may see it."""
    return shown_events(tx, visitor, [event])[0]


def seen_bots(tx: Transaction, visitor: Visitor, bot_ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return the names of those of some bots that a visitor may see."""
    reach = visitor.reach(Feature.BOTS)
    found = (tx.bots.by_id(bot_id) for bot_id in {each for each in bot_ids if each is not None})
    return {bot.bot_id: bot.name for bot in found if bot is not None and reaches_bot(reach, bot)}


class TimeOut(BaseModel):
    """A due time."""

    due_at: datetime
    local: datetime = Field(description="The same instant with the UTC offset of the schedule's own time zone.")
    is_owed: bool = Field(description="Whether it has been reached and has no answer yet.")

    @classmethod
    def of(cls, time: NextTime) -> "TimeOut":
        return cls(due_at=time.due_at, local=time.local, is_owed=time.is_owed)


class ObstacleOut(BaseModel):
    """What stands against an occurrence."""

    kind: str = Field(examples=["paused", "no_handler"])
    why: str


class ExplanationOut(BaseModel):
    """Why an event did or did not run."""

    event_id: int
    status: EventStatus
    sentences: list[str] = Field(description="The answer first, then what led to it and what to do.")
    conflicts: list[str] = Field(description="Other live events that want the opposite at nearly the same time.")
    obstacles: list[ObstacleOut] = Field(description="What would keep it from running as things stand now.")


class ChangeOut(BaseModel):
    """A change of an event, as the audit trail has it."""

    at: datetime
    actor: str
    verb: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, entry: AuditEntry) -> "ChangeOut":
        return cls(
            at=entry.at,
            actor=entry.actor,
            verb=entry.verb,
            reason=entry.reason,
            before=None if entry.before is None else dict(entry.before),
            after=None if entry.after is None else dict(entry.after),
        )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class TimeIn(_Strict):
    """When: exactly one of the three."""

    delay: SpanText | None = Field(default=None, alias="in", description="A length of time from now.")
    at: PlainText | None = Field(default=None, max_length=64, examples=["2026-01-31T19:00:00Z"])
    schedule: dict[str, Any] | None = Field(
        default=None, examples=[{"_type": "daily", "version": 1, "time_of_day": "19:00", "timezone": "Europe/Berlin"}]
    )

    def wanted_time(self) -> WantedTime:
        return WantedTime(delay=self.delay, at=self.at, schedule=self.schedule)


class ScheduleIn(TimeIn):
    """An event that somebody asks for."""

    event_type: PlainText = Field(min_length=1, max_length=200, examples=["divvy.stop_resource"])
    resource_id: PlainText | None = Field(default=None, max_length=2000, examples=["instance:10:us-east-1:i-0abc:"])
    args: dict[str, Any] | None = Field(default=None, description="The job's arguments.")
    description: PlainText = Field(default="", max_length=1000)
    expires_after: SpanText | None = Field(default=None, description="How late a one-off may still start.")
    catch_up: CatchUpWord | None = Field(default=None, description="What becomes of missed times.")
    allow_unknown: bool = Field(default=False, description="Accept a type that nobody has brought yet; it waits.")

    def wanted(self, *, now: datetime) -> WantedEvent:
        """Return what is asked for.

        Raises:
            Invalid: the time cannot be read.
        """
        return WantedEvent(
            event_type=self.event_type,
            when=self.wanted_time().read(now=now),
            resource_id=self.resource_id,
            args=self.args,
            description=self.description,
            expires_after=None
            if self.expires_after is None
            else read_duration(self.expires_after, name="expires_after"),
            catch_up=self.catch_up,
            allow_unknown=self.allow_unknown,
        )


class ReasonIn(_Strict):
    """Why."""

    reason: ReasonText = ""


class ResumeIn(ReasonIn):
    """How a paused event goes on."""

    catch_up: CatchUpWord | None = Field(
        default=None, description="What becomes of the times missed meanwhile, and of all that are missed later."
    )


class RescheduleIn(TimeIn):
    """Another time. Only a whole schedule may turn a recurring event into a one-off."""

    reason: ReasonText = ""


class ResolveIn(_Strict):
    """How a held event is settled."""

    resolution: Resolution
    reason: ReasonText = Field(min_length=1, max_length=1000, description="How the outcome is known.")


class BulkIn(TimeIn):
    """One verb for many events."""

    verb: EventVerb
    ids: list[int] = Field(min_length=1, max_length=MOST_ITEMS)
    reason: ReasonText = ""
    catch_up: CatchUpWord | None = Field(default=None, description="For `resume`.")
    resolution: Resolution | None = Field(default=None, description="For `resolve`.")
