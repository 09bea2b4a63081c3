"""Messages to topics and queues, on the simulated AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.builtin.job_call import DUE_AT, Inventory
from tests.providers.conftest import REGION

from duetime.builtin.cloud_message import LARGEST_BATCH, CloudMessage
from duetime.builtin.queues import PublishTopic, SendQueue
from duetime.core.clock import SystemClock
from duetime.core.outcomes import Failed, JobOutcome, Succeeded
from duetime.core.resources import Account, Resource
from duetime.core.run_context import RunContext, bound
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.store import Store


class Calls:
    """Runs one of the jobs for some machines, and counts what AWS was asked."""

    def __init__(self, store: Store, aws: AwsProvider, account: Account) -> None:
        self.store, self.aws, self.account = store, aws, account
        self.client = Client(store)
        self.overall: JobOutcome | None = None

    def __call__(self, job: type[CloudMessage], number: int, *, alone: bool = False, **args: Any) -> list[JobOutcome]:
        machines = [self.machine(one) for one in range(number)]
        ids = tuple(each.resource_id for each in machines)
        inventory = Inventory()
        inventory.rows = {each.resource_id: each for each in machines}
        with using(self.client):
            events = [self.client.schedule("test.any", DUE_AT, resource_id=one, allow_unknown=True) for one in ids]
            context = RunContext(
                clock=SystemClock(),
                inventory=inventory,
                cloud=Clouds(lambda: {self.account.account: self.account}, providers={"aws": self.aws}),
                resource_ids=ids,
                occurrences=tuple((event.event_id, DUE_AT) for event in events),
            )
            with bound(context):
                self.overall = job(resource_id=ids[0], **args).run()
        return [context.outcomes[one] for one in ids] if self.overall is None else [self.overall]

    def machine(self, number: int) -> Resource:
        return Resource.of(
            resource_type="instance",
            account=self.account.account,
            region=REGION,
            provider_id=f"i-{number}",
            name=f"web-{number}",
            tags={"even": "yes"} if number % 2 == 0 else {},
        )

    def counts(self, *operations: str) -> dict[str, int]:
        found: dict[str, int] = dict.fromkeys(operations, 0)
        for call, count in self.aws.calls().items():
            if call.operation in found:
                found[call.operation] += count
        return found


@pytest.fixture
def call(sqlite_store: Store, aws: AwsProvider, account: Account) -> Calls:
    return Calls(sqlite_store, aws, account)


@pytest.fixture
def sqs(aws: AwsProvider, account: Account) -> Any:
    return aws.client("sqs", account=account, region=REGION)


@pytest.fixture
def queue(sqs: Any) -> Iterator[str]:
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def topic(aws: AwsProvider, account: Account, sqs: Any, queue: str) -> str:
    sns = aws.client("sns", account=account, region=REGION)
    arn = sns.create_topic(Name="news")["TopicArn"]
    target = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=target)
    return str(arn)


def texts(sqs: Any, queue: str) -> list[str]:
    found: list[str] = []
    while got := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return sorted(found)


def test_a_group_is_sent_ten_with_a_call(call: Calls, sqs: Any, queue: str) -> None:
    outcomes = call(SendQueue, 23, queue=queue, message="{{ resource.name }}")
    assert all(isinstance(one, Succeeded) and one.data["to"] == queue and one.data["message_id"] for one in outcomes)
    assert len({one.data["message_id"] for one in outcomes}) == 23  # type: ignore[union-attr]
    assert call.counts("SendMessageBatch", "SendMessage") == {"SendMessageBatch": 3, "SendMessage": 0}
    assert texts(sqs, queue) == sorted(f"web-{one}" for one in range(23))


def test_a_topic_tells_its_readers(call: Calls, sqs: Any, queue: str, topic: str) -> None:
    outcomes = call(PublishTopic, 11, topic=topic, message="{{ resource.name }}", subject="about {{ resource.name }}")
    assert all(isinstance(one, Succeeded) and one.data["to"] == topic for one in outcomes)
    assert call.counts("PublishBatch", "Publish") == {"PublishBatch": 1, "Publish": 1}
    told = [json.loads(text) for text in texts(sqs, queue)]
    assert sorted(each["Message"] for each in told) == sorted(f"web-{one}" for one in range(11))
    assert {each["Subject"] for each in told} == {f"about web-{one}" for one in range(11)}


def test_a_template_that_fails_fails_its_own_message_alone(call: Calls, sqs: Any, queue: str) -> None:
    outcomes = call(SendQueue, 4, queue=queue, message="{{ resource.tags.even }}")
    assert [type(one) for one in outcomes] == [Succeeded, Failed, Succeeded, Failed]
    assert "cannot be rendered" in outcomes[1].error  # type: ignore[union-attr]
    assert outcomes[1].retry is False  # type: ignore[union-attr]
    assert texts(sqs, queue) == ["yes", "yes"]


def test_large_messages_are_sent_with_fewer_in_a_call(call: Calls, sqs: Any, queue: str) -> None:
    text = "{% for n in range(900) %}{{ 'LETTERS' }}{% endfor %}".replace("LETTERS", "é" * 17)
    outcomes = call(SendQueue, 10, queue=queue, message=text)
    assert all(isinstance(one, Succeeded) for one in outcomes)
    assert LARGEST_BATCH < 900 * 17 * 2 * 10
    assert call.counts("SendMessageBatch") == {"SendMessageBatch": 2}


def test_when_a_batch_is_refused_each_is_tried_alone(call: Calls, queue: str) -> None:
    outcomes = call(SendQueue, 3, queue=queue.replace("told", "nobody"), message="x")
    assert call.counts("SendMessage") == {"SendMessage": 3}
    assert all(isinstance(one, Failed) and one.retry is False for one in outcomes)


def test_of_a_batch_that_failed_in_part_the_rest_stands(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[Any] = []

    def many(_job: Any, _client: Any, entries: Any) -> Any:
        return {
            "Successful": [{"Id": each["Id"], "MessageId": "m"} for each in entries[1:]],
            "Failed": [{"Id": entries[0]["Id"], "Code": "InternalError", "SenderFault": False}],
        }

    monkeypatch.setattr(SendQueue, "send_many", many)

    def one(_job: Any, _client: Any, entry: Any) -> Any:
        alone.append(entry)
        return {"MessageId": "one"}

    monkeypatch.setattr(SendQueue, "send_one", one)
    outcomes = call(
        SendQueue, 3, queue="https://sqs.us-east-1.amazonaws.com/123456789012/q", message="{{ resource.name }}"
    )
    assert [one.data["message_id"] for one in outcomes] == ["one", "m", "m"]  # type: ignore[union-attr]
    assert alone == [{"MessageBody": "web-0"}]


def test_a_batch_without_an_answer_is_not_sent_again_one_by_one(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any) -> Any:
        raise ConnectionError("gone")

    monkeypatch.setattr(SendQueue, "send_many", silent)
    monkeypatch.setattr(SendQueue, "send_one", lambda *_: pytest.fail("sent again"))
    outcomes = call(SendQueue, 2, queue="https://sqs.us-east-1.amazonaws.com/123456789012/q", message="x")
    assert [(type(one), one.retry) for one in outcomes] == [(Failed, True)] * 2  # type: ignore[union-attr]


def test_a_fifo_queue_takes_each_event_once(call: Calls, sqs: Any) -> None:
    url = sqs.create_queue(
        QueueName="told.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "false"}
    )["QueueUrl"]
    assert all(isinstance(one, Succeeded) for one in call(SendQueue, 2, queue=url, message="same text"))
    assert texts(sqs, url) == ["same text", "same text"]


@pytest.mark.parametrize("topic", ["news", "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sns:us-east-1:12:q", ""])
def test_what_is_no_topic_is_refused(call: Calls, topic: str) -> None:
    (outcome,) = call(PublishTopic, 1, topic=topic, message="x")
    assert isinstance(outcome, Failed)
    assert "must be an ARN" in outcome.error
    assert outcome.retry is False


@pytest.mark.parametrize(
    "queue", ["told", "https://me:pw@h/1/q", "https://h/q", "ftp://h/1/q", "https://h/1/q?x=1", "http://[/1/q"]
)
def test_what_is_no_queue_is_refused(call: Calls, queue: str) -> None:
    (outcome,) = call(SendQueue, 1, queue=queue, message="x")
    assert isinstance(outcome, Failed)
    assert "must be a URL" in outcome.error
    assert "pw" not in outcome.error
