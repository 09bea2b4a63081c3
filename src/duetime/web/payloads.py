"""What a visitor sees of arguments, results and raw data."""

import json
from collections.abc import Mapping
from typing import Any

from duetime.core.access import Feature
from duetime.core.sanitising import history_text
from duetime.web.visitor import Visitor

HIDDEN = "(hidden)"
"""What stands in place of a payload that the visitor may not see."""


def shown_mapping(
    payload: Mapping[str, Any], *, visitor: Visitor, feature: Feature, account: str | None
) -> dict[str, Any] | None:
    """Return a payload with its secrets masked, or None when the visitor may not see it."""
    if not visitor.sees_payloads(feature, account):
        return None
    text = history_text(dict(payload)) or "{}"
    try:
        masked = json.loads(text)
    except ValueError:  # it was cut
        return {"cut": text}
    return masked if isinstance(masked, dict) else {}


def shown_text(payload: str | None, *, visitor: Visitor, feature: Feature, account: str | None) -> str | None:
    """Return a payload with its secrets masked, or `HIDDEN` when there is one that the visitor may not see."""
    if payload is None or visitor.sees_payloads(feature, account):
        return history_text(payload)
    return HIDDEN
