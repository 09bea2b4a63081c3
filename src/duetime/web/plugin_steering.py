"""What a visitor may wish of plugins."""

from enum import StrEnum

from duetime.app.app import App
from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName, nearest
from duetime.store.plugin_table import PluginWish
from duetime.web.errors import Forbidden
from duetime.web.visitor import Visitor


class PluginVerb(StrEnum):
    """What may be wished of a plugin."""

    LOAD = "load"
    """Every worker shall load it; its events, which have waited, run by their catch-up rules."""
    UNLOAD = "unload"
    """Every worker shall unload it; its running jobs end, its other events wait until it is back."""
    RELOAD = "reload"
    """Every worker shall load it anew from its files; when that fails, the old one goes on."""

    @property
    def wish(self) -> str:
        """What is then wished: `loaded` or `unloaded`."""
        return "unloaded" if self is PluginVerb.UNLOAD else "loaded"


def may_steer_plugins(visitor: Visitor) -> bool:
    """Return whether a visitor may load and unload plugins: they are the same for all accounts."""
    return visitor.reach(Feature.PLUGINS, Role.ADMIN).is_everywhere


def require_steering(visitor: Visitor) -> None:
    """Refuse a visitor who may not load and unload plugins.

    Raises:
        Forbidden: the visitor may not; a plugin is loaded for all accounts or for none.
    """
    if not may_steer_plugins(visitor):
        raise Forbidden(Feature.PLUGINS, Role.ADMIN, "in all accounts, because plugins are the same for all of them")


def known_plugins(app: App) -> frozenset[str]:
    """Return the names of the plugins that this process finds, or that anybody has ever wished something of."""
    found = {source.name for source in app.plugin_sources()}
    with app.store.read() as tx:
        return frozenset(found | tx.plugins.wishes().keys())


def require_plugin(app: App, name: str) -> None:
    """See that there is a plugin.

    Raises:
        UnknownName: neither the workers nor this process know one of that name.
    """
    known = known_plugins(app)
    if name not in known:
        raise UnknownName("plugin", name, near=nearest(name, sorted(known)))


def steer_plugin(app: App, visitor: Visitor, name: str, verb: PluginVerb, *, reason: str = "") -> PluginWish:
    """Write what is wished of a plugin; the workers bring it about at their next rounds.

    Raises:
        Forbidden: the visitor may not; a plugin is loaded for all accounts or for none.
        UnknownName: there is no such plugin.
    """
    require_steering(visitor)
    require_plugin(app, name)
    with app.store.write() as tx:
        before = tx.plugins.wishes().get(name)
        written = tx.plugins.wish(name, wish=verb.wish)
        tx.audit.add(
            actor=visitor.actor,
            verb=f"plugin.{verb}",
            subject=f"plugin:{name}",
            reason=reason,
            before=None if before is None else {"wish": before.wish, "generation": before.generation},
            after={"wish": written.wish, "generation": written.generation},
        )
    return written
