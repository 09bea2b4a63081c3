"""Sending requests: keys, tries, and problems as exceptions."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from duetime.api_client.errors import ApiProblem, ApiUnreachable

_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered.

    Attributes:
        body: the JSON of the answer; None when it has none.
        etag: of single things; send it back as `if_match`.
        location: where to look how something goes on.
    """

    body: Any
    status: int
    etag: str | None
    location: str | None


class Connection:
    """Sends requests to one server, and tries those again that may be repeated.

    Reading may be repeated anyway. Each change gets an idempotency key of its own, which all its tries share, so that
    it is done once however often it is sent.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        tries: int = 4,
        timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Api-Key": api_key}, timeout=timeout_seconds, transport=transport
        )
        self._tries = tries
        self._pause = pause or threading.Event().wait

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and return what was answered.

        Args:
            method: such as `GET`.
            path: such as `/api/v1/events`.
            params: of the address; those that are None are left out.
            json: the body, as JSON.
            content: the body, as text that is sent as it is.
            headers: further ones.

        Raises:
            ApiProblem: the server refused.
            ApiUnreachable: it did not answer, or could not serve it, after all tries.
        """
        given = dict(headers or {})
        if method != "GET":
            given.setdefault("Idempotency-Key", uuid.uuid4().hex)
        wanted = {key: value for key, value in (params or {}).items() if value is not None}
        request = self._http.build_request(method, path, params=wanted, json=json, content=content, headers=given)
        response = self._tried(request)
        if response.is_error:
            raise _problem(response)
        is_json = "json" in response.headers.get("content-type", "") and bool(response.content)
        return Reply(
            body=response.json() if is_json else response.text or None,
            status=response.status_code,
            etag=response.headers.get("etag"),
            location=response.headers.get("location"),
        )

    @contextmanager
    def stream(self, path: str, *, params: Mapping[str, Any]) -> Iterator[httpx.Response]:
        """Open an answer that is read as it comes.

        Raises:
            ApiProblem: the server refused.
            ApiUnreachable: it did not answer, or broke off.
        """
        wanted = {key: value for key, value in params.items() if value is not None}
        try:
            with self._http.stream("GET", path, params=wanted) as response:
                if response.is_error:
                    response.read()
                    raise _problem(response)
                yield response
        except httpx.TransportError as error:
            raise ApiUnreachable(path, str(error) or type(error).__name__) from error

    def _tried(self, request: httpx.Request) -> httpx.Response:
        last = ""
        for attempt in range(1, self._tries + 1):
            wait = min(0.2 * 2**attempt, _LONGEST_WAIT) * random.uniform(0.5, 1.0)
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                last = str(error) or type(error).__name__
            else:
                if not _may_help(response) or attempt == self._tries:
                    return response
                wait = max(wait, _retry_after(response))
                last = f"HTTP status {response.status_code}"
            if attempt < self._tries:
                self._pause(wait)
        raise ApiUnreachable(str(request.url.copy_with(query=None)), last)


def _may_help(response: httpx.Response) -> bool:
    """Return whether trying again may help: the server is busy, or works on this very request."""
    return response.status_code in _AGAIN or (
        response.status_code == 409 and _document(response).get("type") == "urn:duetime:KeyInUse"
    )


def _retry_after(response: httpx.Response) -> float:
    said = response.headers.get("retry-after", "")
    return min(float(said), _LONGEST_WAIT) if said.isdigit() else 0.0


def _problem(response: httpx.Response) -> ApiProblem:
    found = _document(response)
    return ApiProblem(
        response.status_code,
        str(found.get("detail") or response.reason_phrase),
        kind=str(found.get("type", "")).removeprefix("urn:duetime:"),
        near=found.get("near") or (),
        faults=found.get("faults") or (),
    )


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:  # a proxy's page
        return {}
    return found if isinstance(found, dict) else {}
