"""Where a registration goes: to the plugin being loaded, to the current app, or to the process catalogue.

Existing plugins register by decorator while their module is imported. The plugin manager therefore binds a `Batch`
around each import and each `load()`; what lands in the batch belongs to that plugin and is added all or nothing.
Registrations made with nothing bound, such as in a test module or a notebook, go to the process catalogue, which every
app copies and none consumes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from duetime.core.registry import Registry


class Kind(StrEnum):
    """What can be registered."""

    EVENT_TYPE = "event type"
    ACTION = "action"
    FILTER = "filter"
    HOOK = "hook"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to register: a job class, an action or a filter."""

    kind: Kind
    name: str
    item: Any


@dataclass(slots=True)
class Batch:
    """The registrations of one owner, collected until all of them are known."""

    owner: str
    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Collect `entry`; the same object under the same name twice is collected once.

        Raises:
            DuplicateRegistration: this batch has another object under that name.
        """
        trial: Registry[Any] = Registry(entry.kind)
        for present in self.entries:
            if present.kind is entry.kind and present.name == entry.name:
                trial.add(present.name, present.item, owner=self.owner)
                trial.check(entry.name, entry.item, owner=self.owner)
                return
        self.entries.append(entry)

    def discard(self, kind: Kind, name: str) -> None:
        """Forget what was collected under `name`."""
        self.entries[:] = [entry for entry in self.entries if (entry.kind, entry.name) != (kind, name)]


class Registries:
    """All that one app has registered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_kind: dict[Kind, Registry[Any]] = {kind: Registry(kind) for kind in Kind}

    def of(self, kind: Kind) -> Registry[Any]:
        return self._by_kind[kind]

    @property
    def event_types(self) -> Registry[Any]:
        """Job classes by event type."""
        return self._by_kind[Kind.EVENT_TYPE]

    @property
    def actions(self) -> Registry[Any]:
        """Bot actions by uid."""
        return self._by_kind[Kind.ACTION]

    @property
    def filters(self) -> Registry[Any]:
        """Bot filters by uid."""
        return self._by_kind[Kind.FILTER]

    def adopt(self, batch: Batch) -> None:
        """Make the batch the whole of what its owner has registered: checked first, then swapped in.

        Raises:
            DuplicateRegistration: another plugin has one of the names; nothing has changed then.
        """
        with self._lock:
            others = {kind: self._by_kind[kind].without(batch.owner) for kind in Kind}
            for entry in batch.entries:
                others[entry.kind].add(entry.name, entry.item, owner=batch.owner)
            for kind in Kind:
                self._by_kind[kind].take_over(others[kind])

    def add(self, entry: Entry, *, owner: str) -> None:
        """Register one thing beside what its owner already has."""
        with self._lock:
            self._by_kind[entry.kind].add(entry.name, entry.item, owner=owner)

    def remove(self, kind: Kind, name: str, *, owner: str) -> None:
        """Remove one thing, if it is `owner`'s."""
        with self._lock:
            self._by_kind[kind].remove(name, owner=owner)

    def remove_owner(self, owner: str) -> None:
        """Remove every trace of `owner`."""
        with self._lock:
            for registry in self._by_kind.values():
                registry.remove_owner(owner)

    def copy_process_catalogue(self) -> None:
        """Take over what was registered with nothing bound."""
        for entry in tuple(_process_catalogue.values()):
            owner = _module_of(entry.item)
            with self._lock:
                registry = self._by_kind[entry.kind]
                registry.remove(entry.name, owner=owner)
                registry.add(entry.name, entry.item, owner=owner)


@dataclass(frozen=True, slots=True)
class _Binding:
    registries: Registries
    batch: Batch | None


_binding: ContextVar[_Binding | None] = ContextVar("duetime_registration", default=None)
_process_catalogue: dict[tuple[Kind, str], Entry] = {}


def _module_of(item: Any) -> str:
    return f"module {getattr(item, '__module__', None) or type(item).__module__}"


@contextmanager
def registering_with(registries: Registries, *, batch: Batch | None = None) -> Iterator[None]:
    """Send registrations made in the block to `batch`, or straight to `registries` without one."""
    token = _binding.set(_Binding(registries, batch))
    try:
        yield
    finally:
        _binding.reset(token)


def register(entry: Entry) -> None:
    """Register `entry` with whatever is bound.

    Raises:
        DuplicateRegistration: somebody else has the name.
    """
    binding = _binding.get()
    if binding is None:
        _catalogue(entry)
    elif binding.batch is not None:
        binding.batch.add(entry)
    else:
        binding.registries.add(entry, owner=_module_of(entry.item))


def unregister(entry: Entry) -> None:
    """Take `entry` back from whatever is bound."""
    binding = _binding.get()
    if binding is None:
        _process_catalogue.pop((entry.kind, entry.name), None)
    elif binding.batch is not None:
        binding.batch.discard(entry.kind, entry.name)
        binding.registries.remove(entry.kind, entry.name, owner=binding.batch.owner)
    else:
        binding.registries.remove(entry.kind, entry.name, owner=_module_of(entry.item))


def _catalogue(entry: Entry) -> None:
    present = _process_catalogue.get((entry.kind, entry.name))
    if present is not None and _module_of(present.item) != _module_of(entry.item):
        trial: Registry[Any] = Registry(entry.kind)
        trial.add(present.name, present.item, owner=_module_of(present.item))
        trial.check(entry.name, entry.item, owner=_module_of(entry.item))
    _process_catalogue[entry.kind, entry.name] = entry
