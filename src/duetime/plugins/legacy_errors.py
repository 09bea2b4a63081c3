"""What a plugin is told when it imports something of the older product that duetime does not have."""

import importlib
import pkgutil
from types import ModuleType

from duetime.plugins.aliases import LEGACY_PACKAGES, REPLACEMENTS


def missing_module(asked: str) -> ModuleNotFoundError:
    """Return the error for a module that does not exist, under the name that the plugin asked for."""
    parent, there = _surroundings(asked)
    known = f"{parent} has {', '.join(there) or 'no modules'}" if parent else f"There are {', '.join(there)}"
    return ModuleNotFoundError(f"duetime has no module {asked}. {known}.{_instead(asked)}", name=asked)


def missing_name(name: str, *, asked: str, module: ModuleType) -> ImportError:
    """Return the error for a name that a module does not have."""
    there = [*sorted(getattr(module, "__all__", ())), *_modules_in(module)]
    known = ", ".join(there) or "nothing"
    return ImportError(f"duetime's {asked} has no {name}. It has {known}.{_instead(f'{asked}.{name}')}", name=asked)


def _surroundings(asked: str) -> tuple[str, list[str]]:
    """Return the nearest package above `asked` that exists, and what is in it."""
    parent = asked.rpartition(".")[0]
    while parent:
        try:
            return parent, _modules_in(importlib.import_module(parent))
        except ModuleNotFoundError:
            parent = parent.rpartition(".")[0]
    return "", list(LEGACY_PACKAGES)


def _modules_in(module: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", ()))]


def _instead(asked: str) -> str:
    while asked:
        if asked in REPLACEMENTS:
            return f" Instead, {REPLACEMENTS[asked]}."
        asked = asked.rpartition(".")[0]
    return ""
