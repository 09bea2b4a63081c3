"""From the AWS SDK's errors to ours: who refused, and whether anything was done."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from duetime.core.errors import CredentialsRefused, PermissionMissing, ProviderFailed, Throttled
from duetime.providers.errors import OutcomeUnknown

NO_ANSWER = (HTTPClientError, IncompleteReadError, ResponseParserError)
"""A time-out or a broken connection, and answers that break off or cannot be read. A connection that never opened is
another family: the SDK's ConnectionError."""

_BUSY = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "TooManyRequestsException",
    }
)
_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_CALLER = _CREDENTIALS | {"AccountProblem", "Blocked", "OptInRequired", "PendingVerification"}
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    UnauthorizedSSOTokenError,
)
_FOR_GOOD = frozenset(
    {
        # A person must change something first; trying again by ourselves is pointless.
        "AccessDenied",
        "AccessDeniedException",
        "OperationNotPermitted",
        "UnauthorizedOperation",
        "UnsupportedOperation",
    }
)

_NOT_PERMITTED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})

_MARK = "duetime_unanswered"


@dataclass(frozen=True, slots=True)
class Refusal:
    """AWS understood the call and refused it because of what it was to be done to.

    Attributes:
        code: AWS's error code.
        text: code and message.
        retry: whether trying again later may help.
    """

    code: str
    text: str
    retry: bool


def code_of(error: ClientError) -> str:
    """Return AWS's error code, such as `IncorrectInstanceState`."""
    return str(error.response.get("Error", {}).get("Code") or "unknown")


def refusal_of(error: ClientError, *, operation: str) -> Refusal | None:
    """Return why AWS refused `operation` on these resources, or None when the fault lies elsewhere.

    Elsewhere: AWS is busy or broken, the caller is not who it says, or the call that failed was another one, such as
    taking on the role.
    """
    code = code_of(error)
    broken = status_of(error.response) >= 500 and not is_of_capacity(code)
    elsewhere = broken or is_busy(code) or code in _CALLER
    if error.operation_name != operation or elsewhere:
        return None
    return Refusal(code, text_of(error), retry=code not in _FOR_GOOD and not code.endswith(".Malformed"))


@contextmanager
def translated(where: str, *, changes: bool) -> Iterator[None]:
    """Let only errors of `core` leave the block.

    Args:
        where: what the error names as its origin.
        changes: whether the call in the block changes something, so that a missing answer leaves its outcome unknown.

    Raises:
        OutcomeUnknown: the request left and no answer came.
        Throttled: there was no room for the call.
        CredentialsRefused: AWS does not accept the caller, or there are no credentials.
        PermissionMissing: AWS accepts the caller, but not for this.
        ProviderFailed: anything else that the SDK raises.
    """
    try:
        yield
    except Throttled as error:
        if changes and hasattr(error, _MARK):
            raise _unknown(where, error.problem) from error
        raise
    except ClientError as error:
        problem = f"{error.operation_name} was refused: {text_of(error)}"
        marked = bool(error.response.get("ResponseMetadata", {}).get(_MARK))
        if changes and (marked or is_breakdown(error.response)):
            raise _unknown(where, problem) from error
        raise _family(error)(where, problem) from error
    except (BotoCoreError, Boto3Error, ResponseParserError) as error:
        problem = str(error).rstrip(".")
        if changes and (isinstance(error, NO_ANSWER) or hasattr(error, _MARK)):
            raise _unknown(where, problem) from error
        raise (CredentialsRefused if isinstance(error, _NO_CREDENTIALS) else ProviderFailed)(where, problem) from error


def mark_unanswered(
    *, context: dict[str, Any], exception: Exception | None, parsed_response: dict[str, Any] | None, **_: Any
) -> None:
    """Called by the SDK after each attempt at a request; the attempts share `context`.

    The SDK raises the last attempt's error alone. When an earlier one left and was never answered, that error must
    say so: a connection refused after a time-out does not mean that nothing was done.
    """
    if isinstance(exception, NO_ANSWER) or (parsed_response and is_breakdown(parsed_response)):
        context[_MARK] = True
    elif context.get(_MARK) and exception is not None:
        setattr(exception, _MARK, True)
    elif context.get(_MARK) and parsed_response:
        parsed_response.setdefault("ResponseMetadata", {})[_MARK] = True


def was_unanswered(context: Mapping[str, Any]) -> bool:
    """Return whether an attempt at this request left and was never answered."""
    return bool(context.get(_MARK))


def marked(error: Throttled, *, unanswered: bool) -> Throttled:
    """Return an error that says, when that is so, that an earlier attempt left and was never answered."""
    if unanswered:
        setattr(error, _MARK, True)
    return error


def is_of_credentials(code: str) -> bool:
    """Return whether a code says that AWS does not accept the credentials."""
    return code in _CREDENTIALS


def _family(error: ClientError) -> type[ProviderFailed]:
    if _is_of_credentials(error):
        return CredentialsRefused
    return PermissionMissing if code_of(error) in _NOT_PERMITTED else ProviderFailed


def _is_of_credentials(error: ClientError) -> bool:
    """Whether AWS does not accept the caller; whoever may not take on the role is not accepted either."""
    refused_role = error.operation_name == "AssumeRole" and status_of(error.response) < 500
    return is_of_credentials(code_of(error)) or refused_role


def _unknown(where: str, problem: str) -> OutcomeUnknown:
    return OutcomeUnknown(where, f"{problem}; what the call did is unknown")


def status_of(response: Mapping[str, Any]) -> int:
    """Return the HTTP status of an answer, or 0."""
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def is_breakdown(response: Mapping[str, Any]) -> bool:
    """Return whether AWS broke down over a request. 503 is its own "not now"; other faults may come after the work."""
    code = str(response.get("Error", {}).get("Code") or "")
    definite = is_busy(code) or is_of_capacity(code)
    return status_of(response) >= 500 and status_of(response) != 503 and not definite


def is_of_capacity(code: str) -> bool:
    """Return whether a code says that AWS has no room for what was asked: definite, although its status is 500."""
    return code.startswith("Insufficient") and "Capacity" in code


def is_busy(code: str) -> bool:
    """Return whether a code says that there were too many calls."""
    return "Throttl" in code or code in _BUSY


def text_of(error: ClientError) -> str:
    """Return an error's code and message."""
    message = str(error.response.get("Error", {}).get("Message") or "")
    # AWS appends a kilobyte of cipher text that only the account's administrators can read.
    message = message.partition(" Encoded authorization failure message")[0].rstrip(". ")
    return f"{code_of(error)} ({message})" if message else code_of(error)
