"""Cursors go around unchanged, and nothing that was not given by a page is taken for one."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.store.page import RunPlace
from duetime.web.errors import InvalidCursor
from duetime.web.paging import (
    read_number,
    read_run_place,
    read_text,
    write_number,
    write_run_place,
    write_text,
)

instants = st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1))
places = st.builds(RunPlace, instants, st.integers(0, 2**63 - 1), instants, st.integers(0, 2**31 - 1))


@given(places, st.integers(0, 2**63 - 1), st.text())
def test_a_cursor_says_what_was_written(place: RunPlace, number: int, text: str) -> None:
    assert read_run_place(write_run_place(place)) == place
    assert read_number(write_number(number)) == number
    assert read_text(write_text(text)) == text


@given(st.text(max_size=60))
def test_other_text_is_refused(text: str) -> None:
    for read in (read_number, read_run_place, read_text):
        try:
            found = read(text)
        except InvalidCursor:
            continue
        assert found is not None


@pytest.mark.parametrize("cursor", ["W10", "bnVsbA", "dHJ1ZQ", "LTE", "MWU5", "ÿ", "..", "IjEi"])
def test_the_wrong_kind_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        read_run_place(cursor)
    with pytest.raises(InvalidCursor):
        read_number(cursor)


def test_an_instant_beyond_the_calendar_is_refused() -> None:
    beyond = base64.urlsafe_b64encode(json.dumps(["0001-01-01T00:00:00+23:00", 1, "2026-01-01T00:00:00Z", 1]).encode())
    with pytest.raises(InvalidCursor):
        read_run_place(beyond.decode())


def test_no_cursor_is_the_beginning() -> None:
    assert [read_number(None), read_text(None), read_run_place(None)] == [None] * 3
    assert [write_number(None), write_text(None), write_run_place(None)] == [None] * 3
