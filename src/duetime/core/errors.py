"""Every error that duetime raises on purpose.

The four families say who must react: `Invalid` the caller, by asking differently; `NotFound` the caller, by naming
something that exists; `Conflict` the caller, by looking at the present state first; `Unavailable` the operator or
time itself. Each leaf takes the facts as fields and writes its own sentence, which ends in what to do.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches


class DuetimeError(Exception):
    """Something duetime could not do."""


class Invalid(DuetimeError):
    """The request itself is wrong; the same request will always be refused."""


class NotFound(DuetimeError):
    """The request names something that does not exist."""


class Conflict(DuetimeError):
    """The request does not fit the present state of what it names."""


class Unavailable(DuetimeError):
    """Something that is needed does not answer now; the same request may work later."""


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """Return up to `most` known names that look like `name`, best first."""
    return tuple(get_close_matches(name, list(known), n=most, cutoff=0.5))


def _did_you_mean(near: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(near)}?" if near else ""


class InvalidSchedule(Invalid):
    """A schedule that cannot be built, read or that never fires."""

    def __init__(self, problem: str, *, examples: Sequence[str] = ()) -> None:
        self.problem = problem
        self.examples = tuple(examples)
        shown = f" Examples: {'; '.join(self.examples)}." if self.examples else ""
        super().__init__(f"{problem}.{shown}")


class InvalidInstant(Invalid):
    """A naive datetime, or a text that is no instant."""

    def __init__(self, what: str, value: object) -> None:
        self.what = what
        self.value = value
        super().__init__(f"{what} must be an instant with a time zone, such as 2026-01-31T19:00:00Z, not {value!r}.")


class InvalidArguments(Invalid):
    """Event arguments that are no JSON object, too large, or do not fit the job."""

    def __init__(self, event_type: str, problem: str) -> None:
        self.event_type = event_type
        self.problem = problem
        super().__init__(f"Arguments for {event_type} are refused: {problem}.")


class InvalidResourceId(Invalid):
    """A text that is no resource id."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{text!r} is no resource id; write type:account:region:provider_id: with the trailing colon, "
            "such as 'instance:10:us-east-1:i-0abc:'."
        )


class InvalidSetting(Invalid):
    """A setting with an unknown name or a value that does not fit."""

    def __init__(self, name: str, problem: str, *, near: Sequence[str] = ()) -> None:
        self.name = name
        self.problem = problem
        self.near = tuple(near)
        super().__init__(f"Setting {name}: {problem}.{_did_you_mean(self.near)}")


class InvalidDocument(Invalid):
    """A bot or plugin file that does not say what it must, with the place of the fault."""

    def __init__(self, source: str, problem: str, *, line: int | None = None, column: int | None = None) -> None:
        self.source = source
        self.problem = problem
        self.line = line
        self.column = column
        place = source if line is None else f"{source}, line {line}" + (f", column {column}" if column else "")
        super().__init__(f"{place}: {problem}.")


class UnknownEventType(NotFound):
    """No loaded plugin has ever registered this event type."""

    def __init__(self, event_type: str, *, near: Sequence[str] = ()) -> None:
        self.event_type = event_type
        self.near = tuple(near)
        super().__init__(
            f"No event type {event_type!r} is known.{_did_you_mean(self.near)} Load the plugin that brings it, "
            "or let the event wait for a handler: --allow-unknown, allow_unknown=True."
        )


class UnknownName(NotFound):
    """A bot, plugin, filter, action, account, event or resource that does not exist."""

    def __init__(self, kind: str, name: object, *, near: Sequence[str] = ()) -> None:
        self.kind = kind
        self.name = name
        self.near = tuple(near)
        super().__init__(f"There is no {kind} {name!r}.{_did_you_mean(self.near)} List them to see the known ones.")


class DuplicateRegistration(Conflict):
    """Two plugins register the same id."""

    def __init__(self, kind: str, name: str, *, owner: str, newcomer: str) -> None:
        self.kind = kind
        self.name = name
        self.owner = owner
        self.newcomer = newcomer
        super().__init__(
            f"{kind.capitalize()} {name!r} is already registered by {owner}; {newcomer} may not register it too. "
            "Rename one of them or unload one plugin."
        )


class IllegalTransition(Conflict):
    """A verb that the event's present status does not allow."""

    def __init__(self, event_id: int, *, verb: str, status: str, remedy: str = "") -> None:
        self.event_id = event_id
        self.verb = verb
        self.status = status
        self.remedy = remedy
        more = f" {remedy}" if remedy else ""
        super().__init__(f"Event {event_id} is {status} and cannot be {verb}.{more}")


class StaleClaim(Conflict):
    """A write by a worker whose claim is no longer the event's claim."""

    def __init__(self, event_id: int, *, token: int) -> None:
        self.event_id = event_id
        self.token = token
        super().__init__(
            f"The claim {token} on event {event_id} is stale: another worker has it or it has ended. "
            "Nothing was written; drop the result."
        )


class CannotUndo(Conflict):
    """A run that nothing undoes."""

    def __init__(self, run_id: str, problem: str) -> None:
        self.run_id = run_id
        self.problem = problem
        super().__init__(f"Run {run_id} cannot be undone: {problem}.")


class SessionLost(Conflict):
    """A worker session that was declared lost goes on trying to work."""

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id
        super().__init__(
            f"Worker session {session_id} was declared lost because its heartbeat stopped. Open a new session."
        )


class NotAllowed(Conflict):
    """Something that a user may not have done."""

    def __init__(self, user: str, event_type: str, problem: str) -> None:
        self.user = user
        self.event_type = event_type
        self.problem = problem
        super().__init__(
            f"{event_type} is not allowed: {problem}. See `duetime users list`; an administrator changes it with "
            f"`duetime users allow {user} PATTERN` or `duetime users enable {user}`."
        )


class NoCurrentApp(Conflict):
    """A tracker or registration used where no duetime app is active."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"{what} needs a current duetime app and this thread has none. Call it from a job or an action, "
            "or inside `with app.current():`."
        )


class PluginFailed(Invalid):
    """A plugin that raised while it was loaded or unloaded; nothing of it was kept."""

    def __init__(self, plugin: str, problem: str, *, file: str | None = None, line: int | None = None) -> None:
        self.plugin = plugin
        self.problem = problem
        self.file = file
        self.line = line
        place = f" at {file}:{line}" if file else ""
        super().__init__(f"Plugin {plugin} failed{place}: {problem}. Nothing of it was loaded; mend it and reload.")


class UnsafeFile(Invalid):
    """A file that others could change, or that belongs to somebody else."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path} is not trusted: {problem}. Own it yourself and remove others' write permission.")


class DatabaseUnavailable(Unavailable):
    """The database does not answer, is locked for too long, or is full."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"The database is not available: {problem}. {remedy}")


class DatabaseMissing(Unavailable):
    """No database where the settings say, or one whose schema is not current."""

    def __init__(self, location: str, problem: str) -> None:
        self.location = location
        self.problem = problem
        super().__init__(f"{location}: {problem}. Run `duetime db upgrade` first.")


class ProviderFailed(Unavailable):
    """A cloud API that refused or did not answer."""

    def __init__(self, provider: str, problem: str) -> None:
        self.provider = provider
        self.problem = problem
        super().__init__(f"{provider}: {problem}.")


class Throttled(ProviderFailed):
    """A cloud that has no room for the call now; nothing was done. A job that lets it escape is put off until then."""

    def __init__(self, provider: str, problem: str, *, until: datetime) -> None:
        self.until = until
        super().__init__(provider, problem)


class CredentialsRefused(ProviderFailed):
    """A cloud that does not accept who asks, or credentials that cannot be got; nothing was done."""


class PermissionMissing(ProviderFailed):
    """A cloud that accepts who asks, but not for this; nothing was done."""
