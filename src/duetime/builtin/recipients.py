"""Who is told about a resource: destinations by name, and by what tags and account badges say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from duetime.core.errors import InvalidSetting
from duetime.core.resources import Resource

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SOURCES = ("tag", "badge")
_LONGEST_SHOWN = 60


class Resolution(NamedTuple):
    """Who is told about one resource.

    Attributes:
        names: destinations, sorted, each once, so that equal wishes have equal arguments and share a message.
        problems: which of those who were asked for could not be found, and why.
    """

    names: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is asked for.

    Attributes:
        to: names of destinations, `tag:KEY` for what a tag of the resource says, `badge:KEY` for what its account's
            badge says.
        known: destinations by what tags and badges say, such as an address.
        fallback: destinations that stand in for those that cannot be found.
        destinations: the names of those that there are; None = nobody knows, and whoever sends will see.
    """

    to: tuple[str, ...]
    known: Mapping[str, str]
    fallback: tuple[str, ...] = ()
    destinations: frozenset[str] | None = None

    @classmethod
    def read(cls, settings: Mapping[str, Any], *, destinations: frozenset[str] | None = None) -> "Recipients":
        """Return what the settings `to`, `recipients` and `fallback` say.

        Args:
            settings: of an action.
            destinations: the names of those that there are; None = nobody knows.

        Raises:
            InvalidSetting: a name is none, or a tag or badge is not named.
        """
        known: Mapping[str, Any] = settings.get("recipients") or {}
        for value, name in known.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise InvalidSetting("recipients", f"{value!r} must name a destination, not {name!r}")
        _check_names("to", [name for name in settings.get("to", ()) if not _is_asked(name)])
        _check_names("fallback", settings.get("fallback", ()))
        return cls(tuple(settings.get("to", ())), dict(known), tuple(settings.get("fallback", ())), destinations)

    def of(self, resource: Resource, *, badges: Mapping[str, str]) -> Resolution:
        """Return who is told about a resource.

        Args:
            resource: whose tags are read.
            badges: those of its account.
        """
        names: set[str] = set()
        problems: list[str] = []
        for wanted in self.to:
            name, problem = self._find(wanted, resource, badges)
            names.update([name] if name is not None else self.fallback)
            problems += [problem] if problem is not None else []
        return Resolution(tuple(sorted(names)), tuple(problems))

    def _find(self, wanted: str, resource: Resource, badges: Mapping[str, str]) -> tuple[str | None, str | None]:
        """Return a destination or why there is none."""
        if not _is_asked(wanted):
            return self._existing(wanted, otherwise=f"there is no destination {wanted}")
        source, _, key = wanted.partition(":")
        value = (resource.tags if source == "tag" else badges).get(key, "").strip()
        if not value:
            whose = "it" if source == "tag" else f"account {resource.account}"
            return None, f"{whose} has no {source} {key} that says who is told"
        name = self.known.get(value, value)
        shown = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
        problem = f"{source} {key} says {shown!r}, which is no destination; map it with the setting recipients"
        return self._existing(name, otherwise=problem)

    def _existing(self, name: str, *, otherwise: str) -> tuple[str | None, str | None]:
        exists = _NAME.fullmatch(name) if self.destinations is None else name in self.destinations
        return (name, None) if exists else (None, otherwise)


def _is_asked(name: str) -> bool:
    source, colon, key = name.partition(":")
    return bool(colon) and source in _SOURCES and bool(key)


def _check_names(setting: str, names: Sequence[str]) -> None:
    for name in _odd(names):
        wanted = "the name of a destination, tag:KEY or badge:KEY" if setting == "to" else "the name of a destination"
        raise InvalidSetting(setting, f"{name!r} is not {wanted}")


def _odd(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if not _NAME.fullmatch(name))
