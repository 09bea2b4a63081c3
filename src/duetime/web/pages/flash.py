"""What a page says after a change: one of these sentences, named in its address, and never text from there."""

from collections.abc import Mapping
from typing import Final

PARAMETER: Final = "done"
"""The query parameter that names the sentence."""

MESSAGES: Mapping[str, str] = {
    "event-scheduled": "The event is scheduled.",
    "event-cancelled": "The event was cancelled. One that was running ends with its true outcome first.",
    "event-paused": "The event is paused. One that was running is paused when its attempt ends.",
    "event-resumed": "The event runs again from now on.",
    "event-run": "The event is due now.",
    "event-rescheduled": "The event has its new schedule.",
    "event-resolved": "The event is resolved.",
    "run-undone": "This event undoes the run.",
    "run-being-undone": "This event undoes the run already; nothing was added.",
    "bot-applied": "The bot is applied.",
    "bot-unchanged": "The bot says this already; nothing was changed.",
    "bot-paused": "The bot is paused.",
    "bot-resumed": "The bot runs again.",
    "bot-archived": "The bot is archived.",
    "bot-run": "A run of the bot is due now.",
    "bot-activated": "That version of the bot holds now.",
    "plan-gone": "That plan is not kept any more. Make a new one: a plan says what a run would do now.",
    "plugin-loaded": "The plugin is wished to be loaded; workers do it at their next round.",
    "plugin-unloaded": "The plugin is wished to be unloaded; workers do it at their next round.",
    "plugin-reloaded": "The plugin is wished to be loaded anew; workers do it at their next round.",
    "account-saved": "The account is saved.",
    "account-paused": "The account is paused.",
    "account-resumed": "The account is no longer paused.",
    "account-harvest": "A harvest is due now.",
    "login-created": "The login is created.",
    "login-saved": "The login is saved.",
    "login-locked": "The login is locked, and its sessions are ended.",
    "group-saved": "The access group is saved.",
    "group-removed": "The access group is removed.",
    "key-revoked": "The API key is revoked.",
    "session-ended": "The session is ended.",
    "sessions-ended": "The sessions are ended.",
    "password-changed": "The password is changed, and all other sessions are ended.",
    "signed-out": "You are logged out.",
}


def message_of(name: str | None) -> str | None:
    """Return the sentence of this name, or None when there is none."""
    return None if name is None else MESSAGES.get(name)
