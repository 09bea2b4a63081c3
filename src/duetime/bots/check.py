"""Whether a bot can run with what is loaded: asked when it is applied, so that its author hears it and not a worker."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duetime.bots.action import Action
from duetime.bots.complaints import Complaints
from duetime.bots.definition import WrittenBot
from duetime.bots.errors import MissingHandler
from duetime.bots.filter import Filter
from duetime.bots.setting_fields import EventField, EventTypeField, FilterListField
from duetime.bots.use_part import UNREADABLE, read_filter
from duetime.core.bots import ActionUse, FilterUse
from duetime.core.errors import Invalid, InvalidDocument, InvalidSetting, nearest
from duetime.core.fields import Field, setting_faults
from duetime.core.registration import Registries
from duetime.core.registry import Registry

Path = tuple[str | int, ...]


def check_bot(
    bot: WrittenBot,
    *,
    registries: Registries,
    event_types: Collection[str] | None = None,
    allow_unknown: bool = False,
) -> None:
    """Look up every filter and action of a bot and validate their settings.

    Args:
        bot: as it was written.
        registries: what is loaded.
        event_types: the event types that there are; None = settings may name any.
        allow_unknown: let uids and event types pass that nobody has loaded; the bot then waits for their plugin.

    Raises:
        InvalidDocument: a uid or event type is not known, or settings do not fit; line and column say where.
    """
    for problem in problems_of(bot, registries=registries, event_types=event_types, allow_unknown=allow_unknown):
        raise problem


def problems_of(
    bot: WrittenBot,
    *,
    registries: Registries,
    event_types: Collection[str] | None = None,
    allow_unknown: bool = False,
) -> Sequence[InvalidDocument]:
    """Return everything that `check_bot` would refuse, of filters inside other filters too."""
    check = _Check(bot, registries, None if allow_unknown else event_types, allow_unknown=allow_unknown)
    problems: list[InvalidDocument] = []
    for index, filter_use in enumerate(bot.definition.filters):
        problems += check.use(filter_use, registries.filters, ("filters", index))
    for index, action_use in enumerate(bot.definition.actions):
        problems += check.use(action_use, registries.actions, ("actions", index))
    return problems


@dataclass(frozen=True)
class _Check:
    bot: WrittenBot
    registries: Registries
    event_types: Collection[str] | None
    allow_unknown: bool

    def use(self, use: FilterUse | ActionUse, registry: Registry[Any], path: Path) -> list[InvalidDocument]:
        """Return what is wrong with one filter or action and with the filters inside it."""
        if use.uid == UNREADABLE:  # said when it was read
            return []
        found = registry.get(use.uid)
        if found is None:
            unknown = self._unknown(registry.kind, use.uid, tuple(registry), (*path, "uid"))
            return [] if self.allow_unknown else [unknown]
        item: Filter | Action = found.item
        fields = item.fields if isinstance(item, Filter) else item.settings_config
        inner = [problem for field in fields for problem in self._inside(field, use, (*path, "settings", field.name))]
        said = {field.name for field in fields if isinstance(field, FilterListField)} if inner else set()
        problems = [
            self._fault(fault, path) for fault in setting_faults(fields, use.settings) if fault.name not in said
        ]
        # Settings that do not fit one by one say nothing as a whole.
        return [*problems, *inner] or list(self._as_a_whole(item, use, path))

    def _inside(self, field: Field, use: FilterUse | ActionUse, path: Path) -> Iterator[InvalidDocument]:
        """Yield what is wrong with what a setting names: an event type, or further filters."""
        value = use.settings.get(field.name)
        if isinstance(field, EventTypeField) and self.event_types is not None:
            if isinstance(value, str) and value and value not in self.event_types:
                yield self._unknown("event type", value, self.event_types, path)
        elif isinstance(field, EventField) and self.event_types is not None:
            event_type = value.get("event_type") if isinstance(value, Mapping) else None
            if isinstance(event_type, str) and event_type and event_type not in self.event_types:
                yield self._unknown("event type", event_type, self.event_types, (*path, "event_type"))
        elif isinstance(field, FilterListField):
            written = self.bot.find(*path)
            for index, node in enumerate(written.value if written and isinstance(written.value, list) else ()):
                complaints = Complaints()
                inner = read_filter(node, complaints)
                yield from complaints.found
                yield from self.use(inner, self.registries.filters, (*path, index))

    def _as_a_whole(self, item: Filter | Action, use: FilterUse | ActionUse, path: Path) -> Iterator[InvalidDocument]:
        try:
            if isinstance(item, Filter):
                item.within(self.registries.filters).predicate(use.settings)
            else:
                item.settings(use.settings)
        except InvalidSetting as fault:
            yield self._fault(fault, path)
        except MissingHandler:
            pass  # a filter inside it, which may be missing or was complained about
        except Invalid as error:
            yield self.bot.error(str(error).rstrip("."), *path, "settings")
        except Exception as error:  # noqa: BLE001 - filters and checks are plugin code, which may raise anything
            yield self.bot.error(f"{use.uid} failed on these settings: {type(error).__name__}: {error}", *path)

    def _fault(self, fault: InvalidSetting, path: Path) -> InvalidDocument:
        hint = f"; did you mean {' or '.join(fault.near)}" if fault.near else ""
        return self.bot.error(f"setting {fault.name}: {fault.problem}{hint}", *path, "settings", fault.name)

    def _unknown(self, kind: str, name: str, known: Collection[str], path: Path) -> InvalidDocument:
        near = nearest(name, known)
        hint = f"did you mean {' or '.join(near)}" if near else "load the plugin that brings it"
        return self.bot.error(f"there is no {kind} {name!r}; {hint}", *path)
