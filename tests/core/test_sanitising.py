import json
import re
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core import sanitising
from duetime.core.sanitising import MOST_BYTES, REDACTED, clean_text, history_text, redact

# The only way to look inside a pattern; whether type checkers know of these depends on what else they read.
constants = import_module("re._constants")
parser = import_module("re._parser")

SECRET = "hunter2SECRETvalue"
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
PRIVATE_KEY = f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{SECRET}\n{SECRET}\n-----END RSA PRIVATE KEY-----"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
raw_texts = st.text(st.characters(codec=None, categories=None), max_size=40)


@pytest.mark.parametrize(
    "text",
    [
        f"failed with {KEY_ID}.",
        f"failed with ASIA{KEY_ID[4:]}:",
        f"aws_secret_access_key = {SECRET}",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f"?X-Amz-Security-Token={SECRET}&x=1",
        f"Authorization: Bearer {SECRET}",
        f"authorization: Basic {SECRET}",
        f"'password': '{SECRET}'",
        f'"db_password" : "{SECRET} with \\"quotes\\" inside"',
        f'{{\\"password\\": \\"{SECRET}\\"}}',
        f"passwd={SECRET}",
        f"passphrase: {SECRET}",
        f"api_key={SECRET}, api-key={SECRET}",
        f"apikey: {SECRET}",
        f"client_credential: {SECRET}",
        f"token:{SECRET}",
        f"postgresql://ada:{SECRET}@host/name",
        f"redis://:{SECRET}@host",
        f"postgresql://ada:{SECRET}@{SECRET}@host/name",
        f"xoxb-{SECRET}",
        f"ghp_{SECRET}0123456789",
        f"dt_abcd1234_{SECRET}0123456789",
        f"eyJhbGciOiJI.eyJzdWIiOiIx{SECRET}.{SECRET}",
        PRIVATE_KEY,
        f"{PRIVATE_KEY} and {PRIVATE_KEY}",
        PRIVATE_KEY[: len(PRIVATE_KEY) // 2],
    ],
)
def test_a_secret_is_blacked_out(text: str) -> None:
    assert SECRET not in redact(text)
    assert KEY_ID not in redact(text)
    assert REDACTED in redact(text)
    assert SECRET not in str(history_text(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "instance i-0abc stopped",
        "the token count is 5",
        "keys: a, b",
        "https://host/path?x=1",
        "see https://host:8080/a and mail ada@host",
        "AKIA is how they begin",
        "no secret here.",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert redact(f"a password={SECRET}; b") == f"a password={REDACTED}; b"
    assert redact(f"x postgresql://ada:{SECRET}@host/n y") == f"x postgresql://{REDACTED}@host/n y"
    assert redact(f"x {PRIVATE_KEY} y") == f"x {REDACTED} y"


def test_a_structured_result_stays_json() -> None:
    result = {
        "password": SECRET,
        "Token": 12345,
        "secret": None,
        "credentials": [SECRET, {"user": "ada", "url": f"redis://:{SECRET}@host"}],
        "stopped": ["i-1"],
        "ok": True,
    }
    assert json.loads(str(history_text(result))) == {
        "password": REDACTED,
        "Token": REDACTED,
        "secret": None,
        "credentials": [REDACTED, {"user": "ada", "url": f"redis://{REDACTED}@host"}],
        "stopped": ["i-1"],
        "ok": True,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("text", "text"),
        ("", ""),
        (0, "0"),
        (False, "false"),
        ({"größe": [1, None]}, '{"größe": [1, null]}'),
        (("a", 1), '["a", 1]'),
        (b"bytes", "b'bytes'"),
        ({1}, "{1}"),
        (float("nan"), "nan"),
        ([float("inf")], "[inf]"),
        ({"x": object}, "{'x': <class 'object'>}"),
        ("zero \x00 byte", "zero \N{REPLACEMENT CHARACTER} byte"),
        ("half \ud800 pair", "half ? pair"),
        (["half \ud800 pair"], '["half ? pair"]'),
    ],
)
def test_any_value_becomes_text(value: Any, text: str | None) -> None:
    assert history_text(value) == text


class Hostile:
    def __repr__(self) -> str:
        raise SystemError


def test_a_value_that_cannot_be_shown_is_named() -> None:
    assert history_text(Hostile()) == "<Hostile that cannot be shown>"
    endless: list[Any] = []
    endless.append(endless)
    assert history_text(endless) == "[[...]]"
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert history_text(deep) == "<list that cannot be shown>"


@given(value=anything | raw_texts)
def test_every_database_takes_what_comes_out(value: Any) -> None:
    text = history_text(value)
    if text is not None:
        assert "\x00" not in text
        assert len(text.encode()) <= MOST_BYTES


@given(text=raw_texts)
def test_cleaning_changes_only_what_databases_refuse(text: str) -> None:
    clean = clean_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert len(clean) == len(text)
    refused = {"\x00", *map(chr, range(0xD800, 0xE000))}
    assert all((new == old) != (old in refused) for new, old in zip(clean, text, strict=True))
    assert clean_text(clean) == clean


@pytest.mark.parametrize("character", ["x", "é", "🚀", "\x00", "\ud800"])
@pytest.mark.parametrize("length", [MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, 1_000_000])
def test_a_text_is_cut_by_its_bytes(character: str, length: int) -> None:
    text = str(history_text(character * length))
    assert len(text.encode()) <= MOST_BYTES
    fits = len(clean_text(character).encode()) * length <= MOST_BYTES
    assert text.endswith("... (cut)") != fits
    assert len(text.encode()) > MOST_BYTES - 20


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_a_secret_at_the_cut_is_blacked_out(shift: int) -> None:
    text = "x" * (MOST_BYTES - shift) + f" password={SECRET} " + "y" * 5000
    assert SECRET[:6] not in str(history_text(text))


HOSTILE = ["a-", "password", 'token="', "token='", 'token="\\', "token:", "secret ", "api_key", "://", "://a:", "://a:b",
           "eyJ", "eyJ-", "eyJaaaaaaaa.", "xoxb-", "ghp_", "AKIA", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----",
           "-----END ", "\\", '\\"', "bearer ", "authorization: basic ", " ", "\n"]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_megabyte_made_to_keep_a_worker_busy_is_read_in_one_go(part: str) -> None:
    """It would not come back for hours if one of the patterns were of the wrong shape, whatever the machine."""
    for text in (part * (1_000_000 // len(part)), "token" + part * (1_000_000 // len(part)) + "!"):
        assert len(redact(text)) <= len(text) + len(text) // 5 * len(REDACTED)


@pytest.mark.parametrize("name", [name for name, value in vars(sanitising).items() if isinstance(value, re.Pattern)])
def test_no_pattern_can_be_made_to_search_again_and_again(name: str) -> None:
    """The steps for each place of the text are bounded: by the width of all that may be followed by something else.

    What has no bound must be the last thing in its branch, so that what it has read is not read again, or must exclude
    the very thing that its branch begins with, so that no second attempt begins inside what it has read.
    """
    for branch in _branches(parser.parse(getattr(sanitising, name).pattern, getattr(sanitising, name).flags)):
        for place, item in enumerate(branch):
            assert not _nested(item), f"{name}: a repeat inside a repeat of no bound"
            is_last = place == len(branch) - 1 or all(_is_assertion(later) for later in branch[place + 1 :])
            if _most(item) > 5000 and not is_last:
                assert _excludes_the_slash(item), f"{name}: no bound, and something follows"


def _branches(items: Any) -> list[list[Any]]:
    """Return every way through a pattern, without its groups."""
    ways: list[list[Any]] = [[]]
    for operator, argument in items:
        if operator is constants.SUBPATTERN:
            inner = _branches(argument[3])
        elif operator is constants.BRANCH:
            inner = [way for branch in argument[1] for way in _branches(branch)]
        else:
            inner = [[(operator, argument)]]
        ways = [way + more for way in ways for more in inner]
    return ways


def _most(item: Any) -> int:
    operator, argument = item
    return int(argument[1]) if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) else 1


def _nested(item: Any) -> bool:
    operator, argument = item
    if operator not in (constants.MAX_REPEAT, constants.MIN_REPEAT):
        return False
    return any(_most(inner) > 5000 for branch in _branches(argument[2]) for inner in branch) and _most(item) > 1


def _is_assertion(item: Any) -> bool:
    return item[0] in (constants.ASSERT, constants.ASSERT_NOT, constants.AT)


def _excludes_the_slash(item: Any) -> bool:
    """Addresses are looked for after `//`, and what may stand between excludes the slash."""
    inner = item[1][2]
    return len(inner) == 1 and inner[0][0] is constants.IN and (constants.LITERAL, ord("/")) in inner[0][1]


def test_a_text_that_was_blacked_out_already_stays_as_it_is() -> None:
    once = redact("password=hunter2 did not work; token: 'abc'")
    assert "hunter2" not in once
    assert redact(once) == once
