"""From rows to the frozen values of `core`, in one place."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from duetime.core.bots import (
    ActionUse,
    Badge,
    Bot,
    BotDefinition,
    BotStatus,
    FilterUse,
    Hookpoint,
    Scope,
    Severity,
)
from duetime.core.errors import InvalidSchedule
from duetime.core.event_types import EventType
from duetime.core.events import Event, Run
from duetime.core.json_types import canonical
from duetime.core.resources import Account, AccountStatus, Resource
from duetime.core.retry import Retry
from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish
from duetime.schedule.codec import decode, from_json, to_json
from duetime.store.unreadable_schedule import UnreadableSchedule

_MILLISECOND = timedelta(milliseconds=1)


def event_of(row: Row[Any]) -> Event:
    """Return an event."""
    return Event(
        event_id=row.event_id,
        event_type=row.event_type,
        status=EventStatus(row.status),
        resource_id=row.resource_id,
        bot_id=row.bot_id,
        description=row.description,
        args=json.loads(row.args),
        schedule=schedule_of(row.schedule),
        due_at=row.due_at,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
        attempt=row.attempt,
        failures=row.failures,
        failed_in_a_row=row.failed_in_a_row,
        claim_token=row.claim_token,
        session_id=row.session_id,
        started_at=row.started_at,
        wish=Wish(row.wish) if row.wish else None,
        status_reason=row.status_reason,
        on_lost=OnLost(row.on_lost),
        catch_up=row.catch_up,
        recheck=bool(row.recheck),
        cancel_when_compliant=bool(row.cancel_when_compliant),
        parent_id=row.parent_id,
        user_resource_id=row.user_resource_id,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def schedule_of(text: str) -> Schedule:
    """Return a stored schedule; one that this version cannot read is never due."""
    try:
        return decode(text)
    except InvalidSchedule as error:
        return UnreadableSchedule(text, error.problem)


def run_of(row: Row[Any]) -> Run:
    """Return a run."""
    return Run(
        event_id=row.event_id,
        due_at=row.due_at,
        attempt=row.attempt,
        event_type=row.event_type,
        resource_id=row.resource_id,
        bot_id=row.bot_id,
        status=RunStatus(row.status),
        final=bool(row.final),
        started_at=row.started_at,
        finished_at=row.finished_at,
        session_id=row.session_id,
        reason=row.reason,
        error=row.error,
        result=row.result,
        covers_until=row.covers_until,
        covers_count=row.covers_count,
    )


def resource_of(row: Row[Any]) -> Resource:
    """Return a resource."""
    return Resource(
        resource_id=row.resource_id,
        name=row.name,
        resource_type=row.resource_type,
        account=row.account,
        region=row.region,
        provider_id=row.provider_id,
        state=row.state,
        tags=json.loads(row.tags),
        data=json.loads(row.data),
        harvested_at=row.harvested_at,
        gone_at=row.gone_at,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        size=row.size,
        attached=_flag(row.attached),
        public=_flag(row.public),
        protected=_flag(row.protected),
    )


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def account_of(row: Row[Any]) -> Account:
    """Return an account."""
    return Account(
        account=row.account,
        provider=row.provider,
        name=row.name,
        regions=tuple(json.loads(row.regions)),
        settings=json.loads(row.settings),
        harvested_at=row.harvested_at,
        failures=row.failures,
        last_error=row.last_error,
        badges=json.loads(row.badges),
        status=AccountStatus(row.status),
        refusals=row.refusals,
    )


def event_type_of(row: Row[Any]) -> EventType:
    """Return an event type."""
    retry = json.loads(row.retry)
    return EventType(
        event_type=row.event_type,
        plugin=row.plugin,
        generation=row.generation,
        description=row.description,
        arguments=json.loads(row.arguments),
        destructive=bool(row.destructive),
        on_lost=OnLost(row.on_lost),
        retry=Retry(
            attempts=retry["attempts"],
            first=timedelta(seconds=retry["first"]),
            factor=retry["factor"],
            longest=timedelta(seconds=retry["longest"]),
            jitter=retry["jitter"],
        ),
        timeout=_span(row.timeout_ms),
        max_group=row.max_group,
        inverse=row.inverse,
        catch_up=row.catch_up,
        expires_after=_span(row.expires_after_ms),
        changes=tuple(json.loads(row.changes)),
    )


def event_type_row(kind: EventType) -> dict[str, Any]:
    """Return the row of an event type, without when it was published."""
    retry = kind.retry
    return {
        "event_type": kind.event_type,
        "plugin": kind.plugin,
        "generation": kind.generation,
        "description": kind.description,
        "arguments": canonical(kind.arguments),
        "destructive": kind.destructive,
        "on_lost": kind.on_lost.value,
        "retry": canonical(
            {
                "attempts": retry.attempts,
                "first": retry.first.total_seconds(),
                "factor": retry.factor,
                "longest": retry.longest.total_seconds(),
                "jitter": retry.jitter,
            }
        ),
        "timeout_ms": _milliseconds(kind.timeout),
        "max_group": kind.max_group,
        "inverse": kind.inverse,
        "catch_up": kind.catch_up,
        "expires_after_ms": _milliseconds(kind.expires_after),
        "changes": json.dumps(list(kind.changes)),
    }


def _span(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else milliseconds * _MILLISECOND


def _milliseconds(span: timedelta | None) -> int | None:
    return None if span is None else span // _MILLISECOND


def bot_of(row: Row[Any]) -> Bot:
    """Return a bot."""
    return Bot(
        bot_id=row.bot_id,
        definition=definition_of(row.name, json.loads(row.definition)),
        version=row.version,
        status=BotStatus(row.status),
        created_at=row.created_at,
    )


def definition_of(name: str, body: Mapping[str, Any]) -> BotDefinition:
    """Return the definition that `definition_text` wrote."""
    scope = body.get("scope", {})
    schedule = body.get("schedule")
    return BotDefinition(
        name=name,
        description=body.get("description", ""),
        owner=body.get("owner"),
        scope=Scope(
            accounts=tuple(scope.get("accounts", ())),
            regions=tuple(scope.get("regions", ())),
            resource_types=tuple(scope.get("resource_types", ())),
            groups=tuple(scope.get("groups", ())),
            all_badges=tuple(Badge(*badge) for badge in scope.get("all_badges", ())),
            any_badges=tuple(Badge(*badge) for badge in scope.get("any_badges", ())),
        ),
        filters=tuple(FilterUse(use["uid"], use["settings"]) for use in body.get("filters", ())),
        actions=tuple(
            ActionUse(use["uid"], use["settings"], use.get("on_match", True)) for use in body.get("actions", ())
        ),
        schedule=None if schedule is None else from_json(schedule),
        category=body.get("category", ""),
        severity=Severity(body["severity"]) if "severity" in body else None,
        notes=body.get("notes", ""),
        triggers=tuple(Hookpoint(hookpoint) for hookpoint in body.get("triggers", ())),
        exempt_tags=tuple(body.get("exempt_tags", ())),
        cancel_when_compliant=body.get("cancel_when_compliant"),
        max_inventory_age=timedelta(seconds=body["max_inventory_age"]) if "max_inventory_age" in body else None,
    )


def definition_text(definition: BotDefinition) -> str:
    """Return a definition as the canonical text that is stored and compared.

    What is at its default and came later than the first version is left out, so that a bot which nobody changed is not
    taken for a changed one after an upgrade.
    """
    scope = definition.scope
    age = definition.max_inventory_age
    return canonical(
        {
            "description": definition.description,
            "owner": definition.owner,
            "scope": {
                "accounts": list(scope.accounts),
                "regions": list(scope.regions),
                "resource_types": list(scope.resource_types),
                **_given(
                    groups=list(scope.groups),
                    all_badges=[[badge.key, badge.value] for badge in scope.all_badges],
                    any_badges=[[badge.key, badge.value] for badge in scope.any_badges],
                ),
            },
            "filters": [{"uid": use.uid, "settings": dict(use.settings)} for use in definition.filters],
            "actions": [
                {"uid": use.uid, "settings": dict(use.settings), **({} if use.on_match else {"on_match": False})}
                for use in definition.actions
            ],
            "schedule": None if definition.schedule is None else to_json(definition.schedule),
            **_given(
                category=definition.category,
                severity=definition.severity and definition.severity.value,
                notes=definition.notes,
                triggers=[trigger.value for trigger in definition.triggers],
                exempt_tags=list(definition.exempt_tags),
                cancel_when_compliant=definition.cancel_when_compliant,
                max_inventory_age=None if age is None else age.total_seconds(),
            ),
        }
    )


def _given(**parts: Any) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value not in (None, "", [])}
