"""The client."""

import json as json_module
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from duetime.api_client.connection import Connection, Reply
from duetime.api_client.results import (
    AppliedResult,
    BotResult,
    BotRunResult,
    BulkResult,
    EventResult,
    ResourceResult,
    RunResult,
)

_API = "/api/v1"


class ApiClient:
    """Speaks to one server of duetime.

    Lists are iterators that follow the pages to their end; nothing is read before it is needed. Every method raises
    `ApiProblem` when the server refuses, and `ApiUnreachable` when it does not answer.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        tries: int = 4,
        timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where the server is, such as `https://duetime.example.org`.
            api_key: a key of yours.
            tries: how often a request is sent at most.
            timeout_seconds: how long to wait for an answer.
            transport: another way to send requests, for tests.
        """
        self.connection = Connection(url, api_key, tries=tries, timeout_seconds=timeout_seconds, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    def get(self, path: str, **params: Any) -> Reply:
        """Read anything: `client.get("/plugins")`. Parameters that are None are left out."""
        return self.connection.ask("GET", f"{_API}{path}", params=params)

    def post(self, path: str, body: Any = None, **params: Any) -> Reply:
        """Do anything: `client.post("/plugins/shutters/unload", {"reason": "for now"})`."""
        return self.connection.ask("POST", f"{_API}{path}", params=params, json=body)

    def each(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of any paged list. A page may be short, or empty, although another one follows."""
        cursor: str | None = None
        while True:
            page = self.connection.ask("GET", f"{_API}{path}", params={**params, "cursor": cursor}).body
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def events(self, *, event_type: str | None = None, **filters: Any) -> Iterator[EventResult]:
        """Yield events, the newest first; filters are those of the API, such as `status=["held"]`, `account="10"`."""
        return cast(Iterator[EventResult], self.each("/events", type=event_type, **filters))

    def event(self, event_id: int) -> EventResult:
        """Return one event."""
        return cast(EventResult, self.get(f"/events/{event_id}").body)

    def schedule(
        self,
        event_type: str,
        *,
        at: str | None = None,
        delay: str | None = None,
        schedule: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> EventResult:
        """Schedule an event.

        Args:
            event_type: what to do.
            at: when, an instant with a time zone.
            delay: when, a length of time from now such as `90m`.
            schedule: when, a whole schedule.
            more: `resource_id`, `args`, `description` and what else the API takes.
        """
        times = {"at": at, "in": delay, "schedule": schedule}
        body = {"event_type": event_type, **more} | {key: value for key, value in times.items() if value is not None}
        return cast(EventResult, self.post("/events", body).body)

    def steer(self, event_id: int, verb: str, *, if_match: str | None = None, **body: Any) -> EventResult:
        """Do something to an event: `cancel`, `pause`, `resume`, `run`, `reschedule` or `resolve`."""
        headers = {} if if_match is None else {"If-Match": if_match}
        path = f"{_API}/events/{event_id}/{verb}"
        return cast(EventResult, self.connection.ask("POST", path, json=body, headers=headers).body)

    def steer_many(self, event_ids: Sequence[int], verb: str, **body: Any) -> BulkResult:
        """Do one verb to up to 1,000 events; each is answered for itself."""
        return cast(BulkResult, self.post("/events/bulk", {"verb": verb, "ids": list(event_ids), **body}).body)

    def explain(self, event_id: int) -> list[str]:
        """Say why an event did or did not run."""
        return cast(list[str], self.get(f"/events/{event_id}/explanation").body["sentences"])

    def runs(self, *, event_type: str | None = None, **filters: Any) -> Iterator[RunResult]:
        """Yield runs, the last that ended first; filters are those of the API, such as `since="24h"`."""
        return cast(Iterator[RunResult], self.each("/runs", type=event_type, **filters))

    def export_runs(self, **filters: Any) -> Iterator[RunResult]:
        """Yield any number of runs as the server streams them, in constant memory."""
        with self.connection.stream(f"{_API}/runs/export", params={**filters, "format": "jsonl"}) as response:
            for line in response.iter_lines():
                if line:
                    yield cast(RunResult, json_module.loads(line))

    def bots(self, **filters: Any) -> Iterator[BotResult]:
        """Yield bots by name."""
        return cast(Iterator[BotResult], self.each("/bots", **filters))

    def bot(self, name: str) -> tuple[BotResult, str]:
        """Return a bot and its ETag."""
        reply = self.get(f"/bots/{_part(name)}")
        return cast(BotResult, reply.body), reply.etag or ""

    def apply_bots(
        self, document: str, *, pending: str = "keep", preview: bool = False, allow_unknown: bool = False
    ) -> list[AppliedResult]:
        """Make bots what a YAML or JSON document says; `ApiProblem.faults` says with line and column what is wrong."""
        reply = self.connection.ask(
            "POST",
            f"{_API}/bots",
            params={"pending": pending, "preview": preview, "allow_unknown": allow_unknown},
            content=document,
            headers={"Content-Type": "application/yaml"},
        )
        return cast(list[AppliedResult], reply.body["bots"])

    def run_bot(self, name: str) -> BotRunResult:
        """Have a bot run now; `bot_run` says how it goes on."""
        return cast(BotRunResult, self.post(f"/bots/{_part(name)}/run").body)

    def bot_run(self, name: str, event_id: int) -> BotRunResult:
        """Return how a run of a bot goes on."""
        return cast(BotRunResult, self.get(f"/bots/{_part(name)}/runs/{event_id}").body)

    def resources(self, *, resource_type: str | None = None, **filters: Any) -> Iterator[ResourceResult]:
        """Yield resources by id."""
        return cast(Iterator[ResourceResult], self.each("/resources", type=resource_type, **filters))


def _part(name: str) -> str:
    return quote(name, safe="")
