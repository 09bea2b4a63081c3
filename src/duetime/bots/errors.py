"""What keeps a bot from running for now."""

from collections.abc import Iterable

from duetime.core.errors import Unavailable


class MissingHandler(Unavailable):
    """A bot names filters or actions that no loaded plugin brings at the moment.

    Nothing of the bot is evaluated then: without one of its filters it would find too much.
    """

    def __init__(self, uids: Iterable[str]) -> None:
        self.uids = tuple(dict.fromkeys(uids))
        super().__init__(f"The bot is {self.reason}. Load the plugin that brings it, or change the bot.")

    @property
    def reason(self) -> str:
        """What stands on an event that waits for them."""
        return f"waiting for handler {', '.join(self.uids)}"
