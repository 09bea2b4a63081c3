"""Answers of AWS as they stand on the wire: errors in each protocol, and lists of EC2 with other contents."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from duetime.testing.aws_request import AwsRequest, Protocol

_INSTANCE_STATES = {
    "pending": "0",
    "running": "16",
    "shutting-down": "32",
    "terminated": "48",
    "stopping": "64",
    "stopped": "80",
}
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `cut` = the connection is closed instead of it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False


def error_answer(
    request: AwsRequest, code: str, message: str, *, status: int, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error in the form of the protocol that the request speaks."""
    kind = "text/xml;charset=UTF-8"
    text = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    match request.protocol:
        case Protocol.EC2:
            body = f"<Response><Errors><Error>{text}</Error></Errors><RequestID>{_REQUEST_ID}</RequestID></Response>"
        case Protocol.QUERY:
            body = (
                f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error>"
                f"<RequestId>{_REQUEST_ID}</RequestId></ErrorResponse>"
            )
        case Protocol.REST_XML:
            body = f"<Error>{text}<RequestId>{_REQUEST_ID}</RequestId></Error>"
        case Protocol.JSON:
            kind = "application/x-amz-json-1.1"
            body = json.dumps({"__type": code, "message": message})
        case _:
            kind = "application/json"
            body = json.dumps({"message": message})
    given = {"Content-Type": kind, "x-amzn-RequestId": _REQUEST_ID, **(headers or {})}
    if request.protocol in (Protocol.JSON, Protocol.REST_JSON):
        given["x-amzn-ErrorType"] = code
    return Answer(status, given, body.encode())


def throttling_code(request: AwsRequest) -> tuple[str, int]:
    """Return the code and status with which a service of this protocol says that there were too many calls."""
    return {
        Protocol.EC2: ("RequestLimitExceeded", 503),
        Protocol.QUERY: ("Throttling", 400),
        Protocol.JSON: ("ThrottlingException", 400),
        Protocol.REST_JSON: ("TooManyRequestsException", 429),
        Protocol.REST_XML: ("SlowDown", 503),
    }[request.protocol]


def named_items(answer: Answer, change: Callable[[str, ET.Element], bool]) -> Answer:
    """Go through the items of an EC2 list.

    Args:
        answer: the list, as XML.
        change: called with each id that an item bears and the item, which it may change; returns whether the item
            stays. What is inside of an item that it has judged is not gone through.
    """
    root = ET.fromstring(answer.body)  # noqa: S314 - our own simulation's answer
    _walk(root, change)
    space = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else None
    return replace(answer, body=ET.tostring(root, encoding="utf-8", default_namespace=space))


def ids_of(item: ET.Element) -> set[str]:
    """Return the ids that stand directly in an item."""
    return {child.text or "" for child in item if child.tag.endswith("Id")}


def set_state(item: ET.Element, state: str) -> None:
    """Let an item say that its resource is in another state."""
    for child in item:
        name = child.tag.rpartition("}")[2]
        if name == "instanceState":
            for part in child:
                part.text = state if part.tag.endswith("name") else _INSTANCE_STATES.get(state, "0")
        elif name in {"state", "status"} and len(child) == 0:
            child.text = state


def _walk(element: ET.Element, change: Callable[[str, ET.Element], bool]) -> None:
    for child in list(element):
        ids = ids_of(child) if child.tag.rpartition("}")[2] == "item" else set()
        if all(change(one, child) for one in ids):
            _walk(child, change)
        else:
            element.remove(child)
