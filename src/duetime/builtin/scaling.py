"""Changing how many of something run."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from duetime.builtin.event_ids import RESTORE_SCALE, SCALE
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.json_types import JsonObject, canonical
from duetime.core.outcomes import Skipped
from duetime.core.resources import Resource
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client
from duetime.store.note_table import PastNote

events = ScheduledEventRegistryWrapper()


@events.register(SCALE)
class Scale(ResourceOperation):
    """Sets how many members a group, service or node group has, and how few or many it may have.

    What is left out stays as it is. Undoing it scales back to the three numbers from before.

    Args:
        minimum: the fewest it may have.
        maximum: the most it may have.
        desired: how many it shall have.
    """

    operation = "scale"
    inverse = SCALE

    def __init__(
        self, *, minimum: int | None = None, maximum: int | None = None, desired: int | None = None, **own: Any
    ) -> None:
        super().__init__(**own)
        self.sizes = {"minimum": minimum, "maximum": maximum, "desired": desired}

    def arguments(self) -> JsonObject:
        return {name: size for name, size in self.sizes.items() if size is not None}

    def problem(self) -> str | None:
        said = {name: size for name, size in self.sizes.items() if size is not None}
        if not said:
            return "one of minimum, maximum and desired must be given"
        negative = [name for name, size in said.items() if size < 0]
        if negative:
            return f"{negative[0]} must not be negative"
        ordered = [name for name in ("minimum", "desired", "maximum") if name in said]
        for fewer, more in pairwise(ordered):
            if said[fewer] > said[more]:
                return f"{fewer} ({said[fewer]}) must not be above {more} ({said[more]})"
        return None


@events.register(RESTORE_SCALE)
class RestoreScale(ResourceOperation):
    """Scales resources back to what they had before they were first scaled since the last time they were restored.

    For a rhythm such as: down to nothing every evening, back up every morning.
    """

    operation = "scale"
    inverse = SCALE

    def __init__(self, **own: Any) -> None:
        super().__init__(**own)
        self._sizes: JsonObject = {}

    def arguments(self) -> JsonObject:
        return self._sizes

    def _serve(self, members: Sequence[Resource]) -> None:
        with current_client(RESTORE_SCALE).store.read() as tx:
            past = {
                one.resource_id: tx.notes.of_resource(one.resource_id, event_types=(SCALE, RESTORE_SCALE))
                for one in members
            }
        by_sizes: dict[str, list[Resource]] = {}
        for resource in members:
            sizes = sizes_before(past[resource.resource_id])
            if sizes is None:
                self.report(resource, Skipped("it was not scaled since it was last restored"))
            else:
                by_sizes.setdefault(canonical(sizes), []).append(resource)
        for text, same in by_sizes.items():
            self._sizes = json.loads(text)
            super()._serve(same)


def sizes_before(past: Iterable[PastNote]) -> JsonObject | None:
    """Return the sizes from before the first scaling since the last restoration, or None when there was none.

    What was undone, and the undoing itself, count as if they had not been.

    Args:
        past: the notes of a resource's scalings and restorations, the newest first.
    """
    notes = list(past)
    undoing = {note.undone_by for note in notes}
    sizes: JsonObject | None = None
    for note in notes:
        if note.undone_by is not None or note.event_id in undoing:
            continue
        if note.event_type == RESTORE_SCALE:
            break
        match note.note.get("undo"):
            case {"args": dict(before)}:
                sizes = {name: size for name, size in before.items() if size is not None}
            case _:
                pass
    return sizes


def load() -> None:
    """Register both."""
    events.load()


def unload() -> None:
    """Take both back."""
    events.unload()
