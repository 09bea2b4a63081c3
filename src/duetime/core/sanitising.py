"""What may be written into history: text that every database takes, without secrets, of a bounded length."""

import json
import re
from typing import Any

MOST_BYTES = 64 * 1024
_CUT = "... (cut)"

_SECRETS = re.compile(
    r"""(?ix)
    \b(AKIA|ASIA)[0-9A-Z]{16}\b                                       # access key ids
    | \b(xox[abprs]-[0-9A-Za-z-]{10,})                                # chat tokens
    | \b(gh[pousr]_[0-9A-Za-z]{20,})                                  # forge tokens
    | -----BEGIN[ A-Z]*PRIVATE\ KEY-----[\s\S]*?(-----END[ A-Z]*PRIVATE\ KEY-----|\Z)
    | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                                 # user:password@ in addresses
    """
)
_NAMED_SECRETS = re.compile(
    r"""(?ix)
    (["']?\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization|credential)[\w-]*["']?\s*[:=]\s*)
    ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:bearer\s+|basic\s+)?[^\s,;&}\]]+)
    """
)
REDACTED = "[redacted]"


def redact(text: str) -> str:
    """Return the text with what looks like a secret blacked out."""
    text = _SECRETS.sub(REDACTED, text)
    return _NAMED_SECRETS.sub(lambda found: found.group(1) + _quoted(found.group(2)), text)


def _quoted(value: str) -> str:
    return f"{value[0]}{REDACTED}{value[0]}" if value[:1] in {'"', "'"} else REDACTED


def history_text(value: Any) -> str | None:
    """Return a job's result or error as text for the history; None stays None.

    Text is kept as it is and anything else as JSON, or as its `repr` when JSON cannot say it. NUL characters and half
    surrogates are replaced, secrets are blacked out, and more than 64 KiB is cut off.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    else:
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            text = _representation(value)
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
    text = redact(text[: MOST_BYTES + 1])
    if len(text.encode()) > MOST_BYTES:
        text = text.encode()[: MOST_BYTES - len(_CUT)].decode("utf-8", "ignore") + _CUT
    return text


def _representation(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a repr may raise anything, and the history must not depend on it
        return f"<{type(value).__name__} that cannot be shown>"
