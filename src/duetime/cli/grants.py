"""Grants as the command line reads and writes them: `events:editor:dev,test:payloads`."""

from collections.abc import Sequence

from duetime.core.access import Grant, Grants
from duetime.core.errors import Invalid
from duetime.core.grant_documents import EVERY, read_grants
from duetime.core.json_types import JsonObject

_PAYLOADS = "payloads"
_FORM = "FEATURE:ROLE[:ACCOUNT,...], and :payloads if wanted, such as events:editor:dev,test"


def read_grant_options(options: Sequence[str]) -> Grants:
    """Return the grants that options say.

    Raises:
        Invalid: one of them has another form, or names what does not exist.
    """
    return read_grants([_document(option) for option in options])


def grants_in_words(grants: Grants) -> str:
    """Return grants in the form in which they are asked for, separated by spaces."""
    return " ".join(_words(grant) for grant in grants.grants) or "nothing"


def _document(option: str) -> JsonObject:
    parts = option.split(":")
    payloads = len(parts) > 2 and parts[-1] == _PAYLOADS
    if payloads:
        parts.pop()
    if not 2 <= len(parts) <= 3:
        message = f"A grant is written {_FORM}, not {option[:80]!r}."
        raise Invalid(message)
    document: JsonObject = {"feature": parts[0], "role": parts[1], "payloads": payloads}
    if len(parts) == 3 and parts[2] != EVERY:
        document["accounts"] = [account.strip() for account in parts[2].split(",") if account.strip()]
    return document


def _words(grant: Grant) -> str:
    parts = [EVERY if grant.feature is None else grant.feature.value, grant.role.word]
    if grant.accounts is not None:
        parts.append(",".join(sorted(grant.accounts)))
    if grant.payloads:
        parts.append(_PAYLOADS)
    return ":".join(parts)
