"""A bot as it is stored: who is looked at, what is looked for, what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from duetime.core.schedules import Schedule


class BotStatus(StrEnum):
    """Where a bot stands; the words are those of the older interface."""

    RUNNING = "RUNNING"
    """It runs by its schedule and on demand."""
    PAUSED = "PAUSED"
    """It does not run; the events it scheduled still do."""
    ARCHIVED = "ARCHIVED"
    """Final: it never runs again, and its pending events were cancelled."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose resources a bot looks at; an empty part means all."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilterUse:
    """A registered filter with its settings."""

    uid: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionUse:
    """A registered action with its settings."""

    uid: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotDefinition:
    """What a bot file says."""

    name: str
    description: str = ""
    owner: str | None = None
    scope: Scope = Scope()
    filters: tuple[FilterUse, ...] = ()
    actions: tuple[ActionUse, ...] = ()
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot with its identity. Actions receive it as `bot`."""

    bot_id: int
    definition: BotDefinition
    version: int = 1
    status: BotStatus = BotStatus.RUNNING
    created_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def resource_id(self) -> str:
        """The bot's own id, as existing plugins know it."""
        return f"divvybot:1:{self.bot_id}"

    @property
    def owner(self) -> str | None:
        """The user that the bot acts for, such as `divvyuser:7`."""
        return self.definition.owner
