"""What may be written into history: text that every database takes, without secrets, of a bounded length."""

import json
import re
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 64 * 1024
_CUT = "... (cut)"
_LONGEST_SECRET = 4096
REDACTED = "[redacted]"
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

# Each pattern begins with something rare and has no unbounded part before its end, or one that cannot begin again
# inside itself: results come from outside, and a text must not be able to keep a worker busy.
_SECRETS = re.compile(
    r"""(?ix)
    \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                               # access key ids
    | \bxox[abprs]-[0-9A-Za-z-]{10,}                            # chat tokens
    | \bgh[pousr]_[0-9A-Za-z]{20,}                              # forge tokens
    | \bdt_[0-9A-Za-z]{4,20}_[\w-]{20,100}                      # our own API keys
    | (?<![\w-])eyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{8,}      # signed web tokens
    | (?<=://)[^/\s:@]*:[^/\s]*(?=@)                            # user:password@ in addresses
    """
)
_NAME = r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|authorization|credential"
_SECRET_NAME = re.compile(rf"(?i){_NAME}")
_NAMED_SECRETS = re.compile(
    rf"""(?ix)
    ( (?:{_NAME}) [\w-]{{0,40}} \\?["']? \s{{0,5}} [:=] \s{{0,5}} )
    ( "(?:[^"\\]|\\.){{0,{_LONGEST_SECRET}}}"
    | '(?:[^'\\]|\\.){{0,{_LONGEST_SECRET}}}'
    | (?:bearer\s{{1,5}}|basic\s{{1,5}})?[^\s,;&}}\]]+ )
    """
)
_PRIVATE_KEY = re.compile(r"-----BEGIN[ A-Z]{0,40}PRIVATE KEY-----")
_PRIVATE_KEY_END = re.compile(r"-----END[ A-Z]{0,40}PRIVATE KEY-----")
_HINT = re.compile(rf"(?i){_NAME}|akia|asia|xox[abprs]-|gh[pousr]_|dt_|eyj|://|private key-----")
"""Cheap to look for and part of everything that the patterns above find: nearly every result has none of it."""


def redact(text: str) -> str:
    """Return the text with what looks like a secret blacked out."""
    if _HINT.search(text) is None:
        return text
    text = _SECRETS.sub(REDACTED, _without_private_keys(text))
    return _NAMED_SECRETS.sub(_blacked_out, text)


def _blacked_out(found: re.Match[str]) -> str:
    if REDACTED.startswith(found.group(2)):  # a text may pass here twice, on its way into history and into a log
        return found.group(0)
    return found.group(1) + _quoted(found.group(2))


def clean_text(text: str) -> str:
    """Return text that every database takes: NUL characters and half surrogates are replaced."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def history_text(value: Any) -> str | None:
    """Return a job's result or error as text for the history; None stays None.

    Text is kept as it is and anything else as JSON, or as its `repr` when JSON cannot say it. NUL characters and half
    surrogates are replaced, secrets are blacked out, and more than 64 KiB is cut off.
    """
    if value is None:
        return None
    text = _redacted(value) if isinstance(value, str) else _written(value)
    if len(text) > MOST_BYTES // 4 and len(text.encode()) > MOST_BYTES:
        text = text.encode()[: MOST_BYTES - len(_CUT)].decode("utf-8", "ignore") + _CUT
    return text


def _redacted(text: str) -> str:
    return redact(clean_text(text[: MOST_BYTES + _LONGEST_SECRET]))


def _written(value: Any) -> str:
    try:
        text = _to_json(value)
        if _HINT.search(text) is not None:
            # Blacked out before it is written and not after, or the text would be JSON no longer.
            text = _to_json(_without_secrets(value))
        return clean_text(text)
    except (TypeError, ValueError, RecursionError):
        return _redacted(_representation(value))


def _without_secrets(value: Any, *, named: bool = False) -> Any:
    match value:
        case str():
            return REDACTED if named else redact(clean_text(value))
        case int() | float() if named and not isinstance(value, bool):
            return REDACTED
        case Mapping():
            return {
                key: _without_secrets(inner, named=_SECRET_NAME.search(str(key)) is not None)
                for key, inner in value.items()
            }
        case list() | tuple():
            return [_without_secrets(inner, named=named) for inner in value]
        case _:
            return value


def _without_private_keys(text: str) -> str:
    kept: list[str] = []
    position = 0
    while (begin := _PRIVATE_KEY.search(text, position)) is not None:
        kept += (text[position : begin.start()], REDACTED)
        end = _PRIVATE_KEY_END.search(text, begin.end())
        position = len(text) if end is None else end.end()
    return "".join((*kept, text[position:]))


def _quoted(value: str) -> str:
    return f"{value[0]}{REDACTED}{value[0]}" if value[:1] in {'"', "'"} else REDACTED


def _representation(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a repr may raise anything, and the history must not depend on it
        return f"<{type(value).__name__} that cannot be shown>"
