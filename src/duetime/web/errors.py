"""What the web refuses, beyond what duetime itself refuses."""

from collections.abc import Sequence

from duetime.core.access import Feature, Role
from duetime.core.errors import Conflict, DuetimeError, Invalid, InvalidDocument, Unavailable


class NotSignedIn(DuetimeError):
    """A request by nobody, or with a key or session that is not valid any more."""

    def __init__(self) -> None:
        super().__init__("Log in first, or send a valid API key in the header Api-Key.")


class Forbidden(DuetimeError):
    """Something that a visitor may not do."""

    def __init__(self, feature: Feature, role: Role, problem: str = "") -> None:
        self.feature = feature
        self.role = role
        self.problem = problem
        more = f": {problem}" if problem else ""
        super().__init__(
            f"This needs the role {role.word} of {feature}{more}. An administrator can grant it in an access group."
        )


class TokenMissing(DuetimeError):
    """A change that came with a session but without its token: another site may have made the browser send it."""

    def __init__(self) -> None:
        super().__init__("The form is too old or comes from somewhere else. Load the page again and repeat the change.")


class PasswordMustChange(DuetimeError):
    """A login whose password was set by somebody else."""

    def __init__(self) -> None:
        super().__init__("Choose a new password first.")


class LoginRefused(DuetimeError):
    """A login and a password that do not let anybody in; which of the two is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("The login or the password is wrong, or the login is disabled.")


class NeedsSession(DuetimeError):
    """Something that a person does while logged in, and no API key may do."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} needs a person who is logged in, or an API key of an administrator of access.")


class KeyTooWide(Invalid):
    """An API key that would open more than its login may do."""

    def __init__(self, feature: Feature, role: Role, *, payloads: bool = False) -> None:
        self.feature = feature
        self.role = role
        what = "payloads" if payloads else f"the role {role.word}"
        super().__init__(
            f"A key opens no more than its login may do, and that has not {what} of {feature} in these accounts. "
            "Ask for less, or for what the login's access groups grant."
        )


class LastAdministrator(Conflict):
    """A change that would leave nobody who can say what is open to whom."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody would be left who administers access. Give another login that role first: a group with the role "
            "admin of access in all accounts, for an active login with a password or a linked identity."
        )


class IdentityRefused(DuetimeError):
    """Somebody whom the OpenID Connect provider knows, or says it does, and who is not let in."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"Logging in by the identity provider failed: {problem}.")


class IdentityUnavailable(Unavailable):
    """An OpenID Connect provider that does not answer, or not as it must."""

    def __init__(self, issuer: str, problem: str) -> None:
        self.issuer = issuer
        self.problem = problem
        super().__init__(
            f"The identity provider {issuer} does not answer as it must ({problem}). Try again, or log in by password."
        )


class TooManyAttempts(DuetimeError):
    """Logging in was tried too often."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many attempts to log in. Try again in {seconds} seconds.")


class PreconditionFailed(Conflict):
    """A change of something that has changed since it was read."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} has changed since you read it. Read it again, and send its present ETag in If-Match.")


class KeyReused(Conflict):
    """An idempotency key that came with another request before."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The idempotency key {key!r} was sent with another request. Use a new key for a new request.")


class InvalidCursor(Invalid):
    """A cursor that no page has given."""

    def __init__(self) -> None:
        super().__init__("The cursor is none that a page has given. Begin again without one.")


class TooMuchWork(Unavailable):
    """Long work that was asked for while too much waited to be done."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(f"{waiting} such requests wait to be worked at already. Ask again in a minute.")


class CannotListen(Unavailable):
    """A port that cannot be had."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"The web server cannot listen on {host}, port {port}: {reason}. Set DUETIME_WEB_PORT to another one; "
            "0 takes one that is free."
        )


class InvalidBots(Invalid):
    """A text of bots in which something is wrong."""

    def __init__(self, problems: Sequence[InvalidDocument]) -> None:
        self.problems = tuple(problems)
        more = f" There are {len(self.problems)} problems in all." if len(self.problems) > 1 else ""
        super().__init__(f"{self.problems[0]}{more}")

    @property
    def faults(self) -> list[dict[str, object]]:
        """Every problem with its place."""
        return [
            {"where": "body", "line": each.line, "column": each.column, "problem": each.problem}
            for each in self.problems
        ]


class NameTaken(Conflict):
    """A new bot with the name of one that its author does not reach."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"The name {name!r} is not free. Give the bot another one.")


class KeyInUse(Conflict):
    """An idempotency key whose request has not been answered yet."""

    seconds = 1

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The request with the idempotency key {key!r} is being worked on. Repeat it in a moment to get its answer."
        )


class AnswerNotKept(Conflict):
    """An idempotency key whose request was done, but whose answer cannot be given again."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The request with the idempotency key {key!r} was done before. Its answer was not kept, because it told a "
            "secret or was too long. Read what it changed, or use a new key to do it once more."
        )


class UnknownParameter(Invalid):
    """A parameter in the address that the route does not have."""

    def __init__(self, name: str, *, near: Sequence[str] = ()) -> None:
        self.name = name
        self.near = tuple(near)
        hint = f" Did you mean {' or '.join(self.near)}?" if self.near else ""
        super().__init__(
            f"There is no parameter {name!r} here.{hint} The API's description lists those that there are."
        )
