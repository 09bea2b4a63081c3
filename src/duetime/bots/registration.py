"""How actions and filters come to be known under a uid."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from duetime.bots.action import Action
from duetime.bots.filter import Filter
from duetime.core.errors import DuplicateRegistration, UnknownName, nearest
from duetime.core.fields import Field
from duetime.core.predicates import Predicate
from duetime.core.registration import Entry, Kind, register, unregister

F = TypeVar("F", bound=Callable[..., object])
B = TypeVar("B", bound=Callable[[Mapping[str, Any]], Predicate])


def register_all(entries: Sequence[Entry]) -> None:
    """Register every entry, or none when one is refused.

    Raises:
        DuplicateRegistration: another plugin has one of the uids; both are named.
    """
    done: list[Entry] = []
    try:
        for entry in entries:
            register(entry)
            done.append(entry)
    except Exception:
        for entry in done:
            unregister(entry)
        raise


def _refuse_second(kind: str, uid: str, present: object, function: object) -> None:
    """Refuse a second function under one uid: the first would be lost in silence."""
    if present is not None and present is not function:
        owner, newcomer = (getattr(item, "__qualname__", repr(item)) for item in (present, function))
        raise DuplicateRegistration(kind, uid, owner=owner, newcomer=newcomer)


class BotFactoryRegistryWrapper:
    """Collects a plugin's actions and registers them all with `load()`, or takes them back with `unload()`."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def action(  # noqa: PLR0913 - the keywords are the interface that existing plugins use
        self,
        *,
        uid: str,
        name: str = "",
        description: str = "",
        author: str = "",
        bulk_action: bool = False,
        accepts_complement: bool = False,
        admin_only: bool = False,
        expensive: bool = False,
        permissions: Sequence[str] | None = None,
        supported_resources: Sequence[str] | None = None,
        supported_clouds: Sequence[str] | None = None,
        settings_config: Sequence[Field] | None = None,
        check: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> Callable[[F], F]:
        """Return a decorator that collects a function as the action `uid`; see `Action` for the keywords."""

        def decorate(function: F) -> F:
            present = self._actions.get(uid)
            _refuse_second("action", uid, present and present.function, function)
            self._actions[uid] = Action(
                uid=uid,
                function=function,
                name=name,
                description=description,
                author=author,
                bulk_action=bulk_action,
                accepts_complement=accepts_complement,
                admin_only=admin_only,
                expensive=expensive,
                permissions=permissions or (),
                supported_resources=supported_resources or (),
                supported_clouds=supported_clouds or (),
                settings_config=settings_config or (),
                check=check,
            )
            return function

        return decorate

    def complement(self, uid: str) -> Callable[[F], F]:
        """Return a decorator for the function that is called for each resource in scope that does not match.

        Raises:
            UnknownName: this wrapper has no action `uid` yet.
        """

        def decorate(function: F) -> F:
            if uid not in self._actions:
                raise UnknownName("action", uid, near=nearest(uid, self._actions))
            self._actions[uid] = replace(self._actions[uid], complement=function)
            return function

        return decorate

    def load(self) -> None:
        """Register everything collected, or nothing when one uid is refused.

        Raises:
            DuplicateRegistration: another plugin has one of the uids; both are named.
        """
        register_all([Entry(Kind.ACTION, action.uid, action) for action in self._actions.values()])

    def unload(self) -> None:
        """Take everything collected back."""
        for action in self._actions.values():
            unregister(Entry(Kind.ACTION, action.uid, action))


class FilterRegistryWrapper:
    """Collects a plugin's filters and registers them all with `load()`, or takes them back with `unload()`."""

    def __init__(self) -> None:
        self._filters: dict[str, Filter] = {}

    def filter(
        self,
        *,
        uid: str,
        fields: Sequence[Field] = (),
        name: str = "",
        description: str = "",
        author: str = "",
        supported_resources: Sequence[str] = (),
    ) -> Callable[[B], B]:
        """Return a decorator that collects `build(settings) -> Predicate` as the filter `uid`."""

        def decorate(build: B) -> B:
            present = self._filters.get(uid)
            _refuse_second("filter", uid, present and present.build, build)
            self._filters[uid] = Filter(
                uid=uid,
                build=build,
                fields=fields,
                name=name,
                description=description,
                author=author,
                supported_resources=supported_resources,
            )
            return build

        return decorate

    def load(self) -> None:
        """Register everything collected, or nothing when one uid is refused.

        Raises:
            DuplicateRegistration: another plugin has one of the uids; both are named.
        """
        register_all([Entry(Kind.FILTER, item.uid, item) for item in self._filters.values()])

    def unload(self) -> None:
        """Take everything collected back."""
        for item in self._filters.values():
            unregister(Entry(Kind.FILTER, item.uid, item))


class ActionRegistry:
    """The older way to register actions: `ActionRegistry().registry.register([...])`."""

    @property
    def registry(self) -> "ActionRegistry":
        return self

    @staticmethod
    def register(actions: Iterable[Action]) -> None:
        """Register every action, or none when one uid is refused.

        Raises:
            DuplicateRegistration: another plugin has one of the uids; both are named.
        """
        register_all([Entry(Kind.ACTION, action.uid, action) for action in actions])

    @staticmethod
    def unregister(actions: Iterable[Action]) -> None:
        """Take the actions back."""
        for action in actions:
            unregister(Entry(Kind.ACTION, action.uid, action))
