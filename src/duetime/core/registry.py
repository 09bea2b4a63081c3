"""Names that plugins bring, each with its owner, added and removed all or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from duetime.core.errors import DuplicateRegistration, UnknownName, nearest

T = TypeVar("T")

BUILTIN = "builtin"
"""The owner of our own registrations; a plugin may override them."""


@dataclass(frozen=True, slots=True)
class Registration(Generic[T]):
    """One name, what it stands for, and whose it is."""

    name: str
    item: T
    owner: str


class Registry(Generic[T]):
    """Names of one kind: event types, actions or filters.

    A plugin's registration stands before a built-in one of the same name and uncovers it again when it goes. Between
    two plugins a second registration is refused, both named. Reads are lock-free: writers replace the whole mapping.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._builtin: Mapping[str, Registration[T]] = {}
        self._plugins: Mapping[str, Registration[T]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._plugins or name in self._builtin

    def __iter__(self) -> Iterator[str]:
        return iter({**self._builtin, **self._plugins})

    def get(self, name: str) -> Registration[T] | None:
        """Return what `name` stands for now, or None."""
        return self._plugins.get(name) or self._builtin.get(name)

    def require(self, name: str) -> Registration[T]:
        """Return what `name` stands for.

        Raises:
            UnknownName: nothing; the nearest known names are given.
        """
        found = self.get(name)
        if found is None:
            raise UnknownName(self.kind, name, near=nearest(name, self))
        return found

    def entries(self) -> tuple[Registration[T], ...]:
        """Return what every name stands for now, by name."""
        return tuple(sorted({**self._builtin, **self._plugins}.values(), key=lambda entry: entry.name))

    def overridden(self) -> tuple[str, ...]:
        """Return the built-in names that a plugin stands before."""
        return tuple(sorted(set(self._builtin) & set(self._plugins)))

    def check(self, name: str, item: T, *, owner: str) -> None:
        """Raise DuplicateRegistration when `owner` may not register `name`; the same object twice is no error."""
        shelf = self._builtin if owner == BUILTIN else self._plugins
        present = shelf.get(name)
        if present is not None and not (present.owner == owner and present.item is item):
            raise DuplicateRegistration(self.kind, name, owner=present.owner, newcomer=owner)

    def add(self, name: str, item: T, *, owner: str) -> None:
        """Register `name`.

        Raises:
            DuplicateRegistration: another owner, or another object, has it.
        """
        self.check(name, item, owner=owner)
        entry = Registration(name, item, owner)
        if owner == BUILTIN:
            self._builtin = {**self._builtin, name: entry}
        else:
            self._plugins = {**self._plugins, name: entry}

    def remove(self, name: str, *, owner: str) -> None:
        """Remove `name` if `owner` has it; removing what is not there is no error."""
        shelf = self._builtin if owner == BUILTIN else self._plugins
        present = shelf.get(name)
        if present is None or present.owner != owner:
            return
        rest = {key: entry for key, entry in shelf.items() if key != name}
        if owner == BUILTIN:
            self._builtin = rest
        else:
            self._plugins = rest

    def remove_owner(self, owner: str) -> tuple[str, ...]:
        """Remove everything that `owner` registered; return the names."""
        rest = self.without(owner)
        gone = tuple(
            name
            for before, after in ((self._builtin, rest._builtin), (self._plugins, rest._plugins))  # noqa: SLF001
            for name in before
            if name not in after
        )
        self.take_over(rest)
        return gone

    def without(self, owner: str) -> "Registry[T]":
        """Return a copy that holds nothing of `owner`."""
        copy: Registry[T] = Registry(self.kind)
        copy._builtin = {name: entry for name, entry in self._builtin.items() if entry.owner != owner}
        copy._plugins = {name: entry for name, entry in self._plugins.items() if entry.owner != owner}
        return copy

    def take_over(self, other: "Registry[T]") -> None:
        """Hold exactly what `other` holds."""
        self._builtin = other._builtin  # noqa: SLF001
        self._plugins = other._plugins  # noqa: SLF001
