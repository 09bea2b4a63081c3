"""The way through the pages: what a visitor may open, in groups."""

from dataclasses import dataclass

from duetime.core.access import Feature
from duetime.web.pages import paths
from duetime.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Entry:
    """One link.

    Attributes:
        feature: what a visitor must have to see it.
    """

    title: str
    path: str
    feature: Feature


@dataclass(frozen=True, slots=True)
class Group:
    """Links under a heading."""

    title: str
    entries: tuple[Entry, ...]


_ALL = (
    Group(
        "Scheduled Events",
        (
            Entry("Overview", paths.OVERVIEW, Feature.EVENTS),
            Entry("Upcoming", paths.UPCOMING, Feature.EVENTS),
            Entry("Event History", paths.HISTORY, Feature.HISTORY),
            Entry("Events", paths.EVENTS, Feature.EVENTS),
        ),
    ),
    Group(
        "Cloud",
        (
            Entry("Bots", "/bots", Feature.BOTS),
            Entry("Resources", "/resources", Feature.RESOURCES),
            Entry("Accounts", "/accounts", Feature.ACCOUNTS),
        ),
    ),
    Group(
        "Operation",
        (
            Entry("Plugins", "/plugins", Feature.PLUGINS),
            Entry("System", "/system", Feature.SYSTEM),
            Entry("Audit", "/audit", Feature.AUDIT),
            Entry("Access", "/access", Feature.ACCESS),
        ),
    ),
)


def navigation_for(visitor: Visitor | None) -> tuple[Group, ...]:
    """Return the groups with the links that a visitor may open; groups without any are left out."""
    if visitor is None or visitor.must_change:
        return ()
    groups = (
        Group(group.title, tuple(entry for entry in group.entries if visitor.may(entry.feature))) for group in _ALL
    )
    return tuple(group for group in groups if group.entries)


def current_path(groups: tuple[Group, ...], path: str) -> str | None:
    """Return the link that a page belongs to: the longest one that its path begins with."""
    paths_above = [
        entry.path
        for group in groups
        for entry in group.entries
        if path == entry.path or path.startswith(f"{entry.path}/")
    ]
    return max(paths_above, key=len, default=None)
