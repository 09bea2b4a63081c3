"""Who may change a bot: a question that is asked in the transaction of the change."""

from collections.abc import Callable

from duetime.core.bots import Bot

Require = Callable[[Bot | None], None]
"""Refuses a change by raising, told what the bot is at that moment; None = there is none of that name.

Because it is asked in the transaction of the change, what it judged is what is changed.
"""


def anybody(_present: Bot | None) -> None:
    """Refuse nothing: whoever may open the database may change its bots."""
