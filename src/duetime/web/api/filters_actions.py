"""`/api/v1/filters` and `/api/v1/actions`: what bots can ask and do, with the settings of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from duetime.bots.action import Action
from duetime.bots.filter import Filter
from duetime.bots.setting_words import type_in_words
from duetime.core.access import Feature
from duetime.core.errors import UnknownName, nearest
from duetime.core.fields import Field as SettingField
from duetime.core.fields import SelectionField
from duetime.core.registry import Registration
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.need import needs
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp

router = APIRouter(prefix=API, tags=["bots"], route_class=ApiRoute)
Uid = Annotated[PlainText, Path(max_length=200, description="Its uid, such as duetime.filter.tag.")]


class SettingOut(BaseModel):
    """One setting of a filter or action."""

    name: str
    type: str = Field(description="What a value must be, in words.")
    required: bool
    default: Any
    display_name: str
    description: str
    choices: list[Any] | None = Field(description="The values that may be chosen; null when any may.")

    @classmethod
    def of(cls, field: SettingField) -> "SettingOut":
        """Return a setting as the API shows it."""
        choices = [choice.value for choice in field.choices] if isinstance(field, SelectionField) else []
        return cls(
            name=field.name,
            type=type_in_words(field),
            required=field.required and field.default is None,
            default=field.default,
            display_name=field.display_name,
            description=field.description,
            choices=choices or None,
        )


class FilterOut(BaseModel):
    """A filter that bots can use."""

    uid: str
    plugin: str
    name: str
    description: str
    supported_resources: list[str] = Field(description="The resource types that it is for; empty = all.")
    settings: list[SettingOut]

    @classmethod
    def of(cls, entry: Registration[Filter]) -> "FilterOut":
        """Return a filter as the API shows it."""
        return cls(
            uid=entry.name,
            plugin=entry.owner,
            name=entry.item.name,
            description=entry.item.description,
            supported_resources=[str(each) for each in entry.item.supported_resources],
            settings=[SettingOut.of(field) for field in entry.item.fields],
        )


class ActionOut(BaseModel):
    """An action that bots can use."""

    uid: str
    plugin: str
    name: str
    description: str
    admin_only: bool = Field(description="Whether only administrators may use it in a bot.")
    supported_resources: list[str] = Field(description="The resource types that it is for; empty = all.")
    settings: list[SettingOut]

    @classmethod
    def of(cls, entry: Registration[Action]) -> "ActionOut":
        """Return an action as the API shows it."""
        return cls(
            uid=entry.name,
            plugin=entry.owner,
            name=entry.item.name,
            description=entry.item.description,
            admin_only=entry.item.admin_only,
            supported_resources=[str(each) for each in entry.item.supported_resources],
            settings=[SettingOut.of(field) for field in entry.item.settings_config],
        )


@router.get("/filters", dependencies=[needs(Feature.BOTS)])
def list_filters(app: CurrentApp) -> list[FilterOut]:
    """List the filters that the web server has loaded: what each asks of a resource, and its settings."""
    return [FilterOut.of(entry) for entry in app.registries.filters.entries()]


@router.get("/filters/{uid}", dependencies=[needs(Feature.BOTS)])
def get_filter(uid: Uid, app: CurrentApp) -> FilterOut:
    """Get a filter."""
    found = app.registries.filters.get(uid)
    if found is None:
        raise UnknownName("filter", uid, near=nearest(uid, app.registries.filters))
    return FilterOut.of(found)


@router.get("/actions", dependencies=[needs(Feature.BOTS)])
def list_actions(app: CurrentApp) -> list[ActionOut]:
    """List the actions that the web server has loaded: what each does, and its settings."""
    return [ActionOut.of(entry) for entry in app.registries.actions.entries()]


@router.get("/actions/{uid}", dependencies=[needs(Feature.BOTS)])
def get_action(uid: Uid, app: CurrentApp) -> ActionOut:
    """Get an action."""
    found = app.registries.actions.get(uid)
    if found is None:
        raise UnknownName("action", uid, near=nearest(uid, app.registries.actions))
    return ActionOut.of(found)
