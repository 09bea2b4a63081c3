"""What a request to AWS asks for, read from the wire: service, region, operation and what it names."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_ACCOUNT_IN_PATH = re.compile(r"^/(\d{12})(?=/|$)")
_REST_XML = frozenset({"cloudfront", "route53", "s3", "s3control"})


class Protocol(Enum):
    """How an AWS service is spoken to."""

    EC2 = "ec2"
    QUERY = "query"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """One request.

    Attributes:
        service: the name that it is signed for, such as `ec2`.
        operation: AWS's name, such as `StopInstances`; of services that speak REST, `METHOD /path`.
        access_key: whose signature it bears.
        account: the account that is asked, as far as the wire shows it.
        named: every value in it: ids, names, tags.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    protocol: Protocol
    service: str
    region: str
    operation: str
    access_key: str
    account: str = ""
    named: frozenset[str] = field(default_factory=frozenset)

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a request of the query protocols; empty for others."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True)) if self._has_form else {}

    @property
    def _has_form(self) -> bool:
        return self.protocol in (Protocol.EC2, Protocol.QUERY)


def read_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, accounts: Mapping[str, str]
) -> AwsRequest:
    """Read a request; the names of its headers are in lower case, and `accounts` says whose the access keys are."""
    signed = _CREDENTIAL.search(headers.get("authorization", ""))
    key, region, service = signed.groups() if signed else ("", "", "")
    target = headers.get("x-amz-target", "")
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    parameters = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)) if form else {}
    if "Action" in parameters:
        protocol = Protocol.EC2 if service == "ec2" else Protocol.QUERY
        operation, values = parameters["Action"], frozenset(parameters.values())
    elif target:
        protocol, operation, values = Protocol.JSON, target.rpartition(".")[2], frozenset(_leaves(_json(body)))
    else:
        protocol = Protocol.REST_XML if service in _REST_XML else Protocol.REST_JSON
        parts = urlsplit(path)
        operation = f"{method} {parts.path}"
        values = frozenset({*map(unquote, parts.path.split("/")), *dict(parse_qsl(parts.query)).values()})
    in_path = _ACCOUNT_IN_PATH.match(path)
    return AwsRequest(
        method=method,
        path=path,
        headers=headers,
        body=body,
        protocol=protocol,
        service=service,
        region=region,
        operation=operation,
        access_key=key,
        account=in_path.group(1) if in_path else accounts.get(key, ""),
        named=values,
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return {}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
