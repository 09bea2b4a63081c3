"""What an error of AWS means for the resource that a call was about."""

from botocore.exceptions import ClientError

from duetime.providers.aws.errors import code_of


def means(error: ClientError, patterns: tuple[str, ...]) -> bool:
    """Return whether an error fits one of an entry's patterns: `Code`, or `Code: words` of its message."""
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message") or "")
    for pattern in patterns:
        beginning, _, words = pattern.partition(": ")
        if code.startswith(beginning) and words in message:
            return True
    return False


def is_denial(error: ClientError) -> bool:
    """Return whether the caller may not ask this of this resource."""
    return code_of(error) in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
