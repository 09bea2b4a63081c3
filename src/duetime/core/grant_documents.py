"""Grants as documents: what the database keeps and what people write down."""

from collections.abc import Iterable, Mapping
from typing import Any

from duetime.core.access import Feature, Grant, Grants, Role
from duetime.core.errors import Invalid
from duetime.core.json_types import JsonObject
from duetime.core.sanitising import clean_text

EVERY = "*"
"""Stands for every feature, and for all accounts."""
MOST_GRANTS = 100
MOST_ACCOUNTS = 5_000
_LONGEST_ACCOUNT = 200
_KEYS = ("feature", "role", "accounts", "payloads")


def write_grants(grants: Grants) -> list[JsonObject]:
    """Return grants as documents, which `read_grants` reads back."""
    return [
        {
            "feature": EVERY if grant.feature is None else grant.feature.value,
            "role": grant.role.word,
            "accounts": EVERY if grant.accounts is None else [*sorted(grant.accounts)],
            "payloads": grant.payloads,
        }
        for grant in grants.grants
    ]


def read_grants(documents: Iterable[Any]) -> Grants:
    """Return the grants of documents such as `{"feature": "events", "role": "viewer", "accounts": ["dev"]}`.

    `accounts` may be absent or `"*"`, which both mean all; `payloads` is false unless it is said.

    Raises:
        Invalid: a document does not say what it must; the message says which one and what is wrong.
    """
    grants = tuple(_read(body, number) for number, body in enumerate(documents, start=1))
    if len(grants) > MOST_GRANTS:
        message = f"There may be up to {MOST_GRANTS} grants, not {len(grants)}."
        raise Invalid(message)
    return Grants(grants)


def _read(body: Any, number: int) -> Grant:
    if not isinstance(body, Mapping):
        raise _fault(number, f"it must be an object with the keys {', '.join(_KEYS)}")
    unknown = [str(key) for key in body if key not in _KEYS]
    if unknown:
        raise _fault(number, f"there is no key {unknown[0]!r:.60}; the keys are {', '.join(_KEYS)}")
    payloads = body.get("payloads", False)
    if not isinstance(payloads, bool):
        raise _fault(number, "payloads must be true or false")
    return Grant(
        feature=_feature(body.get("feature"), number),
        role=_role(body.get("role"), number),
        accounts=_accounts(body.get("accounts", EVERY), number),
        payloads=payloads,
    )


def _feature(word: Any, number: int) -> Feature | None:
    if word == EVERY:
        return None
    known = [feature.value for feature in Feature]
    if not isinstance(word, str) or word not in known:
        raise _fault(number, f"feature must be {EVERY!r} or one of {', '.join(known)}, not {word!r:.60}")
    return Feature(word)


def _role(word: Any, number: int) -> Role:
    try:
        return Role.from_word(word)
    except ValueError:
        known = ", ".join(role.word for role in Role)
        raise _fault(number, f"role must be one of {known}, not {word!r:.60}") from None


def _accounts(value: Any, number: int) -> frozenset[str] | None:
    if value == EVERY:
        return None
    if not isinstance(value, list) or not all(isinstance(account, str) and account for account in value):
        raise _fault(number, f"accounts must be {EVERY!r} or a list of account names")
    if not value:
        raise _fault(number, f"accounts must name at least one account, or be {EVERY!r} for all of them")
    if len(value) > MOST_ACCOUNTS or any(len(account) > _LONGEST_ACCOUNT for account in value):
        raise _fault(number, f"accounts may name up to {MOST_ACCOUNTS}, of up to {_LONGEST_ACCOUNT} characters each")
    if any(clean_text(account) != account or not account.isprintable() for account in value):
        raise _fault(number, "the name of an account holds characters that cannot be printed")
    if EVERY in value:
        raise _fault(number, f"accounts must be {EVERY!r} alone, not in a list, to mean all of them")
    return frozenset(value)


def _fault(number: int, problem: str) -> Invalid:
    return Invalid(f"Grant {number}: {problem}.")
