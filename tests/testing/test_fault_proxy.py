"""The fault proxy, seen by the AWS SDK itself: each protocol's errors are errors of that protocol to it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from duetime.core.errors import InvalidSetting
from duetime.testing.clock import ManualClock
from duetime.testing.cloud_faults import Breakdown, Cut, LeftOut, Refusal, RequestLimit, Throttle
from duetime.testing.fault_proxy import FaultProxy

NOW = datetime(2026, 3, 2, 19, tzinfo=UTC)
EMPTY = b"<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"


class Upstream:
    """Answers everything with the same, and keeps what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.answer = EMPTY
        self.kind = "text/xml"


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            upstream.bodies.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            self.send_response(200)
            self.send_header("Content-Type", upstream.kind)
            self.send_header("Content-Length", str(len(upstream.answer)))
            self.end_headers()
            self.wfile.write(upstream.answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with FaultProxy(f"http://127.0.0.1:{server.server_address[1]}", clock=ManualClock(NOW)) as running:
        yield running
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clients(proxy: FaultProxy) -> Iterator[Any]:
    opened: list[Any] = []

    def client(service: str) -> Any:
        opened.append(
            boto3.client(
                service,
                endpoint_url=proxy.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
        )
        return opened[-1]

    yield client
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code"),
    [
        ("ec2", "stop_instances", {"InstanceIds": ["i-1"]}, "RequestLimitExceeded"),
        ("rds", "stop_db_instance", {"DBInstanceIdentifier": "one"}, "Throttling"),
        ("dynamodb", "delete_table", {"TableName": "one-table"}, "ThrottlingException"),
        ("lambda", "delete_function", {"FunctionName": "one"}, "TooManyRequestsException"),
        ("s3", "delete_bucket", {"Bucket": "one-bucket"}, "SlowDown"),
    ],
)
def test_a_throttle_speaks_each_protocol(
    proxy: FaultProxy, clients: Any, service: str, call: str, arguments: dict[str, Any], code: str
) -> None:
    proxy.add(Throttle(service=service, retry_after=7))
    with pytest.raises(ClientError) as caught:
        getattr(clients(service), call)(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"
    (seen,) = proxy.calls()
    assert (seen.service, seen.region, seen.fault) == (service, "us-east-1", "Throttle")


def test_a_fault_strikes_what_it_is_about_and_as_often_as_it_is_told(proxy: FaultProxy, clients: Any) -> None:
    fault = proxy.add(Refusal(code="Odd", operation="Describe*", ids=("i-1",), times=1))
    ec2 = clients("ec2")
    ec2.describe_instances(InstanceIds=["i-2"])
    with pytest.raises(ClientError, match="Odd"):
        ec2.describe_instances(InstanceIds=["i-1"])
    ec2.describe_instances(InstanceIds=["i-1"])
    assert fault.struck == 1
    assert [call.status for call in proxy.calls("DescribeInstances")] == [200, 400, 200]


def test_a_window_opens_and_closes(proxy: FaultProxy, clients: Any) -> None:
    ec2, clock = clients("ec2"), proxy._clock
    assert isinstance(clock, ManualClock)
    proxy.add(Refusal(code="Odd", after=timedelta(seconds=10), lasts=timedelta(seconds=5)))
    ec2.describe_instances()
    clock.move_to(NOW + timedelta(seconds=10))
    with pytest.raises(ClientError, match="Odd"):
        ec2.describe_instances()
    clock.move_to(NOW + timedelta(seconds=15))
    ec2.describe_instances()


def test_chance_is_the_same_every_time(proxy: FaultProxy) -> None:
    first, second = (Refusal(code="Odd", chance=0.3, seed=4) for _ in range(2))
    struck = [first.strikes() for _ in range(200)]
    assert struck == [second.strikes() for _ in range(200)]
    assert 40 < sum(struck) < 80


def test_a_request_limit_is_a_bucket_per_region_and_operation(proxy: FaultProxy, clients: Any) -> None:
    limit = proxy.add(RequestLimit(rate=1, burst=3))
    ec2, clock = clients("ec2"), proxy._clock
    assert isinstance(clock, ManualClock)
    for _ in range(3):
        ec2.describe_instances()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        ec2.describe_instances()
    ec2.describe_volumes()
    clock.move_to(NOW + timedelta(seconds=1))
    ec2.describe_instances()
    assert limit.refused == 1


@pytest.mark.parametrize("forwarded", [False, True])
def test_a_cut_comes_before_or_after_the_work(
    proxy: FaultProxy, upstream: Upstream, clients: Any, forwarded: bool
) -> None:
    proxy.add(Cut(forwarded=forwarded))
    with pytest.raises(HTTPClientError):
        clients("ec2").describe_instances()
    assert len(upstream.bodies) == forwarded


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "Unavailable")])
def test_a_breakdown(proxy: FaultProxy, upstream: Upstream, clients: Any, status: int, code: str) -> None:
    proxy.add(Breakdown(status=status))
    with pytest.raises(ClientError, match=code):
        clients("ec2").describe_instances()
    assert not upstream.bodies


def test_a_json_batch_names_those_that_were_left_out(proxy: FaultProxy, upstream: Upstream, clients: Any) -> None:
    upstream.answer, upstream.kind = b'{"Successful": [{"Id": "b", "MessageId": "1"}]}', "application/x-amz-json-1.0"
    proxy.add(LeftOut(service="sqs", ids=("a",)))
    entries = [{"Id": one, "ReceiptHandle": one} for one in ("a", "b")]
    answer = clients("sqs").delete_message_batch(QueueUrl=f"{proxy.endpoint_url}/1/q", Entries=entries)
    assert [one["Id"] for one in answer["Failed"]] == ["a"]
    assert b'"Id": "a"' not in upstream.bodies[0]


@pytest.mark.parametrize("url", ["https://127.0.0.1:5000", "http://192.0.2.1:80", "http://127.0.0.1", "nonsense"])
def test_only_this_machine_lies_behind(url: str) -> None:
    with pytest.raises(InvalidSetting, match="upstream"):
        FaultProxy(url)
