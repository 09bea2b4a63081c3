"""The event types that hand messages to a cloud's topics and queues."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from duetime.builtin.cloud_message import CloudMessage, Place
from duetime.builtin.event_ids import PUBLISH_TOPIC, SEND_QUEUE
from duetime.builtin.message_names import Member
from duetime.jobs.registration import ScheduledEventRegistryWrapper

LONGEST_SUBJECT = 100
_ARN = re.compile(r"arn:[a-z-]+:sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]+(?:\.fifo)?)")
_QUEUE_HOST = re.compile(r"(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?")

events = ScheduledEventRegistryWrapper()


@events.register(PUBLISH_TOPIC)
class PublishTopic(CloudMessage):
    """Publishes a message to a topic of SNS.

    Args:
        topic: the topic's ARN.
        message: a template.
        subject: a template; what readers by mail see.
    """

    service = "sns"

    def __init__(self, *, topic: str, message: str, subject: str | None = None, **own: Any) -> None:
        super().__init__(message=message, **own)
        self.topic = topic
        self.subject = subject

    @property
    def target(self) -> str:
        return self.topic

    def place(self) -> Place | str:
        found = _ARN.fullmatch(self.topic)
        if found is None:
            return f"topic must be an ARN such as arn:aws:sns:eu-west-1:123456789012:name, not {self.topic!r:.200}"
        region, account, name = found.groups()
        return Place(account, region, name.endswith(".fifo"))

    def entry(self, member: Member) -> dict[str, Any]:
        body = {"Message": member.render(self.message)}
        subject = "" if self.subject is None else " ".join(member.render(self.subject).split())[:LONGEST_SUBJECT]
        return {**body, "Subject": subject} if subject else body

    def send_many(self, client: Any, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = client.publish_batch(TopicArn=self.topic, PublishBatchRequestEntries=list(entries))
        return answer

    def send_one(self, client: Any, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = client.publish(TopicArn=self.topic, **entry)
        return answer


@events.register(SEND_QUEUE)
class SendQueue(CloudMessage):
    """Sends a message to a queue of SQS.

    Args:
        queue: the queue's URL.
        message: a template.
    """

    service = "sqs"

    def __init__(self, *, queue: str, message: str, **own: Any) -> None:
        super().__init__(message=message, **own)
        self.queue = queue

    @property
    def target(self) -> str:
        return self.queue

    def place(self) -> Place | str:
        problem = (
            "queue must be a URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/name, without user or query"
        )
        try:
            parts = urlsplit(self.queue)
        except ValueError:
            return problem
        path = parts.path.strip("/").split("/")
        if parts.scheme not in ("https", "http") or len(path) != 2 or parts.query or "@" in parts.netloc:
            return problem
        found = _QUEUE_HOST.fullmatch(parts.hostname or "")
        region = "" if found is None else found.group(1) or found.group(2)
        return Place(path[0] if path[0].isdecimal() else "", region, path[1].endswith(".fifo"))

    def entry(self, member: Member) -> dict[str, Any]:
        return {"MessageBody": member.render(self.message)}

    def send_many(self, client: Any, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = client.send_message_batch(QueueUrl=self.queue, Entries=list(entries))
        return answer

    def send_one(self, client: Any, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = client.send_message(QueueUrl=self.queue, **entry)
        return answer


def load() -> None:
    """Register both."""
    events.load()


def unload() -> None:
    """Take both back."""
    events.unload()
