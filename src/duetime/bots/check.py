"""Whether a bot can run with what is loaded: asked when it is applied, so that its author hears it and not a worker."""

from collections.abc import Sequence
from typing import Any

from duetime.bots.action import Action
from duetime.bots.definition import WrittenBot
from duetime.bots.filter import Filter
from duetime.core.bots import ActionUse, FilterUse
from duetime.core.errors import Invalid, InvalidDocument, InvalidSetting, nearest
from duetime.core.registration import Registries
from duetime.core.registry import Registry


def check_bot(bot: WrittenBot, *, registries: Registries, allow_unknown: bool = False) -> None:
    """Look up every filter and action of a bot and validate their settings.

    Args:
        bot: as it was written.
        registries: what is loaded.
        allow_unknown: let uids pass that nobody has loaded; the bot then waits for their plugin.

    Raises:
        InvalidDocument: a uid is not known, or settings do not fit; line and column say where.
    """
    for problem in problems_of(bot, registries=registries, allow_unknown=allow_unknown):
        raise problem


def problems_of(bot: WrittenBot, *, registries: Registries, allow_unknown: bool = False) -> Sequence[InvalidDocument]:
    """Return everything that `check_bot` would refuse."""
    uses: list[tuple[str, int, FilterUse | ActionUse, Registry[Any]]] = [
        *(("filters", index, use, registries.filters) for index, use in enumerate(bot.definition.filters)),
        *(("actions", index, use, registries.actions) for index, use in enumerate(bot.definition.actions)),
    ]
    found = (
        _problem(bot, key, index, use, registry, allow_unknown=allow_unknown) for key, index, use, registry in uses
    )
    return [problem for problem in found if problem is not None]


def _problem(
    bot: WrittenBot,
    key: str,
    index: int,
    use: FilterUse | ActionUse,
    registry: Registry[Any],
    *,
    allow_unknown: bool,
) -> InvalidDocument | None:
    found = registry.get(use.uid)
    if found is None:
        if allow_unknown:
            return None
        near = nearest(use.uid, registry)
        hint = f"did you mean {' or '.join(near)}" if near else "load the plugin that brings it"
        return bot.error(f"there is no {registry.kind} {use.uid!r}; {hint}", key, index, "uid")
    item: Filter | Action = found.item
    try:
        if isinstance(item, Filter):
            item.predicate(use.settings)
        else:
            item.settings(use.settings)
    except InvalidSetting as error:
        hint = f"; did you mean {' or '.join(error.near)}" if error.near else ""
        return bot.error(f"setting {error.name}: {error.problem}{hint}", key, index, "settings", error.name)
    except Invalid as error:
        return bot.error(str(error).rstrip("."), key, index, "settings")
    return None
