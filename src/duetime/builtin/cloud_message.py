"""Handing messages to a cloud: rendered for each event, ten with a call, and an outcome for each."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from duetime.bots.templates import TemplateFailed
from duetime.builtin.message_names import Member, failed_template, members_of
from duetime.core.errors import Throttled, UnknownName
from duetime.core.outcomes import Failed, JobOutcome, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob

BATCH = 10
LARGEST_BATCH = 240 * 1024
"""The cloud's limit is 256 KiB for all messages of a call; the rest is for what stands around them."""


class Place(NamedTuple):
    """Where a topic or queue is: an account as its number says, and a region; empty = the resource's own."""

    account: str
    region: str
    is_fifo: bool


class _Entry(NamedTuple):
    """One event's message as the cloud takes it."""

    member: Member
    body: Mapping[str, Any]
    size: int


class CloudMessage(MultiResourceScheduledEventJob):
    """Hands a message to the cloud for each event.

    Messages may arrive twice when an attempt's outcome is unknown, unless the topic or queue is a FIFO one: there every
    attempt at an event carries the same id.
    """

    service: ClassVar[str]

    max_group = 50
    retry = Retry(attempts=5, first=timedelta(seconds=30), longest=timedelta(minutes=10))
    timeout = timedelta(minutes=2)
    on_lost: ClassVar[OnLost | str | None] = OnLost.RETRY

    def __init__(self, *, message: str, **own: Any) -> None:
        super().__init__(**own)
        self.message = message

    def place(self) -> Place | str:
        """Return where the messages go, or what is wrong with it."""
        raise NotImplementedError

    def entry(self, member: Member) -> dict[str, Any]:
        """Return a message as one call takes it, beside its destination.

        Raises:
            TemplateFailed: it cannot be rendered.
        """
        raise NotImplementedError

    def send_many(self, client: Any, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        raise NotImplementedError

    def send_one(self, client: Any, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError

    def run(self) -> JobOutcome | None:
        """Render for each event, then hand over as many with a call as it takes."""
        place = self.place()
        if isinstance(place, str):
            return Failed(place, retry=False)
        members = members_of(self.context)
        outcomes: dict[int, JobOutcome] = {}
        entries = self._entries(members, place, outcomes)
        try:
            if entries:
                client = self._client(members[0], place)
                for batch in _batches(entries):
                    outcomes |= self._hand_over(client, batch)
                    self._tell(members, outcomes)  # at once: what follows may end this attempt
        except UnknownName as error:
            return Failed(str(error), retry=False)
        return self._tell(members, outcomes)

    def _tell(self, members: Sequence[Member], outcomes: Mapping[int, JobOutcome]) -> JobOutcome | None:
        if not self.context.resource_ids:
            return outcomes.get(members[0].event_id)
        for member, resource_id in zip(members, self.context.resource_ids, strict=True):
            if member.event_id in outcomes:
                self.report(resource_id, outcomes[member.event_id])
        return None

    def _entries(self, members: Sequence[Member], place: Place, outcomes: dict[int, JobOutcome]) -> list[_Entry]:
        entries = []
        for member in members:
            try:
                body = self.entry(member)
            except TemplateFailed as error:
                outcomes[member.event_id] = failed_template("message", error)
                continue
            text = str(body.get("Message", body.get("MessageBody", "")))
            if not text:
                outcomes[member.event_id] = Failed("the message is rendered to nothing", retry=False)
                continue
            if place.is_fifo:
                body["MessageGroupId"] = "duetime"
                body["MessageDeduplicationId"] = hashlib.sha256(member.key.encode()).hexdigest()
            entries.append(_Entry(member, body, len(text.encode("utf-8", "replace"))))
        return entries

    def _client(self, first: Member, place: Place) -> Any:
        cloud, resource = self.context.cloud, first.resource
        if place.account and cloud.knows(place.account):
            account = place.account
        elif resource is not None:
            account = resource.account
        else:
            raise UnknownName("account", place.account or "(none said)")
        region = place.region or ("" if resource is None else resource.region)
        return cloud.client(self.service, account=account, region=region)

    def _hand_over(self, client: Any, batch: Sequence[_Entry]) -> dict[int, JobOutcome]:
        """Return an outcome for each message of a batch; those that were refused with others are tried alone."""
        if len(batch) == 1:
            return {batch[0].member.event_id: self._alone(client, batch[0])}
        by_id = {str(number): entry for number, entry in enumerate(batch)}
        try:
            answer = self.send_many(client, [{"Id": key, **entry.body} for key, entry in by_id.items()])
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - the cloud's SDK has errors of its own; what they mean is judged there
            if _status(error) is None:  # no answer: what was done is unknown, and one by one would do it twice
                return {entry.member.event_id: _refused(error) for entry in batch}
            return {entry.member.event_id: self._alone(client, entry) for entry in batch}
        outcomes = {
            by_id[str(one["Id"])].member.event_id: self._done(one.get("MessageId"))
            for one in answer.get("Successful", ())
        }
        for one in answer.get("Failed", ()):
            entry = by_id[str(one["Id"])]
            outcomes[entry.member.event_id] = self._alone(client, entry)
        silence: JobOutcome = Failed("the cloud said nothing of this message")
        return {entry.member.event_id: outcomes.get(entry.member.event_id, silence) for entry in batch}

    def _alone(self, client: Any, entry: _Entry) -> JobOutcome:
        try:
            return self._done(self.send_one(client, entry.body).get("MessageId"))
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            return _refused(error)

    def _done(self, message_id: object) -> JobOutcome:
        return Succeeded({"to": self.target, "message_id": message_id})

    @property
    def target(self) -> str:
        """What history says of where it went."""
        raise NotImplementedError


def _batches(entries: Sequence[_Entry]) -> Sequence[Sequence[_Entry]]:
    """Cut messages into calls: at most ten with each, and not more than it may hold."""
    batches: list[list[_Entry]] = []
    size = 0
    for entry in entries:
        if not batches or len(batches[-1]) == BATCH or size + entry.size > LARGEST_BATCH:
            batches.append([])
            size = 0
        batches[-1].append(entry)
        size += entry.size
    return batches


def _status(error: Exception) -> int | None:
    """Return the HTTP status with which the cloud refused a call; None = there was no answer."""
    answer = getattr(error, "response", None)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, Mapping) else None
    return status if isinstance(status, int) else None


def _refused(error: Exception) -> JobOutcome:
    """Return what an error of the cloud's SDK comes to: trying again does not help against a refusal."""
    status = _status(error)
    answer = getattr(error, "response", {}) if status is not None else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    busy = "Throttl" in code or code in {"RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
    data = None if status is None else {"status": status, "code": code}
    return Failed(f"{type(error).__name__}: {error}"[:500], data, retry=status is None or status >= 500 or busy)
