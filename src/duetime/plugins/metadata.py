"""What a plugin says of itself."""

from collections.abc import Iterable
from types import ModuleType

Fact = str | int | float | bool


class PluginMetadata:
    """Base of a plugin's `class metadata(PluginMetadata)`.

    Its attributes are kept as they are and shown; these are the usual ones, and any other may be added.
    """

    version = ""
    last_updated_date = ""
    author = ""
    nickname = ""
    default_language_description = ""
    support_email = ""
    support_url = ""
    main_url = ""
    category = ""
    managed = False


def metadata_of(modules: Iterable[ModuleType]) -> dict[str, Fact]:
    """Return what the first `metadata` class among the modules says; nothing without one."""
    for module in modules:
        stated = getattr(module, "metadata", None)
        if isinstance(stated, type) and issubclass(stated, PluginMetadata):
            facts = {name: getattr(stated, name) for name in dir(stated) if not name.startswith("_")}
            return {name: fact for name, fact in facts.items() if isinstance(fact, Fact) and fact != ""}
    return {}
