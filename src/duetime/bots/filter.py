"""What a filter is: settings in, a predicate out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from duetime.bots.errors import MissingHandler
from duetime.bots.inner_filters import DEEPEST, MOST, nests
from duetime.core.bots import FilterUse
from duetime.core.errors import Invalid, InvalidSetting
from duetime.core.fields import Field, validate_settings
from duetime.core.predicates import All, Predicate, TypeIn
from duetime.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A question about a resource that bots can ask by uid.

    Attributes:
        uid: the id that bots name, such as `duetime.filter.tag`.
        build: turns validated settings into the predicate; it reads nothing else, so that equal settings always ask
            the same.
        fields: its settings, for forms and for validation.
        supported_resources: the resource types it knows; no other type matches. Empty means all.
        others: where the filters inside its settings are looked up; see `within`.
    """

    uid: str
    build: Callable[[Mapping[str, Any]], Predicate]
    fields: Sequence[Field] = ()
    name: str = ""
    description: str = ""
    author: str = ""
    supported_resources: Sequence[str] = ()
    others: Registry[Any] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.uid, str) or not self.uid:
            message = f"A filter's uid must be a text such as 'duetime.filter.tag', not {self.uid!r}."
            raise Invalid(message)
        object.__setattr__(self, "fields", tuple(self.fields))
        object.__setattr__(
            self,
            "supported_resources",
            tuple(str(getattr(value, "value", value)) for value in self.supported_resources),
        )
        # A registration belongs to the module it comes from, and that is the function's, not this class's.
        object.__setattr__(self, "__module__", getattr(self.build, "__module__", None) or type(self).__module__)

    def within(self, registry: Registry[Any]) -> "Filter":
        """Return the filter as it is among these others, which its settings may name."""
        return replace(self, others=registry) if nests(self.fields) else self

    def predicate(self, given: Mapping[str, Any], *, depth: int = 0) -> Predicate:
        """Return what the filter asks with these settings.

        Args:
            given: the settings as they were written.
            depth: in how many other filters it stands.

        Raises:
            InvalidSetting: a setting is unknown, missing or does not fit.
            MissingHandler: a filter inside its settings is not loaded.
        """
        settings = validate_settings(self.fields, given)
        for name, value in settings.items():
            if isinstance(value, tuple) and value and isinstance(value[0], FilterUse):
                if len(value) > MOST:
                    raise InvalidSetting(name, f"must be at most {MOST} filters, not {len(value)}")
                settings[name] = tuple(self._inner(name, one, depth=depth) for one in value)
        predicate = self.build(settings)
        if self.supported_resources:
            return All((TypeIn(tuple(self.supported_resources)), predicate))
        return predicate

    def _inner(self, name: str, use: FilterUse, *, depth: int) -> Predicate:
        if depth >= DEEPEST:
            raise InvalidSetting(name, f"filters stand more than {DEEPEST} deep inside each other")
        found = self.others.get(use.uid) if self.others is not None else None
        if found is None:
            raise MissingHandler([use.uid])
        inner: Filter = found.item.within(self.others)
        try:
            return inner.predicate(use.settings, depth=depth + 1)
        except InvalidSetting as error:
            raise InvalidSetting(name, f"{use.uid}: {error.name}: {error.problem}", near=error.near) from error
