"""Making known what this process can find: its plugins, and the event types that they and we bring."""

from collections.abc import Sequence
from dataclasses import dataclass

from duetime.app.app import App
from duetime.core.errors import DuetimeError
from duetime.engine.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Published:
    """What was made known.

    Attributes:
        event_types: every event type that this process can run.
        failures: the plugins that could not be loaded; they keep nobody from the rest.
    """

    event_types: tuple[str, ...]
    failures: tuple[DuetimeError, ...]


def load_plugins(app: App) -> Sequence[DuetimeError]:
    """Load the plugins that this process finds into it, but for those that somebody wished unloaded.

    For commands that must know what plugins bring without being a worker. A plugin that fails is left out; the errors
    are returned, so that one bad plugin stands in nobody's way.
    """
    with app.store.read() as tx:
        wishes = tx.plugins.wishes()
    loaded = {plugin.name for plugin in app.manager.loaded()}
    failures: list[DuetimeError] = []
    for source in app.plugin_sources():
        wish = wishes.get(source.name)
        if source.name in loaded or (wish is not None and wish.wish == "unloaded"):
            continue
        try:
            app.manager.load(source, generation=1 if wish is None else wish.generation)
        except DuetimeError as error:
            failures.append(error)
    return failures


def publish(app: App, *, plugins: bool = True) -> Published:
    """Write down what this process finds, so that events can be scheduled by hand before the first worker starts.

    Args:
        app: whose database it is.
        plugins: load the plugins too, to see what they bring; a worker does that by itself.
    """
    failures = load_plugins(app) if plugins else ()
    catalogue = Catalogue(app.registries)
    for plugin in app.manager.loaded():
        catalogue.set_generation(plugin.name, plugin.generation)
    kinds = [handler.kind for handler in catalogue.handlers().values()]
    with app.store.write() as tx:
        tx.plugins.ensure(sorted(source.name for source in app.plugin_sources()))
        tx.event_types.publish(kinds)
    return Published(tuple(sorted(kind.event_type for kind in kinds)), tuple(failures))
