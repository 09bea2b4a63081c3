"""What an action is: a function of a plugin, with all that a bot and its form need to know of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duetime.core.bots import Bot
from duetime.core.errors import Invalid
from duetime.core.fields import Field, validate_settings
from duetime.core.resources import Resource

BulkFunction = Callable[[Bot, Mapping[str, Any], Sequence[Resource], Sequence[Resource]], object]
"""`f(bot, settings, matches, non_matches)`: called once per bot run."""

ResourceFunction = Callable[..., object]
"""`f(event, bot, settings)`: called once per resource."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something a bot can do about the resources it finds.

    Attributes:
        uid: the id that bots name, such as `divvy.action.start_resource_example`.
        function: `f(bot, settings, matches, non_matches)` when `bulk_action`, else `f(event, bot, settings)`.
        bulk_action: whether it is called once for all resources, or once for each.
        accepts_complement: whether it wants the resources in scope that do not match, as `non_matches`.
        admin_only: whether only administrators may use it in a bot.
        expensive: whether it costs noticeable time or money per resource.
        permissions: what the provider must allow.
        supported_resources: the resource types it is called for; empty means all.
        supported_clouds: the clouds it knows; empty means all.
        settings_config: its settings, for forms and for validation.
        complement: `f(event, bot, settings)`, called once for each resource in scope that does not match.
        check: looks at settings as a whole, after each was validated; raises when they contradict each other.
    """

    uid: str
    function: Callable[..., object]
    name: str = ""
    description: str = ""
    author: str = ""
    bulk_action: bool = False
    accepts_complement: bool = False
    admin_only: bool = False
    expensive: bool = False
    permissions: Sequence[str] = ()
    supported_resources: Sequence[str] = ()
    supported_clouds: Sequence[str] = ()
    settings_config: Sequence[Field] = ()
    complement: ResourceFunction | None = None
    check: Callable[[Mapping[str, Any]], object] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.uid, str) or not self.uid:
            message = f"An action's uid must be a text such as 'divvy.action.stop', not {self.uid!r}."
            raise Invalid(message)
        if not callable(self.function):
            message = f"Action {self.uid!r} needs a function, not {self.function!r}."
            raise Invalid(message)
        for name in ("permissions", "supported_resources", "supported_clouds"):
            object.__setattr__(self, name, _texts(getattr(self, name)))
        object.__setattr__(self, "settings_config", tuple(self.settings_config or ()))
        # A registration belongs to the module it comes from, and that is the function's, not this class's.
        object.__setattr__(self, "__module__", getattr(self.function, "__module__", None) or type(self).__module__)

    @property
    def wants_complement(self) -> bool:
        """Whether a run must find the resources that do not match, too."""
        return (self.bulk_action and self.accepts_complement) or self.complement is not None

    def supports(self, resource: Resource) -> bool:
        """Return whether the action is made for this type of resource."""
        return not self.supported_resources or resource.resource_type in self.supported_resources

    def settings(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `given` validated and completed with defaults.

        Raises:
            InvalidSetting: a setting is unknown, missing or does not fit.
        """
        settings = validate_settings(self.settings_config, given)
        if self.check is not None:
            self.check(settings)
        return settings


BotFactoryAction = Action
"""The older name."""


def _texts(values: Sequence[object] | None) -> tuple[str, ...]:
    """Return names as plain texts; plugins may give members of an enumeration."""
    return tuple(str(getattr(value, "value", value)) for value in values or ())
