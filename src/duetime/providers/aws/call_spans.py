"""The span of each call of the AWS SDK: from its beginning to its last attempt's answer."""

from collections.abc import Mapping
from typing import Any

from duetime.core.tracing import Span, SpanKind, begin

_SPAN = "duetime_span"


class CallSpans:
    """Watches the calls of one client.

    Args:
        account: whose client it is.
        region: where it asks.
        service: the SDK's name of the service.
    """

    def __init__(self, *, account: str, region: str, service: str) -> None:
        self._facts = {
            "rpc.system": "aws-api",
            "rpc.service": service,
            "cloud.provider": "aws",
            "cloud.account.id": account,
            "cloud.region": region,
        }
        self._service = service

    def watch(self, client: Any) -> None:
        """Be told of the beginning and the end of each call."""
        events = client.meta.events
        events.register("before-call", self._begins)
        events.register("after-call", _answered)
        events.register("after-call-error", _broke)

    def _begins(self, *, model: Any, context: dict[str, Any], **_: Any) -> None:
        facts = {**self._facts, "rpc.method": str(model.name)}
        context[_SPAN] = begin(f"{self._service}.{model.name}", facts, kind=SpanKind.CLIENT)


def _answered(*, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    span: Span | None = context.pop(_SPAN, None)
    if span is None:
        return
    about = parsed.get("ResponseMetadata", {})
    span.note(
        {
            "http.response.status_code": int(about.get("HTTPStatusCode", 0)),
            "http.request.resend_count": int(about.get("RetryAttempts", 0)),
        }
    )
    code = str(parsed.get("Error", {}).get("Code") or "")
    if code:
        span.fail(code)
    span.end()


def _broke(*, exception: BaseException, context: dict[str, Any], **_: Any) -> None:
    span: Span | None = context.pop(_SPAN, None)
    if span is not None:
        span.fail(type(exception).__name__)
        span.end()
