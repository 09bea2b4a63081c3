"""Bots, as the API shows and takes them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from duetime.bots.definition import LONGEST_NAME, to_document
from duetime.bots.lifecycle import Applied, Moved
from duetime.bots.pending import PendingEvents, PendingNumbers
from duetime.bots.versions import Difference
from duetime.core.bots import Bot, BotDefinition, BotStatus, BotVersion
from duetime.core.errors import InvalidDocument
from duetime.core.events import Event, Run
from duetime.core.sanitising import history_text
from duetime.core.statuses import EventStatus, RunStatus
from duetime.web.parameters import LARGEST_ID, PlainText

BotName = Annotated[PlainText, Path(min_length=1, max_length=LONGEST_NAME, description="The bot's name.")]
VersionNumber = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The version's number.")]
OnChange = Literal[PendingEvents.KEEP, PendingEvents.RE_EVALUATE, PendingEvents.CANCEL]
OnPause = Literal[PendingEvents.KEEP, PendingEvents.PAUSE, PendingEvents.CANCEL]
_Reason = Annotated[PlainText, Field(max_length=1000, description="Why; kept in the audit trail.")]


class BotOut(BaseModel):
    """A bot as it stands."""

    bot_id: int = Field(description="Its number; 0 in the preview of a new one.")
    name: str
    resource_id: str = Field(description="Its own id, as plugins know it.", examples=["divvybot:1:7"])
    status: BotStatus
    version: int
    created_at: datetime | None
    schedule_in_words: str | None = Field(description="When it runs by itself; null when it runs on demand.")
    definition: dict[str, Any] = Field(description="The document that makes it what it is.")

    @classmethod
    def of(cls, bot: Bot, *, masked: bool = False) -> "BotOut":
        """Return a bot as the API shows it.

        Args:
            bot: which.
            masked: whether secrets that somebody wrote into settings are masked; such a document cannot be sent back.
        """
        schedule = bot.definition.schedule
        return cls(
            bot_id=bot.bot_id,
            name=bot.name,
            resource_id=bot.resource_id,
            status=bot.status,
            version=bot.version,
            created_at=bot.created_at,
            schedule_in_words=None if schedule is None else schedule.describe(),
            definition=definition_out(bot.definition, masked=masked),
        )


def definition_out(definition: BotDefinition, *, masked: bool) -> dict[str, Any]:
    """Return a definition as the API shows it."""
    document = dict(to_document(definition))
    if not masked:
        return document
    text = history_text(document) or "{}"
    try:
        shown = json.loads(text)
    except ValueError:  # it was cut
        return {"cut": text}
    return shown if isinstance(shown, dict) else {}


class ListedBotOut(BotOut):
    """A bot in a list."""

    next_run_at: datetime | None = Field(description="When its schedule runs it next; null when nothing does.")

    @classmethod
    def listed(cls, bot: Bot, *, masked: bool, next_run_at: datetime | None) -> "ListedBotOut":
        """Return a bot as lists show it."""
        return cls(**BotOut.of(bot, masked=masked).model_dump(), next_run_at=next_run_at)


class PendingOut(BaseModel):
    """How many pending events of a bot become what."""

    kept: int
    paused: int
    resumed: int
    cancelled: int
    unsure: int = Field(description="Those among the kept and resumed of which nobody can say whether they are wanted.")

    @classmethod
    def of(cls, numbers: PendingNumbers) -> "PendingOut":
        return cls(
            kept=numbers.kept,
            paused=numbers.paused,
            resumed=numbers.resumed,
            cancelled=numbers.cancelled,
            unsure=numbers.unsure,
        )


class AppliedOut(BaseModel):
    """What a document did to a bot, or would do."""

    bot: BotOut
    is_new: bool
    is_changed: bool
    is_preview: bool = Field(description="Whether nothing was changed: the answer says what would be.")
    pending: PendingOut

    @classmethod
    def of(cls, applied: Applied, *, is_preview: bool = False) -> "AppliedOut":
        """Return it as the API shows it."""
        return cls(
            bot=BotOut.of(applied.bot),
            is_new=applied.is_new,
            is_changed=applied.is_changed,
            is_preview=is_preview,
            pending=PendingOut.of(applied.pending),
        )


class AppliedBotsOut(BaseModel):
    """What a text of bots did, bot by bot."""

    bots: list[AppliedOut]
    warnings: list["BotRemarkOut"] = Field(description="What scopes name and nothing knows.")
    remarks: list[str] = Field(description="What was read as something else, or left behind.")


class BotRemarkOut(BaseModel):
    """Something about one place of a document."""

    line: int | None
    column: int | None
    problem: str

    @classmethod
    def of(cls, problem: InvalidDocument) -> "BotRemarkOut":
        """Return a problem as the API shows it."""
        return cls(line=problem.line, column=problem.column, problem=problem.problem)


class ValidationOut(BaseModel):
    """Everything that is to be said about a text of bots."""

    valid: bool
    bots: list[str] = Field(description="The names of the bots in it.")
    problems: list[BotRemarkOut] = Field(description="What keeps it from being applied.")
    warnings: list[BotRemarkOut] = Field(description="What scopes name and nothing knows.")
    remarks: list[str]


class MovedOut(BaseModel):
    """What pausing, resuming or archiving did, or would do."""

    bot: BotOut
    is_preview: bool = Field(description="Whether nothing was changed: the numbers say what would be.")
    pending: PendingOut

    @classmethod
    def of(cls, moved: Moved, *, is_preview: bool = False) -> "MovedOut":
        """Return it as the API shows it."""
        return cls(bot=BotOut.of(moved.bot), is_preview=is_preview, pending=PendingOut.of(moved.pending))


class BotReasonIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: _Reason = ""


class PauseBotIn(BotReasonIn):
    """How a bot is paused."""

    pending: OnPause = Field(default=PendingEvents.KEEP, description="What becomes of the events that it has pending.")


class ActivateIn(BaseModel):
    """How an earlier version becomes the active one."""

    model_config = ConfigDict(extra="forbid")
    pending: OnChange = Field(default=PendingEvents.KEEP, description="What becomes of the events that it has pending.")


class BotVersionOut(BaseModel):
    """One definition that a bot has, or had."""

    version: int
    is_active: bool
    created_at: datetime
    created_by: str
    changed: list[str] | None = Field(
        description="The parts that differ from the version before; null when that one is not known.",
        examples=[["filters[0].settings.values"]],
    )
    definition: dict[str, Any]

    @classmethod
    def of(
        cls, version: BotVersion, *, active: int, changed: Mapping[int, Sequence[str]], masked: bool
    ) -> "BotVersionOut":
        """Return a version as the API shows it."""
        found = changed.get(version.version)
        return cls(
            version=version.version,
            is_active=version.version == active,
            created_at=version.created_at,
            created_by=version.created_by,
            changed=None if found is None else list(found),
            definition=definition_out(version.definition, masked=masked),
        )


class DifferenceOut(BaseModel):
    """One part that is not the same in two versions."""

    path: str
    before: Any
    after: Any

    @classmethod
    def of(cls, difference: Difference) -> "DifferenceOut":
        """Return a difference as the API shows it."""
        return cls(path=difference.path, before=difference.before, after=difference.after)


class ComparisonOut(BaseModel):
    """Two versions of a bot, side by side."""

    name: str
    before: int
    after: int
    differences: list[DifferenceOut]
    diff: str = Field(description="The same as a unified diff of the YAML texts; empty when they are equal.")


class BotRunOut(BaseModel):
    """A run of a bot, from when it is asked for to its end."""

    event_id: int
    status: EventStatus
    status_reason: str
    due_at: datetime
    watch: str = Field(description="Where to look how it goes on.", examples=["/api/v1/bots/nightly/runs/17"])
    outcome: RunStatus | None = Field(description="How its last attempt ended; null while none has.")
    finished_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, event: Event, run: Run | None, *, watch: str) -> "BotRunOut":
        """Return a run as the API shows it."""
        return cls(
            event_id=event.event_id,
            status=event.status,
            status_reason=event.status_reason,
            due_at=event.due_at,
            watch=watch,
            outcome=None if run is None else run.status,
            finished_at=None if run is None else run.finished_at,
            error=None if run is None else run.error,
        )
