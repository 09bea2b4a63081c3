"""What a filter is: settings in, a predicate out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duetime.core.errors import Invalid
from duetime.core.fields import Field, validate_settings
from duetime.core.predicates import All, Predicate, TypeIn


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A question about a resource that bots can ask by uid.

    Attributes:
        uid: the id that bots name, such as `duetime.filter.tag`.
        build: turns validated settings into the predicate; it reads nothing else, so that equal settings always ask
            the same.
        fields: its settings, for forms and for validation.
        supported_resources: the resource types it knows; no other type matches. Empty means all.
    """

    uid: str
    build: Callable[[Mapping[str, Any]], Predicate]
    fields: Sequence[Field] = ()
    name: str = ""
    description: str = ""
    author: str = ""
    supported_resources: Sequence[str] = ()

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

    def predicate(self, given: Mapping[str, Any]) -> Predicate:
        """Return what the filter asks with these settings.

        Raises:
            InvalidSetting: a setting is unknown, missing or does not fit.
        """
        predicate = self.build(validate_settings(self.fields, given))
        if self.supported_resources:
            return All((TypeIn(tuple(self.supported_resources)), predicate))
        return predicate
