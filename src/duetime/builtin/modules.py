"""The modules that every app loads, in order."""

from types import ModuleType

from duetime.builtin import actions, bot_run, filters, harvest, instances, prune

MODULES: tuple[ModuleType, ...] = (instances, bot_run, harvest, prune, filters, actions)
