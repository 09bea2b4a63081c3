"""What is registered for bots to use, as a list: filters and actions alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from duetime.cli.output import table
from duetime.cli.plain import emit
from duetime.core.errors import UnknownName, nearest

if TYPE_CHECKING:
    from duetime.core.fields import Field


@dataclass(frozen=True, slots=True)
class Registered:
    """One filter or action.

    Attributes:
        plugin: who brings it.
        supported_resources: the resource types it is for; empty = all.
    """

    uid: str
    plugin: str
    name: str
    description: str
    supported_resources: Sequence[str]
    settings: "Sequence[Field]"


def show(items: Sequence[Registered], *, kind: str, about: str, uid: str | None, as_json: bool) -> None:
    """Print all of them, or the one that is asked for.

    Args:
        items: what is registered.
        kind: what one of them is called, such as `filter`.
        about: the heading over what they are for.
        uid: only this one.
        as_json: for a program.

    Raises:
        UnknownName: there is none of that uid.
    """
    if uid is not None:
        known = [item.uid for item in items]
        items = [item for item in items if item.uid == uid]
        if not items:
            raise UnknownName(kind, uid, near=nearest(uid, known))
    if as_json:
        emit([_facts(item) for item in items])
        return
    table(
        [f"{kind}!", about],
        ((f"{item.uid}\n  from {item.plugin}", "\n".join(_about(item))) for item in items),
        empty=f"There are no {kind}s.",
    )


def _about(item: Registered) -> Iterator[str]:
    from duetime.bots.setting_words import about_setting

    if item.description or item.name:
        yield item.description or item.name
    if item.supported_resources:
        yield f"Only for {', '.join(item.supported_resources)}."
    for field in item.settings:
        yield f"- {about_setting(field)}{f': {field.description}' if field.description else ''}"


def _facts(item: Registered) -> dict[str, Any]:
    return {
        "uid": item.uid,
        "plugin": item.plugin,
        "name": item.name,
        "description": item.description,
        "supported_resources": list(item.supported_resources),
        "settings": [_setting(field) for field in item.settings],
    }


def _setting(field: "Field") -> dict[str, Any]:
    from duetime.bots.setting_words import type_in_words

    return {
        "name": field.name,
        "type": type_in_words(field),
        "required": field.required and field.default is None,
        "default": field.default,
        "display_name": field.display_name,
        "description": field.description,
    }
