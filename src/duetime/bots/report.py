"""What one run of a bot found and did."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from duetime.bots.freshness import StaleAccount
from duetime.core.json_types import JsonObject
from duetime.core.resources import Resource
from duetime.store.operation_preview import Effect

MOST_ERRORS = 5
"""How many errors of one action are kept in words; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ActionReport:
    """One action of one run.

    Attributes:
        slot: where it stands in the bot, such as `0:divvy.action.stop`.
        matches: how many matching resources it was given, of the types it supports.
        non_matches: how many resources in scope it was given as not matching; 0 when it does not ask for them.
        failed: how many of its calls raised, and how many resources it could not serve.
        errors: what the first of them said.
        warned: how much was done in another way than it was asked for.
        warnings: what the first of that says.
    """

    slot: str
    uid: str
    matches: int
    non_matches: int
    failed: int = 0
    errors: tuple[str, ...] = ()
    warned: int = 0
    warnings: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        return {
            "slot": self.slot,
            "uid": self.uid,
            "matches": self.matches,
            "non_matches": self.non_matches,
            "failed": self.failed,
            "errors": list(self.errors),
            "warned": self.warned,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class BotRunReport:
    """One run of a bot.

    Attributes:
        version: which version of the bot ran.
        matches: the resources in scope that match all filters.
        non_matches: the resources in scope that do not; None when no action asks for them.
        left_out: the accounts whose inventory is too old to act on.
        effects: how many events the run schedules, keeps, replaces, cancels and drops: the counts by `Effect`. They are
            written in the transaction that ends the run, and are counted just before it.
    """

    bot_id: int
    bot_name: str
    version: int
    matches: tuple[Resource, ...]
    non_matches: tuple[Resource, ...] | None
    actions: tuple[ActionReport, ...] = ()
    left_out: tuple[StaleAccount, ...] = ()
    effects: Mapping[Effect, int] = field(default_factory=dict)

    @property
    def failed_actions(self) -> tuple[ActionReport, ...]:
        return tuple(action for action in self.actions if action.failed)

    def to_json(self) -> JsonObject:
        """Return the numbers and errors for the history; the resources themselves are too many for it."""
        return {
            "bot_id": self.bot_id,
            "bot": self.bot_name,
            "version": self.version,
            "matches": len(self.matches),
            "non_matches": None if self.non_matches is None else len(self.non_matches),
            "events": {effect.value: self.effects.get(effect, 0) for effect in Effect},
            "left_out": [{"account": stale.account, "reason": stale.reason} for stale in self.left_out],
            "actions": [action.to_json() for action in self.actions],
        }

    def describe_failures(self) -> str:
        """Say in one line which actions failed and why."""
        failures = [f"{action.slot}: {'; '.join(action.errors)}" for action in self.failed_actions]
        return f"{len(failures)} of {len(self.actions)} actions failed: {' | '.join(failures)}"
