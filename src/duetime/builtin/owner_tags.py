"""The tags by which the owner of a resource lets an action concern it, or does not."""

from collections.abc import Mapping
from typing import Any

from duetime.bots.setting_fields import ExactTextField
from duetime.core.fields import Field, FieldOptions
from duetime.core.resources import Resource

OWNER_TAG_FIELDS: tuple[Field, ...] = (
    ExactTextField(
        name="opt_in_tag",
        display_name="Opt-in tag",
        description="Only resources with this tag; those without it are left alone.",
        options=FieldOptions.TAGS,
    ),
    ExactTextField(
        name="opt_out_tag",
        display_name="Opt-out tag",
        description="Not resources with this tag, even when they have the other.",
        options=FieldOptions.TAGS,
    ),
)


def is_wanted(resource: Resource, settings: Mapping[str, Any]) -> bool:
    """Return whether a resource's owner has opted in, where that is asked for, and not out."""
    opt_in, opt_out = settings.get("opt_in_tag"), settings.get("opt_out_tag")
    return (opt_in is None or opt_in in resource.tags) and (opt_out is None or opt_out not in resource.tags)
