"""Which action of a bot is asking, for trackers inside it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


def _anything(_event_type: str) -> None:
    """Let every event type pass."""


class Asking(NamedTuple):
    """Which action asks.

    Attributes:
        slot: where it stands in the bot; empty outside of a bot run.
        beyond: resources that it was given as not being what it is called for.
        permit: raises when an event type may not be scheduled.
    """

    slot: str = ""
    beyond: frozenset[str] = frozenset()
    permit: Callable[[str], None] = _anything


_NOBODY = Asking()
_asking: ContextVar[Asking] = ContextVar("duetime_action_slot", default=_NOBODY)


@contextmanager
def action_slot(slot: str, *, beyond: Iterable[str] = (), permit: Callable[[str], None] = _anything) -> Iterator[None]:
    """Tell trackers in the block which action of the bot is asking, so that its wishes keep apart from others'.

    Args:
        slot: the action.
        beyond: resources that it was given as not being what it is called for. What it asks for them has another reason
            than the bot's filters: unless it says otherwise, these are not asked again, and no change cancels it.
        permit: asked about each event type that is to be scheduled; raises `NotAllowed`.
    """
    token = _asking.set(Asking(slot, frozenset(beyond), permit))
    try:
        yield
    finally:
        _asking.reset(token)


def current_asking() -> Asking:
    """Return which action asks; outside of one, nobody's."""
    return _asking.get()
