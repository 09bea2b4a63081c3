"""What `db upgrade` and `up` do to a database before anybody works with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from duetime.app.publishing import publish
from duetime.app.standing import plant_pruning
from duetime.cli.opening import actor
from duetime.core.registry import BUILTIN
from duetime.store.schema import current

if TYPE_CHECKING:
    from duetime.app.app import App
    from duetime.app.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database that can be worked with.

    Attributes:
        event_types: every event type that is known now.
        from_plugins: those of them that plugins bring.
        failures: what was wrong with plugins that could not be loaded.
    """

    location: str
    revision: str
    event_types: tuple[str, ...]
    from_plugins: tuple[str, ...]
    failures: tuple[str, ...]


def prepare(app: "App", *, settings: "Settings") -> Prepared:
    """Write down what this process finds, and let old history be deleted."""
    published = publish(app)
    app.manager.unload_all()
    with app.store.read() as tx:
        kinds = tx.event_types.by_ids(published.event_types)
    plant_pruning(app.client, history_days=settings.history_days, actor=actor())
    return Prepared(
        location=app.store.location,
        revision=current(app.store.engine) or "",
        event_types=published.event_types,
        from_plugins=tuple(name for name in published.event_types if kinds[name].plugin != BUILTIN),
        failures=tuple(map(str, published.failures)),
    )
