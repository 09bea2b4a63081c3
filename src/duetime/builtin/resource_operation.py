"""What the jobs that ask a cloud for one operation have in common."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar

from duetime.builtin.event_ids import EVENT_TYPE_OF
from duetime.builtin.waits import wait_on
from duetime.core.cloud import Operation
from duetime.core.errors import Invalid, UnknownName
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, OutcomeUnknown, Skipped, Succeeded
from duetime.core.resources import Resource
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob
from duetime.scheduling.current import current_client

_CALLS_TOGETHER = 10
"""How many resources are served together where a call takes fewer."""


class ResourceOperation(MultiResourceScheduledEventJob):
    """Asks the cloud to do one operation to resources.

    In this order, so that a process that dies at any line has either done nothing or left what undoes it:

    1. those that are there already succeed, and those on their way elsewhere are put off;
    2. what the inverse needs is read from the cloud and written down;
    3. the operation is asked for, one call for all resources of a type and place.

    The note of the first attempt stands: what a later one reads may be what the first one has made of it. Operations
    may be repeated safely, so an attempt whose outcome is unknown is made again; where that is not so, it is held.

    A note holds `operation`, `state` and `undo`: the event type and arguments that undo it, or null. While the event
    waits it holds `waiting`.

    Attributes:
        operation: what the cloud is asked to do.
        longest_wait: how long one resource may stay in a state in which the cloud refuses the operation for now.
    """

    operation: ClassVar[str]
    longest_wait: ClassVar[timedelta] = timedelta(hours=1)

    max_group = 50
    # An instance may take minutes to stop before it can start again: 30 s, 1, 2 and 4 minutes.
    retry = Retry(attempts=5, first=timedelta(seconds=30), longest=timedelta(minutes=5))
    timeout = timedelta(minutes=2)
    on_lost: ClassVar[OnLost | str | None] = OnLost.RETRY

    def arguments(self) -> JsonObject:
        """Return what the cloud is told beside the resources."""
        return {}

    def problem(self) -> str | None:
        """Return what is wrong with the event's arguments, or None."""
        return None

    def run(self) -> JobOutcome | None:
        """Act on those that need it, one call per resource type and place."""
        resources = self.resources
        if not resources:
            return Failed(f"there is nothing to {_words(self.operation)}: the event has no resource", retry=False)
        problem = self.problem()
        if problem is not None:
            return Failed(problem, retry=False)
        refused: GroupRefused | None = None
        parts = list(self._parts(self._known_by_their_ids(resources)))
        for members in parts:
            if self.cancel_requested:
                self._give_up(members)
                continue
            try:
                self._serve(members)
            except GroupRefused as error:
                # The other parts are other calls, with answers of their own.
                refused = error
            except OutcomeUnknown as error:
                rest = (one for part in parts if part is not members for one in part)
                untried = Failed(f"not tried, because another call had no answer: {error}")
                self._report_all((one for one in rest if one.resource_id not in self.context.outcomes), untried)
                raise
        if refused is not None:
            raise refused
        return None

    def _known_by_their_ids(self, resources: Sequence[Resource]) -> list[Resource]:
        """Return those that the cloud knows by the id that the event names; the others fail, whatever they may be."""
        known: list[Resource] = []
        for resource, resource_id in zip(resources, self.context.resource_ids, strict=True):
            if resource.resource_id == resource_id:
                known.append(resource)
            else:
                error = f"the cloud knows it as {resource.resource_id}; schedule the event for that id"
                self.report(resource_id, Failed(error, retry=False))
        return known

    def _parts(self, resources: Iterable[Resource]) -> Iterator[Sequence[Resource]]:
        """Return what is served together: of one type and place, and what one call takes, or a few calls.

        A deadline is looked at, and what is done reported, between two parts: fifty calls of a few seconds each would
        else be fifty unknown outcomes.
        """
        for members in by_place(resources):
            operation = self._operations(members).get(self.operation)
            most = max(_CALLS_TOGETHER, 1 if operation is None else operation.batch)
            for start in range(0, len(members), most):
                yield members[start : start + most]

    def _serve(self, members: Sequence[Resource]) -> None:
        """Do it to resources of one type and place."""
        operation = self._offered(members, self.operation)
        if operation is not None:
            self._act(self._keep(self._ready(members, operation), operation), self.arguments())

    def _offered(self, members: Sequence[Resource], name: str) -> Operation | None:
        """Return what the cloud says of an operation, or None when it has none such: then that is reported."""
        operations = self._operations(members)
        if name not in operations:
            known = ", ".join(sorted(operations)) or "none"
            error = f"resources of type {members[0].resource_type} have no operation {name}; they have: {known}"
            self._report_all(members, Failed(error, retry=False))
        return operations.get(name)

    def _operations(self, members: Sequence[Resource]) -> Mapping[str, Operation]:
        first = members[0]
        facts = self.context.cloud.resource_types(account=first.account).get(first.resource_type)
        return {} if facts is None else facts.operations

    def _ready(self, members: Iterable[Resource], operation: Operation) -> list[Resource]:
        """Return those that the cloud must be asked about; report the others."""
        ready: list[Resource] = []
        passing: list[Resource] = []
        for resource in members:
            # Only what was read a moment ago can be trusted to be there already; the inventory may be hours old.
            state = resource.state if resource.resource_id in self.context.fresh else None
            if state in operation.wanted:
                self.report(resource, self._already(resource))
            elif state in operation.passing:
                passing.append(resource)
            else:
                ready.append(resource)
        self._put_off(passing, operation)
        return ready

    def _already(self, resource: Resource) -> JobOutcome:
        note = self._note(resource)
        data = {"before": note.get("state", resource.state), "after": resource.state}
        if "operation" in note:
            return Succeeded({**data, "note": f"already {resource.state}; an earlier attempt had asked for it"})
        return Succeeded({**data, "note": f"already {resource.state}", "changed": False})

    def _put_off(self, passing: Sequence[Resource], operation: Operation) -> None:
        """Let resources in a passing state wait. When that began is written down: other workers may go on with it."""
        if not passing:
            return
        now = self._now()
        begun = [resource for resource in passing if "waiting" not in self._note(resource)]
        self._write({self._event_id(each): {**self._note(each), "waiting": now.isoformat()} for each in begun})
        for resource in passing:
            since = datetime.fromisoformat(str(self._note(resource)["waiting"]))
            what = f"it is {resource.state}; {_words(operation.name)} waits until that has passed"
            self.report(resource, wait_on(what, since=since, now=now, limit=self.longest_wait))

    def _keep(self, members: Sequence[Resource], operation: Operation) -> list[Resource]:
        """Write down what undoes the operation; return those for which that is done, and which may be acted upon."""
        new = [resource for resource in members if "operation" not in self._note(resource)]
        inverse = EVENT_TYPE_OF.get(operation.inverse or "")
        before = self._before(new, operation) if inverse is not None and new else {}
        notes: dict[int, JsonObject] = {}
        for resource in new:
            undo: JsonObject | None = None
            if inverse is not None:
                if resource.provider_id not in before:
                    self.report(resource, Skipped("the cloud does not know it any more"))
                    continue
                undo = {"event_type": inverse, "args": dict(before[resource.provider_id])}
            rest = {name: part for name, part in self._note(resource).items() if name != "waiting"}
            notes[self._event_id(resource)] = {**rest, **self._pre_state(resource), "undo": undo}
        self._write(notes)
        return [resource for resource in members if "operation" in self._note(resource)]

    def _pre_state(self, resource: Resource) -> JsonObject:
        """Return what is kept of a resource beside what undoes the operation."""
        kept: JsonObject = {"operation": self.operation, "state": resource.state}
        if self.destructive:
            kept["resource"] = {"name": resource.name, "tags": dict(resource.tags), "data": dict(resource.data)}
        return kept

    def _before(self, members: Sequence[Resource], operation: Operation) -> Mapping[str, JsonObject]:
        first = members[0]
        return self.context.cloud.before(
            operation.name,
            account=first.account,
            region=first.region,
            resource_type=first.resource_type,
            provider_ids=[resource.provider_id for resource in members],
            arguments=self.arguments(),
        )

    def _act(self, members: Sequence[Resource], arguments: Mapping[str, Any], *, operation: str | None = None) -> None:
        if not members:
            return
        first, name = members[0], operation or self.operation
        try:
            outcomes = self.context.cloud.act(
                name,
                account=first.account,
                region=first.region,
                resource_type=first.resource_type,
                provider_ids=[resource.provider_id for resource in members],
                arguments=arguments,
            )
        except (UnknownName, Invalid) as error:  # the same call will always be refused
            self._report_all(members, Failed(str(error), retry=False))
            return
        except OutcomeUnknown as error:
            for resource in members:
                if resource.provider_id in error.known:
                    self.report(resource, error.known[resource.provider_id])
            raise
        for resource in members:
            silence = Failed(f"the cloud was asked to {name} it and said nothing of it")
            self.report(resource, outcomes.get(resource.provider_id, silence))

    # Notes.

    @cached_property
    def _event_ids(self) -> Mapping[str, int]:
        """By resource id, the event that asks for it: a group has one for each."""
        events = (event_id for event_id, _due_at in self.context.occurrences)
        return dict(zip(self.context.resource_ids, events, strict=True))

    @cached_property
    def _notes(self) -> dict[int, JsonObject]:
        return dict(self.context.notebook.read([*self._event_ids.values()]))

    def _event_id(self, resource: Resource) -> int:
        return self._event_ids[resource.resource_id]

    def _note(self, resource: Resource) -> JsonObject:
        """Return what an earlier attempt, or this one, wrote down about a resource."""
        return self._notes.get(self._event_id(resource), {})

    def _write(self, notes: Mapping[int, JsonObject]) -> None:
        """Write notes down, by event. When this raises, nothing is written and nothing is to be done."""
        if notes:
            self.context.notebook.write(notes)
            self._notes.update(notes)

    def _now(self) -> datetime:
        """Return the database's time: what says when a snoozed event is due again."""
        return current_client(type(self).__name__).now()

    def _give_up(self, members: Iterable[Resource]) -> None:
        for resource in members:
            self.failed(resource, f"asked to stop before it could {_words(self.operation)}")

    def _report_all(self, members: Iterable[Resource], outcome: JobOutcome) -> None:
        for resource in members:
            self.report(resource, outcome)


def _words(operation: str) -> str:
    return operation.replace("_", " ")


def by_place(resources: Iterable[Resource]) -> Iterator[list[Resource]]:
    """Return resources in lists of one account, region and type: what one call to a cloud can be for."""

    def place(resource: Resource) -> tuple[str, str, str]:
        return resource.account, resource.region, resource.resource_type

    for _, members in groupby(sorted(resources, key=place), key=place):
        yield list(members)
