"""Setting tags, taking them off, and putting back what was there."""

from collections.abc import Iterable
from typing import Any

from duetime.builtin.event_ids import RESTORE_TAGS, TAG, UNTAG
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.json_types import JsonObject
from duetime.jobs.registration import ScheduledEventRegistryWrapper

events = ScheduledEventRegistryWrapper()


@events.register(TAG)
class Tag(ResourceOperation):
    """Sets tags; the other tags stay.

    Args:
        tags: values by key.
    """

    operation = "tag"
    inverse = RESTORE_TAGS
    changes = ("tags",)

    def __init__(self, *, tags: dict[str, str], **own: Any) -> None:
        super().__init__(**own)
        self.tags = tags

    def arguments(self) -> JsonObject:
        return {"tags": dict(self.tags)}

    def problem(self) -> str | None:
        if not self.tags:
            return "tags must name at least one tag to set"
        return _no_texts("tags", [*self.tags, *self.tags.values()])


@events.register(UNTAG)
class Untag(ResourceOperation):
    """Takes tags off; those that are not there are no fault.

    Args:
        keys: the tags' keys.
    """

    operation = "untag"
    inverse = RESTORE_TAGS
    changes = ("tags",)

    def __init__(self, *, keys: list[str], **own: Any) -> None:
        super().__init__(**own)
        self.keys = keys

    def arguments(self) -> JsonObject:
        return {"keys": list(self.keys)}

    def problem(self) -> str | None:
        return "keys must name at least one tag" if not self.keys else _no_texts("keys", self.keys)


@events.register(RESTORE_TAGS)
class RestoreTags(ResourceOperation):
    """Puts some tags back as they were: sets those that had a value, takes off those that were not there.

    Args:
        tags: former values by key.
        absent: keys that were not there.
    """

    operation = "restore_tags"
    inverse = RESTORE_TAGS
    changes = ("tags",)

    def __init__(self, *, tags: dict[str, str] | None = None, absent: list[str] | None = None, **own: Any) -> None:
        super().__init__(**own)
        self.tags = tags or {}
        self.absent = absent or []

    def arguments(self) -> JsonObject:
        return {"tags": dict(self.tags), "absent": list(self.absent)}

    def problem(self) -> str | None:
        if not self.tags and not self.absent:
            return "tags or absent must name at least one tag"
        both = sorted(set(self.tags) & set(self.absent))
        if both:
            return f"tag {both[0]!r} cannot be put back and be absent"
        return _no_texts("tags", [*self.tags, *self.tags.values(), *self.absent])


def load() -> None:
    """Register them."""
    events.load()


def unload() -> None:
    """Take them back."""
    events.unload()


def _no_texts(name: str, values: Iterable[object]) -> str | None:
    wrong = [value for value in values if not isinstance(value, str)]
    return f"{name} must hold texts alone, not {wrong[0]!r}" if wrong else None
