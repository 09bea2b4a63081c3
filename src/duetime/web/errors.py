"""What the web refuses, beyond what duetime itself refuses."""

from duetime.core.access import Feature, Role
from duetime.core.errors import Conflict, DuetimeError, Invalid


class NotSignedIn(DuetimeError):
    """A request by nobody, or with a key or session that is not valid any more."""

    def __init__(self) -> None:
        super().__init__("Sign in first, or send a valid API key in the header Api-Key.")


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
