"""A plugin that is loaded, as others may see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from duetime.plugins.faults import Fault
from duetime.plugins.metadata import Fact
from duetime.plugins.source import PluginSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """What one load of a plugin brought.

    Attributes:
        generation: which load of it, as the caller counted.
        event_types: the event types that it registered, by name; likewise the actions, filters and hooks.
        overrides: those of all its names that stand before a built-in one.
        metadata: what it says of itself: version, author, nickname and so on.
        faults: what went wrong in the `unload()` functions of the generation that this one replaced.
    """

    name: str
    generation: int
    source: PluginSource
    event_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    metadata: Mapping[str, Fact] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
