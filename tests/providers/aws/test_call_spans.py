"""Each call of the AWS SDK is a span: what was asked, where, and how it was answered; never with what arguments."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from duetime.app.tracing import OpenTelemetryTracer
from duetime.core import tracing
from duetime.core.errors import ProviderFailed
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider

REGION = "us-east-1"


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.plug_in(OpenTelemetryTracer(provider))
    yield exporter
    tracing.plug_in(None)
    provider.shutdown()


@pytest.fixture
def once() -> Iterator[AwsProvider]:
    provider = AwsProvider(loopback_only=True, options=ClientOptions(attempts=1))
    yield provider
    provider.close()


def facts_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_call_is_a_span_under_the_current_one(
    once: AwsProvider, scripted: Any, exported: InMemorySpanExporter
) -> None:
    scripted.describe(("i-secret", "running"))
    with tracing.span("a.run"):
        list(once.pages(account=scripted.account(), region=REGION, resource_type="instance"))
    call, run = exported.get_finished_spans()
    assert call.name == "ec2.DescribeInstances"
    assert call.parent is not None
    assert call.parent.span_id == run.context.span_id
    assert call.status.is_ok or call.status.is_unset
    assert facts_of(call) == {
        "rpc.system": "aws-api",
        "rpc.service": "ec2",
        "rpc.method": "DescribeInstances",
        "cloud.provider": "aws",
        "cloud.account.id": "10",
        "cloud.region": REGION,
        "http.response.status_code": 200,
        "http.request.resend_count": 0,
    }
    assert "i-secret" not in call.to_json()


def test_a_refusal_says_its_code_and_not_its_words(
    once: AwsProvider, scripted: Any, exported: InMemorySpanExporter
) -> None:
    scripted.refuse(403, "UnauthorizedOperation", "swordfish")
    with pytest.raises(ProviderFailed):
        list(once.pages(account=scripted.account(), region=REGION, resource_type="instance"))
    (call,) = exported.get_finished_spans()
    assert not call.status.is_ok
    assert facts_of(call)["error.type"] == "UnauthorizedOperation"
    assert facts_of(call)["http.response.status_code"] == 403
    assert "swordfish" not in call.to_json()


def test_a_call_without_an_answer_ends_too(once: AwsProvider, scripted: Any, exported: InMemorySpanExporter) -> None:
    scripted.cut()
    with pytest.raises(ProviderFailed):
        list(once.pages(account=scripted.account(), region=REGION, resource_type="instance"))
    (call,) = exported.get_finished_spans()
    assert not call.status.is_ok
    assert facts_of(call)["error.type"]


def test_without_a_tracer_nothing_changes(once: AwsProvider, scripted: Any) -> None:
    scripted.describe(("i-1", "running"))
    (page,) = once.pages(account=scripted.account(), region=REGION, resource_type="instance")
    assert [resource.provider_id for resource in page] == ["i-1"]
