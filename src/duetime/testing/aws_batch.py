"""Batches on the wire: requests without some of their members, and answers that name those as failed."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from duetime.testing.aws_answer import Answer
from duetime.testing.aws_request import AwsRequest, Protocol


def without_ids(request: AwsRequest, ids: Collection[str]) -> tuple[AwsRequest, list[str]]:
    """Return a request without the members of its lists that are, or bear, one of these ids; and which those were."""
    if request.protocol in (Protocol.EC2, Protocol.QUERY):
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
        gone = [value for _, value in pairs if value in ids]
        body = urlencode(_renumbered([(name, value) for name, value in pairs if value not in ids])).encode()
    else:
        gone = []
        body = json.dumps(_thinned(json.loads(request.body), ids, gone)).encode()
    return replace(request, body=body), gone


def with_failures(answer: Answer, failed: Collection[str], *, key: str, code: str) -> Answer:
    """Return a JSON answer that names these members as failed; others stay as they are."""
    if answer.status != 200 or not answer.headers.get("Content-Type", "").startswith("application/"):
        return answer
    said = json.loads(answer.body or b"{}")
    said[key] = [*said.get(key, []), *({"Id": one, "Code": code, "SenderFault": False} for one in failed)]
    return replace(answer, body=json.dumps(said).encode())


def _renumbered(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return parameters whose lists, such as `InstanceId.1`, are without gaps."""
    counts: dict[str, int] = {}
    numbered = []
    for name, value in pairs:
        stem, dot, number = name.rpartition(".")
        if dot and number.isdecimal():
            counts[stem] = counts.get(stem, 0) + 1
            numbered.append((f"{stem}.{counts[stem]}", value))
        else:
            numbered.append((name, value))
    return numbered


def _thinned(value: Any, ids: Collection[str], gone: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _thinned(inner, ids, gone) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    kept = []
    for inner in value:
        one = inner.get("Id") if isinstance(inner, dict) else inner
        if isinstance(one, str) and one in ids:
            gone.append(one)
        else:
            kept.append(inner)
    return kept
