"""The two keys of an event: which live event it may be, and which events it may be served with."""

from functools import lru_cache
from hashlib import blake2b

_SEPARATOR = "\x1f"
_WHO_BYTES = 4


def dedupe_key(*, bot_id: int, slot: str, resource_id: str, event_type: str, nth: int) -> bytes:
    """Return the 16 bytes that name one wish of one bot.

    The first four say who asks, so that what a bot asks for in one run lies together in the index: with the keys of
    half a million other events in it, each insert would else touch, and log, a page of its own.

    Args:
        bot_id: the bot.
        slot: which of its actions asks.
        resource_id: for which resource; empty for none.
        event_type: what for.
        nth: how often the same four were asked for before, in this block: two messages of one bot are two events.
    """
    which = f"{resource_id}{_SEPARATOR}{nth}".encode("utf-8", "surrogatepass")
    return _who(bot_id, slot, event_type) + blake2b(which, digest_size=12).digest()


def is_asked_by(key: bytes, *, bot_id: int, slot: str, event_type: str) -> bool:
    """Return whether a dedupe key names a wish of this action of this bot for this event type."""
    return key[:_WHO_BYTES] == _who(bot_id, slot, event_type)


@lru_cache(maxsize=1024)
def _who(bot_id: int, slot: str, event_type: str) -> bytes:
    text = _SEPARATOR.join((str(bot_id), slot, event_type))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_WHO_BYTES).digest()


@lru_cache(maxsize=4096)
def group_key(*, account: str, region: str, args_text: str) -> int:
    """Return a number equal for events that one job call may serve; the engine compares the parts themselves again."""
    text = _SEPARATOR.join((account, region, args_text))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)
