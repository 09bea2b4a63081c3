"""The paths of pages. Every link that a page writes comes from here, so that none leads elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from duetime.core.events import Run

OVERVIEW = "/scheduled-events"
UPCOMING = "/scheduled-events/upcoming"
HISTORY = "/scheduled-events/history"
EVENTS = "/events"

Value = str | int | datetime | None


def event_path(event_id: int, *verb: str) -> str:
    """Return the page of an event, or of a verb on it: `/events/17`, `/events/17/cancel`."""
    return "/".join((EVENTS, str(event_id), *(quote(part, safe="") for part in verb)))


def run_path(run: Run, *verb: str) -> str:
    """Return the page of a run, or of a verb on it."""
    return run_id_path(run.run_id, *verb)


def run_id_path(run_id: str, *verb: str) -> str:
    """Return the page of the run of this name: `/runs/17/2026-01-31T19:00:00.000000Z/1`."""
    return "/".join(("/runs", quote(run_id, safe="/:"), *(quote(part, safe="") for part in verb)))


def resource_path(resource_id: str) -> str:
    """Return the page of a resource."""
    return f"/resources/{quote(resource_id, safe=':')}"


def bot_path(name: str, *more: str) -> str:
    """Return the page of a bot, or one below it."""
    return "/".join(("/bots", *(quote(part, safe="") for part in (name, *more))))


def account_path(account: str, *more: str) -> str:
    """Return the page of an account, or one below it."""
    return "/".join(("/accounts", *(quote(part, safe="") for part in (account, *more))))


def plugin_path(name: str, *verb: str) -> str:
    """Return the page of a verb on a plugin."""
    return "/".join(("/plugins", *(quote(part, safe="") for part in (name, *verb))))


def access_path(*more: str) -> str:
    """Return a page of the administration of access: `/access/groups/operators`."""
    return "/".join(("/access", *(quote(part, safe="") for part in more)))


def with_query(path: str, **values: Value | list[str] | tuple[str, ...]) -> str:
    """Return a path with query parameters; those that are None or empty are left out, lists are repeated."""
    return with_pairs(path, [(name, each) for name, value in values.items() for each in _each(value)])


def with_pairs(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a path with query parameters, just as they are given."""
    return f"{path}?{urlencode(pairs)}" if pairs else path


def own_path(text: str | None, *, otherwise: str = "/") -> str:
    """Return a path of this site as somebody's browser sent it, or `otherwise` when it leads anywhere else.

    Browsers read two slashes, a slash and a backslash, and a path with control characters as another site's address.
    """
    if text is None or not text.startswith("/") or text[1:2] in {"/", "\\"} or not text.isprintable() or "\\" in text:
        return otherwise
    return text


def _each(value: Value | list[str] | tuple[str, ...]) -> list[str]:
    match value:
        case None | "":
            return []
        case datetime():
            return [value.isoformat()]
        case list() | tuple():
            return [each for each in value if each]
        case _:
            return [str(value)]
