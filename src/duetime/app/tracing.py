"""Speaks OpenTelemetry for `core.tracing`, and sets up where spans go.

Where, and which of them, is said by the standard variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`,
`OTEL_TRACES_SAMPLER` and the rest. The SDK reads them itself.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from opentelemetry import context, trace

from duetime.core import tracing
from duetime.core.errors import InvalidSetting
from duetime.core.tracing import MOST_LINKS, Facts, Span, SpanKind

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_KINDS = {
    SpanKind.INTERNAL: trace.SpanKind.INTERNAL,
    SpanKind.PRODUCER: trace.SpanKind.PRODUCER,
    SpanKind.CONSUMER: trace.SpanKind.CONSUMER,
    SpanKind.CLIENT: trace.SpanKind.CLIENT,
    SpanKind.SERVER: trace.SpanKind.SERVER,
}
_FLUSH_MILLISECONDS = 5000


class OpenTelemetryTracer:
    """Implements `core.tracing.Tracer` with the API of OpenTelemetry.

    Args:
        provider: whose spans they are; None = the one of the process.
    """

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("duetime", version("duetime"), tracer_provider=provider)

    def begin(self, name: str, facts: Facts, *, kind: SpanKind, parent: str | None, seconds_ago: float) -> Span:
        above = None if parent is None else read_trace_parent(parent)
        return _Span(
            self._tracer.start_span(
                name,
                None if above is None else trace.set_span_in_context(trace.NonRecordingSpan(above), context.Context()),
                kind=_KINDS[kind],
                attributes=dict(facts),
                start_time=time.time_ns() - round(seconds_ago * 1e9),
            )
        )

    def enter(self, span: Span) -> object:
        return context.attach(trace.set_span_in_context(cast("_Span", span).span))

    def leave(self, token: object) -> None:
        context.detach(cast("Any", token))

    def trace_parent(self) -> str | None:
        found = trace.get_current_span()
        if not found.is_recording():
            return None
        ours = found.get_span_context()
        return f"00-{ours.trace_id:032x}-{ours.span_id:016x}-{ours.trace_flags:02x}"


class _Span:
    """Implements `core.tracing.Span`."""

    __slots__ = ("span",)

    def __init__(self, span: trace.Span) -> None:
        self.span = span

    def note(self, facts: Facts) -> None:
        self.span.set_attributes(dict(facts))

    def link(self, parents: Sequence[str]) -> None:
        for parent in parents[:MOST_LINKS]:
            other = read_trace_parent(parent)
            if other is not None:
                self.span.add_link(other)

    def fail(self, kind: str) -> None:
        self.span.set_attribute("error.type", kind)
        self.span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self.span.end()


def read_trace_parent(text: str) -> trace.SpanContext | None:
    """Return the span that a W3C trace parent names, or None when it names none."""
    parts = text.split("-")
    if len(parts) < 4 or [len(part) for part in parts[:4]] != [2, 32, 16, 2] or parts[0] == "ff":
        return None
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:4])
    except ValueError:
        return None
    found = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=trace.TraceFlags(flags))
    return found if found.is_valid else None


@contextmanager
def traced() -> Iterator[None]:
    """Send the spans of the block to where the standard variables say.

    What has not been sent when the block ends is sent then, for five seconds at most.

    Raises:
        InvalidSetting: the extra `traces` is not installed.
    """
    provider = _provider()
    tracing.plug_in(OpenTelemetryTracer(provider))
    try:
        yield
    finally:
        tracing.plug_in(None)
        provider.force_flush(_FLUSH_MILLISECONDS)
        provider.shutdown()


def _provider() -> "TracerProvider":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise InvalidSetting("traces", "needs OpenTelemetry's SDK; run pip install 'duetime[traces]'") from None
    resource = Resource.create({"service.version": version("duetime")})
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "duetime"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
