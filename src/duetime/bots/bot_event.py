"""What an action that is called once per resource receives."""

from typing import NamedTuple

from duetime.core.resources import Resource


class BotEvent(NamedTuple):
    """One resource that a bot found, as per-resource actions and message templates see it.

    Attributes:
        hookpoint: what made the bot look, such as `duetime.run_bot` for a run by schedule or on demand.
    """

    hookpoint: str
    resource: Resource
    bot_id: int
    bot_name: str
