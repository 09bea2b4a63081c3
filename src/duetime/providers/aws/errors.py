"""From the AWS SDK's errors to ours: who refused, and whether anything was done."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from duetime.core.errors import ProviderFailed
from duetime.providers.errors import OutcomeUnknown

_NO_ANSWER = (HTTPClientError, IncompleteReadError, ResponseParserError)
"""A time-out or a broken connection, and answers that break off or cannot be read. A connection that never opened is
another family: the SDK's ConnectionError."""

_BUSY = frozenset({"RequestLimitExceeded", "SlowDown", "TooManyRequestsException", "BandwidthLimitExceeded"})
_CALLER = frozenset(
    {
        "AccountProblem",
        "AuthFailure",
        "Blocked",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "PendingVerification",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
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
    elsewhere = _status(error.response) >= 500 or _is_busy(code) or code in _CALLER
    if error.operation_name != operation or elsewhere:
        return None
    return Refusal(code, _text(error), retry=code not in _FOR_GOOD and not code.endswith(".Malformed"))


@contextmanager
def translated(where: str, *, changes: bool) -> Iterator[None]:
    """Let only errors of `core` leave the block.

    Args:
        where: what the error names as its origin.
        changes: whether the call in the block changes something, so that a missing answer leaves its outcome unknown.

    Raises:
        OutcomeUnknown: the request left and no answer came.
        ProviderFailed: anything else that the SDK raises.
    """
    try:
        yield
    except ClientError as error:
        marked = bool(error.response.get("ResponseMetadata", {}).get(_MARK))
        unknown = changes and (marked or _is_breakdown(error.response))
        raise _failure(where, f"{error.operation_name} was refused: {_text(error)}", unknown=unknown) from error
    except (BotoCoreError, Boto3Error, ResponseParserError) as error:
        unknown = changes and (isinstance(error, _NO_ANSWER) or hasattr(error, _MARK))
        raise _failure(where, str(error).rstrip("."), unknown=unknown) from error


def mark_unanswered(
    *, context: dict[str, Any], exception: Exception | None, parsed_response: dict[str, Any] | None, **_: Any
) -> None:
    """Called by the SDK after each attempt at a request; the attempts share `context`.

    The SDK raises the last attempt's error alone. When an earlier one left and was never answered, that error must
    say so: a connection refused after a time-out does not mean that nothing was done.
    """
    if isinstance(exception, _NO_ANSWER) or (parsed_response and _is_breakdown(parsed_response)):
        context[_MARK] = True
    elif context.get(_MARK) and exception is not None:
        setattr(exception, _MARK, True)
    elif context.get(_MARK) and parsed_response:
        parsed_response.setdefault("ResponseMetadata", {})[_MARK] = True


def _failure(where: str, problem: str, *, unknown: bool) -> ProviderFailed:
    if unknown:
        return OutcomeUnknown(where, f"{problem}; what the call did is unknown")
    return ProviderFailed(where, problem)


def _status(response: Mapping[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _is_breakdown(response: Mapping[str, Any]) -> bool:
    """Whether AWS broke down over a request. 503 is its own "not now"; other faults may come after the work."""
    code = str(response.get("Error", {}).get("Code") or "")
    return _status(response) >= 500 and _status(response) != 503 and not _is_busy(code)


def _is_busy(code: str) -> bool:
    return "Throttl" in code or code in _BUSY


def _text(error: ClientError) -> str:
    message = str(error.response.get("Error", {}).get("Message") or "")
    # AWS appends a kilobyte of cipher text that only the account's administrators can read.
    message = message.partition(" Encoded authorization failure message")[0].rstrip(". ")
    return f"{code_of(error)} ({message})" if message else code_of(error)
