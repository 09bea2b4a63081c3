"""A bot as it is stored: who is looked at, what is looked for, what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


class Hookpoint(StrEnum):
    """What happens to a resource that may make a bot run for it; the values are those of the older interface."""

    CREATED = "divvycloud.resource.created"
    MODIFIED = "divvycloud.resource.modified"
    TAGS_MODIFIED = "divvycloud.resource.tags_modified"
    DESTROYED = "divvycloud.resource.destroyed"


class Severity(StrEnum):
    """How much what a bot finds matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Badge:
    """A label of an account; without a value, the key alone is asked for."""

    key: str
    value: str | None = None

    def is_on(self, badges: Mapping[str, str]) -> bool:
        """Return whether an account with these badges has it."""
        return self.key in badges and self.value in (None, badges[self.key])

    def __str__(self) -> str:
        return self.key if self.value is None else f"{self.key}:{self.value}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose resources a bot looks at; an empty part means all.

    Attributes:
        groups: resource groups; a resource in one of them is in scope.
        all_badges: badges that an account must have, every one of them.
        any_badges: badges of which an account must have at least one.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    resource_types: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    all_badges: tuple[Badge, ...] = ()
    any_badges: tuple[Badge, ...] = ()

    @property
    def asks_badges(self) -> bool:
        return bool(self.all_badges or self.any_badges)

    def accepts_badges(self, badges: Mapping[str, str]) -> bool:
        """Return whether an account with these badges is in scope."""
        return all(badge.is_on(badges) for badge in self.all_badges) and (
            not self.any_badges or any(badge.is_on(badges) for badge in self.any_badges)
        )

    def badges_in_words(self) -> str:
        """Say which badges an account must have, such as `env:production and (team:a or team:b)`."""
        parts = [str(badge) for badge in self.all_badges]
        either = " or ".join(map(str, self.any_badges))
        if either:
            parts.append(f"({either})" if parts and len(self.any_badges) > 1 else either)
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class FilterUse:
    """A registered filter with its settings."""

    uid: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionUse:
    """A registered action with its settings.

    Attributes:
        on_match: whether it is called for the resources that match, or for those in scope that do not.
    """

    uid: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    on_match: bool = True


@dataclass(frozen=True, slots=True)
class BotDefinition:
    """What a bot file says.

    Attributes:
        triggers: what happens to a resource in scope that makes the bot run for it, beside its schedule.
        exempt_tags: a resource with one of these tags never matches; what was scheduled for it is cancelled.
        cancel_when_compliant: whether a pending event is cancelled once its resource no longer matches; None = those
            of destructive types are.
        max_inventory_age: how old an account's last harvest may be for the bot to act on it; None = the setting.
    """

    name: str
    description: str = ""
    owner: str | None = None
    scope: Scope = Scope()
    filters: tuple[FilterUse, ...] = ()
    actions: tuple[ActionUse, ...] = ()
    schedule: Schedule | None = None
    category: str = ""
    severity: Severity | None = None
    notes: str = ""
    triggers: tuple[Hookpoint, ...] = ()
    exempt_tags: tuple[str, ...] = ()
    cancel_when_compliant: bool | None = None
    max_inventory_age: timedelta | None = None

    @property
    def slots(self) -> tuple[str, ...]:
        """Where each action stands, such as `0:divvy.action.stop`: what it asks for keeps apart by it from others'."""
        return tuple(f"{index}:{use.uid}" for index, use in enumerate(self.actions))


@dataclass(frozen=True, slots=True)
class BotVersion:
    """One definition that a bot has, or had."""

    bot_id: int
    version: int
    definition: BotDefinition
    created_at: datetime
    created_by: str = ""


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
