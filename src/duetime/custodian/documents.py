"""Custodian's policies as bots."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.errors import Invalid
from duetime.custodian.kinds import full_name, kind_of

FILTER = "custodian.filter"
ACT = "custodian.act"
_SCHEDULE = "duetime.action.schedule_event"

_KNOWN = frozenset({"name", "resource", "description", "comment", "comments", "filters", "actions", "metadata", "tags"})
_NOT_TAKEN = {
    "mode": "when it runs is the bot's schedule or its triggers; write them into the bot",
    "max-resources": "duetime has no such limit yet; leave it out knowingly",
    "max-resources-percent": "duetime has no such limit yet; leave it out knowingly",
    "conditions": "a bot asks of resources alone; say it by the scope or a filter",
    "query": "say it as a filter",
    "region": "say it in the bot's scope",
    "start": "archive or pause the bot",
    "end": "archive or pause the bot",
    "vars": "write the values in place",
}


def read_policies(document: Any) -> tuple[BotDefinition, ...]:
    """Return a bot for each policy of a Custodian document.

    A policy's resource becomes the bot's scope, its filters one filter that Custodian itself answers, each action an
    event that is due at once. `mark-for-op` becomes an event that is due when the mark would be: nothing is written
    into a tag, and the event is cancelled once its resource no longer matches.

    Args:
        document: what the YAML file holds: `policies`, a list of mappings.

    Raises:
        Invalid: it says something that cannot be taken over; nothing is left out in silence.
    """
    policies = document.get("policies") if isinstance(document, Mapping) else None
    if not isinstance(policies, list) or not policies:
        message = "A Custodian file is a mapping with the key 'policies', a list of one or more."
        raise Invalid(message)
    return tuple(_bot(policy) for policy in policies)


def _bot(policy: Any) -> BotDefinition:
    if not isinstance(policy, Mapping) or not isinstance(policy.get("name"), str):
        message = f"A policy is a mapping with a name, not {policy!r:.80}."
        raise Invalid(message)
    name = policy["name"]
    for key in policy:
        if key not in _KNOWN:
            why = _NOT_TAKEN.get(key, "it is not known here")
            message = f"Policy {name!r}: {key!r} cannot be taken over: {why}."
            raise Invalid(message)
    resource = policy.get("resource")
    if not isinstance(resource, str):
        message = f"Policy {name!r}: it needs a resource, such as aws.ec2."
        raise Invalid(message)
    filters = _listed(policy, "filters", name)
    return BotDefinition(
        name=name,
        description=str(policy.get("description") or policy.get("comment") or policy.get("comments") or ""),
        scope=Scope(resource_types=(kind_of(resource),)),
        filters=(FilterUse(FILTER, {"resource": full_name(resource), "filters": filters}),) if filters else (),
        actions=tuple(_action(name, full_name(resource), item) for item in _listed(policy, "actions", name)),
    )


def _listed(policy: Mapping[str, Any], key: str, name: str) -> list[Any]:
    items = policy.get(key) or []
    if not isinstance(items, list):
        message = f"Policy {name!r}: {key} must be a list."
        raise Invalid(message)
    return items


def _action(name: str, resource: str, item: Any) -> ActionUse:
    action = {"type": item} if isinstance(item, str) else item
    if not isinstance(action, Mapping) or not isinstance(action.get("type"), str):
        message = f"Policy {name!r}: an action is a text or a mapping with a type, not {item!r:.80}."
        raise Invalid(message)
    kind = action["type"]
    if kind in ("mark-for-op", "mark"):
        if "op" not in action:
            message = f"Policy {name!r}: {kind} without op writes a tag; use an action that sets tags."
            raise Invalid(message)
        return ActionUse(_SCHEDULE, _marked(name, resource, action))
    settings = {
        "event_type": ACT,
        "args": {"resource": resource, "action": dict(action)},
        "after": "0s",
        "description": f"Custodian: {kind}",
    }
    return ActionUse(_SCHEDULE, settings)


def _marked(name: str, resource: str, action: Mapping[str, Any]) -> Mapping[str, Any]:
    days, hours = action.get("days"), action.get("hours")
    for part in (days, hours):
        if part is not None and (isinstance(part, bool) or not isinstance(part, int | float) or part < 0):
            message = f"Policy {name!r}: days and hours are numbers, not {part!r}."
            raise Invalid(message)
    if days is None and hours is None:
        message = (
            f"Policy {name!r}: {action['type']} must say days or hours; Custodian's documentation says 4 days without, "
            "its program acts at once."
        )
        raise Invalid(message)
    after = timedelta(days=days or 0, hours=hours or 0)
    parts = [
        f"{count:g} {unit}{'' if count == 1 else 's'}" for unit, count in (("day", days), ("hour", hours)) if count
    ]
    return {
        "event_type": ACT,
        "args": {"resource": resource, "action": {"type": action["op"]}},
        "after": f"{round(after.total_seconds())}s",
        "description": f"Custodian: {action['op']}, marked {' '.join(parts) or '0 hours'} ahead",
    }


def filter_settings(settings: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
    """Return the resource type and the filters of the settings that `read_policies` wrote."""
    return settings["resource"], settings["filters"]
