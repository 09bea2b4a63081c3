"""The rows of duetime's schema, made by hand with as little as possible."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b

from benchmarks.workload import EVENT_TYPE, Bot, Wish


def created_by(bot: Bot) -> str:
    """Return what stands in the column of that name."""
    return f"bot:{bot.name}"


def texts_and_keys(bot: Bot, wished: Sequence[Wish]) -> Iterator[tuple[str, datetime, str, bytes]]:
    """Yield resource id, due time, schedule text and dedupe key of each wish."""
    who = blake2b(f"{bot.bot_id}\x1f\x1f{EVENT_TYPE}".encode(), digest_size=4).digest()
    for resource_id, when in wished:
        schedule = f'{{"_type":"once","version":1,"when":"{when.isoformat()[:-6]}Z"}}'
        key = who + blake2b(f"{resource_id}\x1f0".encode(), digest_size=12).digest()
        yield resource_id, when, schedule, key
