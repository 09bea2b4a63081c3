"""Cloud Custodian's filters as a filter, its actions as an event type.

Needs `pip install 'duetime[custodian]'`, and says so when somebody uses it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from duetime.bots.registration import FilterRegistryWrapper
from duetime.core.cloud import Cloud
from duetime.core.errors import InvalidSetting, ProviderFailed, Throttled, UnknownName
from duetime.core.fields import Field, FieldOptions, StringField
from duetime.core.json_types import JsonObject, canonical
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, OutcomeUnknown, Skipped
from duetime.core.predicates import All, Asked, Predicate, TypeIn
from duetime.core.resources import Resource
from duetime.core.retry import Retry
from duetime.custodian.documents import ACT, FILTER
from duetime.custodian.kinds import full_name, kind_of
from duetime.custodian.policy import PolicyPart, check_filters
from duetime.jobs.base import MultiResourceScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper

events = ScheduledEventRegistryWrapper()
filters = FilterRegistryWrapper()

_MOST_BY_ID = 50
"""Up to so many resources of a place are read by id; of more, everything is listed, in fewer calls."""


@dataclass(frozen=True)
class _FiltersField(Field):
    """Filters as a policy writes them: a list of mappings and texts."""

    def validate(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(f"must be a list of one or more filters of a policy, not {value!r:.60}")
        for item in value:
            if not isinstance(item, Mapping | str):
                raise self.refuse(f"must hold mappings and texts, not {item!r:.60}")
        return tuple(value)


@filters.filter(
    uid=FILTER,
    name="Cloud Custodian",
    description="The filters of a Custodian policy hold, asked of the resource afresh.",
    fields=[
        StringField(
            name="resource",
            display_name="Resource",
            description="Custodian's resource type, such as aws.ec2.",
            options=FieldOptions.REQUIRED,
        ),
        _FiltersField(
            name="filters",
            display_name="Filters",
            description="As the policy writes them.",
            options=FieldOptions.REQUIRED,
        ),
    ],
)
def custodian_filter(settings: Mapping[str, Any]) -> Predicate:
    """Ask Custodian."""
    try:
        kind = kind_of(settings["resource"])
    except UnknownName as error:
        raise InvalidSetting("resource", "duetime has no such resource type of Custodian", near=error.near) from error
    text = canonical({"filters": list(settings["filters"])})
    try:
        _check(settings["resource"], text)
    except ProviderFailed as error:
        raise InvalidSetting("filters", str(error).rstrip(".")) from error
    written = text.removeprefix('{"filters":').removesuffix("}")
    question = f"Custodian's {full_name(settings['resource'])} filters {written}"
    return All((TypeIn((kind,)), Asked(question, _answerer(settings["resource"], text))))


@lru_cache(maxsize=256)
def _check(resource: str, text: str) -> None:
    check_filters(resource, json.loads(text)["filters"])


def _answerer(resource: str, text: str) -> Callable[[Sequence[Resource], Cloud], Collection[str]]:
    kind = kind_of(resource)

    def answer(asked: Sequence[Resource], cloud: Cloud) -> Collection[str]:
        places: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for each in asked:
            if each.resource_type == kind:
                places[each.account, each.region][each.provider_id] = each.resource_id
        holds: list[str] = []
        for (account, region), ids in places.items():
            part = PolicyPart(resource, json.loads(text)["filters"], cloud=cloud, account=account, region=region)
            found = part.still_matching(sorted(ids)) if len(ids) <= _MOST_BY_ID else part.matching()
            holds += [ids[provider_id] for provider_id in found if provider_id in ids]
        return holds

    return answer


@events.register(ACT)
class CustodianAct(MultiResourceScheduledEventJob):
    """Does one of Custodian's actions to resources.

    What an action does is Custodian's to know, so each is treated as one that takes something away: the bot's filters
    are asked again before it, what the resource was is kept in the note, it expires after a day, and a person decides
    when its outcome is unknown.
    """

    destructive = True
    max_group = 50
    retry = Retry(attempts=3, first=timedelta(minutes=1))
    timeout = timedelta(minutes=10)

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        *,
        resource: str,
        action: dict,  # type: ignore[type-arg]  # the schema reads the bare type
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.custodian_type = resource
        self.action: Mapping[str, Any] = action

    def run(self) -> JobOutcome | None:
        """Read the resources in Custodian's form and hand them to its action."""
        if not self.resources:
            return Failed("there is nothing to act on: the event has no resource", retry=False)
        members = self._of_the_actions_type()
        if not members:
            return None
        part = PolicyPart(
            self.custodian_type, (), cloud=self.context.cloud, account=members[0].account, region=members[0].region
        )
        part.check_action(self.action)
        raws = part.read([member.provider_id for member in members])
        for member in members:
            if member.provider_id not in raws:
                self.report(member, Skipped("resource is gone"))
        if not raws:
            return None
        self._keep([member for member in members if member.provider_id in raws])
        try:
            part.do(self.action, raws.values())
        except Throttled:  # a state, and no outcome: the event waits until there is room
            raise
        except Exception as error:  # noqa: BLE001 - its actions raise what they like; what it means is judged there
            return self._refused(error, alone=len(raws) == 1)
        for member in members:
            if member.provider_id in raws:
                self.succeeded(member, {"custodian": dict(self.action)})
        return None

    def _of_the_actions_type(self) -> list[Resource]:
        """Return the resources that the action is for; the others fail. A bucket and a database may share a name."""
        kind = kind_of(self.custodian_type)
        members: list[Resource] = []
        for resource in self.resources:
            if resource.resource_type == kind:
                members.append(resource)
            else:
                error = f"{full_name(self.custodian_type)} is duetime's {kind}, and this is of type"
                self.report(resource, Failed(f"{error} {resource.resource_type}", retry=False))
        return members

    def _keep(self, members: Sequence[Resource]) -> None:
        """Write down what the resources are before the action; the note of the first attempt stands."""
        notebook = self.context.notebook
        event_ids = [event_id for event_id, _due_at in self.context.occurrences]
        by_resource = dict(zip(self.context.resource_ids, event_ids, strict=True))
        noted = notebook.read(event_ids)
        notes: dict[int, JsonObject] = {
            by_resource[member.resource_id]: {
                "operation": f"custodian: {self.action.get('type')}",
                "state": member.state,
                "resource": {"name": member.name, "tags": dict(member.tags), "data": dict(member.data)},
                "undo": None,
            }
            for member in members
        }
        notebook.write({event_id: note for event_id, note in notes.items() if event_id not in noted})

    def _refused(self, error: Exception, *, alone: bool) -> JobOutcome:
        """Say what an error of Custodian's means.

        An answer of the 400 family is a refusal, although of several calls some may have gone through before it: each
        resource is then read and tried alone. Anything else leaves the outcome unknown.
        """
        text = f"{type(error).__name__}: {error}"[:500]
        answer = getattr(error, "response", None)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(answer, Mapping) else 0
        if not 400 <= status < 500:
            raise OutcomeUnknown(text) from error
        if not alone:
            raise GroupRefused(text) from error
        return Failed(text)


def load() -> None:
    """Register both."""
    events.load()
    filters.load()


def unload() -> None:
    """Take both back."""
    events.unload()
    filters.unload()
