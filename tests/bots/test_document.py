import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.definition import LONGEST_NAME, to_document
from duetime.bots.document import LARGEST, from_mapping, load_bots, read_bots, read_text
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.errors import InvalidDocument, InvalidSchedule
from duetime.schedule import Cron, Daily, Hourly, Monthly, Once, Periodic, Weekly

FULL = """\
name: nightly-stop
description: Stops development instances in the evening.
owner: divvyuser:7
scope:
  accounts: ["111111111111", 222222222222, 012345678901]
  regions: [eu-central-1]
  resource_types: [instance]
filters:
  - uid: duetime.filter.tag
    settings: {key: env, values: [dev]}
  - name: duetime.filter.state
    config:
      values: [running]
actions:
  - uid: duetime.action.schedule_event
    settings:
      event_type: divvy.stop_resource
      at: 19:00
schedule: 0 18 * * mon-fri
timezone: Europe/Berlin
"""

NIGHTLY = BotDefinition(
    name="nightly-stop",
    description="Stops development instances in the evening.",
    owner="divvyuser:7",
    scope=Scope(("111111111111", "222222222222", "012345678901"), ("eu-central-1",), ("instance",)),
    filters=(
        FilterUse("duetime.filter.tag", {"key": "env", "values": ["dev"]}),
        FilterUse("duetime.filter.state", {"values": ["running"]}),
    ),
    actions=(ActionUse("duetime.action.schedule_event", {"event_type": "divvy.stop_resource", "at": "19:00"}),),
    schedule=Cron("0 18 * * mon-fri", timezone="Europe/Berlin"),
)


def test_every_key_of_a_bot_is_read() -> None:
    assert load_bots(FULL) == (NIGHTLY,)


def test_a_text_of_several_lines_is_never_a_path() -> None:
    assert load_bots("name: a\n# see also b.yaml") == (BotDefinition("a"),)


def test_a_bot_needs_no_more_than_a_name() -> None:
    assert load_bots("name: idle") == (BotDefinition("idle"),)
    assert load_bots("name: idle\nschedule: ~\nowner: ~") == (BotDefinition("idle"),)


@pytest.mark.parametrize(
    "text",
    [
        "bots:\n- name: a\n- name: b",
        "- name: a\n- name: b",
        "name: a\n---\nname: b",
        "---\nname: a\n---\n---\nname: b\n---\n",
        "bots: [{name: a}]\n---\nname: b",
        '{"bots": [{"name": "a"}, {"name": "b"}]}',
    ],
    ids=["bots", "list", "documents", "empty documents", "mixed", "json"],
)
def test_a_text_may_hold_several_bots(text: str) -> None:
    assert [bot.name for bot in load_bots(text)] == ["a", "b"]


def test_bots_come_from_files_texts_values_and_definitions(tmp_path: Path) -> None:
    path = tmp_path / "bots.yaml"
    path.write_text(f"\ufeff{FULL}", encoding="utf-8")
    written: dict[str, Any] = yaml.safe_load(FULL.replace("012345678901", "'012345678901'"))
    written["scope"]["accounts"][1] = 222222222222
    written["actions"][0]["settings"]["at"] = "19:00"
    for source in (path, str(path), FULL, written, [written], NIGHTLY, [NIGHTLY], {"bots": [written]}):
        assert load_bots(source) == (NIGHTLY,)
    assert from_mapping(written) == NIGHTLY


@pytest.mark.parametrize(
    ("schedule", "value"),
    [
        ("{_type: daily, time_of_day: 19:00, timezone: Europe/Berlin}", Daily("19:00", timezone="Europe/Berlin")),
        ("{_type: daily, time_of_day: {hour: 19, minute: 30, second: 0}}", Daily("19:30")),
        ("{_type: hourly, minute_of_hour: 5}", Hourly(minute_of_hour=5)),
        ("{_type: cron, expression: '*/5 * * * *'}", Cron("*/5 * * * *")),
        ("{_type: periodic, hours: 2}", Periodic(hours=2)),
        ("{_type: once, when: 2026-01-31T19:00:00Z}", Once(when=datetime(2026, 1, 31, 19, tzinfo=UTC))),
        ("'*/5 * * * *'", Cron("*/5 * * * *")),
    ],
)
def test_a_schedule_is_written_as_a_mapping_or_a_cron_text(schedule: str, value: object) -> None:
    assert load_bots(f"name: a\nschedule: {schedule}")[0].schedule == value


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("name: a\nfiltres: []", 2, 1, "unknown key 'filtres'; the nearest known key is 'filters'"),
        ("name: a\nxyzzy: 1", 2, 1, "unknown key 'xyzzy'; known keys are name, description"),
        ("name: a\nscope: {accountz: []}", 2, 9, "scope: unknown key 'accountz'; the nearest known key is 'accounts'"),
        ("name: a\nfilters:\n- uid: f\n  settingz: {}", 4, 3, "filters[0]: unknown key 'settingz'; the nearest"),
        ("bots:\n- name: a\n  action: []", 3, 3, "bots[0]: unknown key 'action'; the nearest known key is 'actions'"),
        ("bots: []\nname: a", 2, 1, "unknown key 'name'"),
        ("description: x", 1, 1, "a bot needs a name"),
        ("name: 5", 1, 7, 'name: must be a text, not the number 5; put it in quotes: "5"'),
        ("name: true", 1, 7, "name: must be a text, not true"),
        ("name: ''", 1, 7, "a bot's name must be"),
        ("name: ' a'", 1, 7, "a bot's name must be"),
        ('name: "a\\nb"', 1, 7, "a bot's name must be"),
        ("name: [a]", 1, 7, "name: must be a text, not a list"),
        ("name: " + "a" * (LONGEST_NAME + 1), 1, 7, "a bot's name must be"),
        ("name: a\ndescription:", 2, 13, "description: must be a text, not nothing"),
        ("name: a\nowner: 7", 2, 8, 'put it in quotes: "7"'),
        ("name: a\nowner: ' '", 2, 8, "must name a user"),
        ("name: a\nscope: all", 2, 8, "scope: must be a mapping with the keys accounts"),
        ("name: a\nscope:\n  regions: eu", 3, 12, "must be a list, not the text 'eu'; for a single member"),
        ("name: a\nscope:\n  regions:", 3, 11, "scope.regions: must be a list, not nothing"),
        ("name: a\nscope: {regions: [1]}", 2, 19, "scope.regions[0]: must be a text, not the number 1"),
        ("name: a\nscope: {accounts: [1.5]}", 2, 20, "scope.accounts[0]: must be a text"),
        ("name: a\nscope: {accounts: [true]}", 2, 20, "scope.accounts[0]: must be a text"),
        ("name: a\nscope: {accounts: ['']}", 2, 20, "scope.accounts[0]: an empty text names nothing"),
        ("name: a\nfilters: {}", 2, 10, "filters: must be a list, not a mapping"),
        ("name: a\nfilters: [x]", 2, 11, "filters[0]: must be a mapping with the keys uid, settings"),
        ("name: a\nfilters: [{settings: {}}]", 2, 11, "filters[0]: a filter needs a uid"),
        ("name: a\nactions: [{uid: ''}]", 2, 17, "actions[0].uid: an action needs a uid, not an empty text"),
        ("name: a\nactions: [{uid: 1}]", 2, 17, "actions[0].uid: must be a text"),
        ("name: a\nactions: [{uid: x, name: x}]", 2, 26, "actions[0].name: says the same as 'uid'"),
        ("name: a\nactions: [{uid: x, settings: {}, config: {}}]", 2, 42, "config: says the same as 'settings'"),
        ("name: a\nactions:\n- uid: x\n  settings: [1]", 4, 13, "actions[0].settings: must be a mapping of settings"),
        ("name: a\nactions:\n- uid: x\n  settings:", 4, 12, "actions[0].settings: must be a mapping of settings"),
        ("name: a\nschedule: 61 * * * *", 2, 11, "schedule: The cron expression '61 * * * *' is refused"),
        ("name: a\nschedule: 0 0 30 2 *", 2, 11, "it never fires"),
        ("name: a\nschedule: 0 0 * * *\ntimezone: Mars/Olympus", 2, 11, "Mars/Olympus"),
        ("name: a\nschedule: 0 0 * * *\ntimezone: 1", 3, 11, "timezone: must be a text"),
        ("name: a\nschedule: 5", 2, 11, "schedule: must be a cron text"),
        ("name: a\nschedule: {_type: dayly}", 2, 11, "_type must be one of"),
        ("name: a\nschedule: {_type: daily, time_of_day: 19:00}\ntimezone: UTC", 3, 11, "belongs into the schedule"),
        ("name: a\ntimezone: UTC", 2, 11, "a time zone without a schedule says nothing"),
        ("name: a\n---\nname: a", 3, 7, "the bot 'a' stands twice, first in line 1"),
        ("just a text", 1, 1, "must be a mapping with the keys name"),
        ("bots: {}", 1, 7, "bots: must be a list"),
        ("bots: [[]]", 1, 8, "bots[0]: must be a mapping"),
        ("name: a\nname: b", 2, 1, "stands twice"),
        ("name: a\nscope: &s {}\nfilters: *s", 3, 10, "aliases such as *s are refused"),
    ],
)  # fmt: skip
def test_a_fault_is_shown_with_line_and_column(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(InvalidDocument, match=re.escape(said)) as caught:
        read_text(text, source="bots.yaml")
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("text", ["", "---\n", "# nothing here", "bots: []", "[]"])
def test_a_text_without_a_bot_is_refused(text: str) -> None:
    with pytest.raises(InvalidDocument, match="holds no bot"):
        read_text(text)


def test_a_fault_in_a_programs_values_is_shown_by_its_path() -> None:
    with pytest.raises(
        InvalidDocument, match=re.escape("<values>: filters[0]: unknown key 'id'; the nearest known key is 'uid'")
    ):
        from_mapping({"name": "a", "filters": [{"id": "x"}]})
    with pytest.raises(InvalidDocument, match=re.escape("<values>: name: the bot 'a' stands twice.")):
        load_bots([{"name": "a"}, BotDefinition("a")])


def test_definitions_are_held_to_the_rules_of_documents() -> None:
    with pytest.raises(InvalidDocument, match="a bot's name must be"):
        load_bots(BotDefinition(" "))
    with pytest.raises(
        InvalidDocument, match=re.escape("actions[0].settings.when: must be plain JSON, not a datetime")
    ):
        load_bots(BotDefinition("a", actions=(ActionUse("x", {"when": datetime(2026, 1, 1)}),)))


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    for content, said in (
        (b"name: a\nx: \xff", "line 2: is not UTF-8 text"),
        ("# é".encode() * LARGEST, "is larger than"),
    ):
        path = tmp_path / "bots.yaml"
        path.write_bytes(content)
        with pytest.raises(InvalidDocument, match=said) as caught:
            read_bots(path)
        assert caught.value.source == str(path)
    with pytest.raises(InvalidDocument, match=r"missing\.yml: cannot be read: No such file"):
        read_bots(str(tmp_path / "missing.yml"))
    with pytest.raises(InvalidDocument, match="cannot be read: Is a directory"):
        read_bots(tmp_path)


def test_a_file_is_measured_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "bots.yaml"
    path.write_text("name: a #" + "é" * (LARGEST // 2), encoding="utf-8")
    with pytest.raises(InvalidDocument, match="is larger than"):
        read_bots(path)


def test_a_large_text_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InvalidDocument, match="is larger than"):
        read_text("[" * (LARGEST + 1))


def test_later_complaints_find_their_place() -> None:
    (bot,) = read_text(FULL, source="bots.yaml")
    for path, line in (
        (("filters", 0, "settings", "key"), 10),
        (("filters", 1, "uid"), 11),
        (("filters", 1, "settings", "values"), 13),
        (("filters", 1, "settings", "absent"), 13),
        (("filters", 9), 9),
        (("scope", "regions", 0), 6),
        ((), 1),
    ):
        assert bot.error("wrong", *path).line == line, path


SETTINGS = st.dictionaries(
    st.text("abc_", min_size=1, max_size=4),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text("aé1 :#'\"-\n", max_size=6),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("xy", max_size=2), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)  # fmt: skip
NAMES = st.text("abz059._- é😀", min_size=1, max_size=12).filter(lambda name: name == name.strip())
TUPLES = st.lists(st.text("az019-:", min_size=1, max_size=12), max_size=3).map(tuple)
INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
SCHEDULES = st.one_of(
    st.builds(Once, when=INSTANTS),
    st.builds(Periodic, hours=st.integers(1, 9), anchor=st.none() | INSTANTS),
    st.builds(Hourly, minute_of_hour=st.integers(0, 59)),
    st.builds(Daily, st.times().map(lambda time: time.replace(microsecond=0)), timezone=st.just("Europe/Berlin")),
    st.builds(Weekly, time_of_day=st.just("19:00"), day_of_week=st.sets(st.integers(0, 6), min_size=1).map(sorted)),
    st.builds(Monthly, time_of_day=st.just("19:00"), day_of_month=st.integers(1, 31)),
    st.builds(Cron, st.integers(0, 59).map(lambda minute: f"{minute} 3 * * 1-5")),
)
DEFINITIONS = st.builds(
    BotDefinition,
    name=NAMES,
    description=st.text("aé 1:\n'", max_size=20),
    owner=st.none() | st.just("divvyuser:7"),
    scope=st.builds(Scope, TUPLES, TUPLES, TUPLES),
    filters=st.lists(st.builds(FilterUse, st.text("a.", min_size=1), SETTINGS), max_size=3).map(tuple),
    actions=st.lists(st.builds(ActionUse, st.text("a.", min_size=1), SETTINGS), max_size=3).map(tuple),
    schedule=st.none() | SCHEDULES,
)


@given(DEFINITIONS)
def test_what_is_written_is_read_back(definition: BotDefinition) -> None:
    document = to_document(definition)
    assert from_mapping(document) == definition
    assert load_bots(yaml.safe_dump(document) + "\n") == (definition,)
    assert load_bots(definition) == (definition,)


def test_what_is_empty_is_left_out() -> None:
    assert to_document(BotDefinition("a", filters=(FilterUse("f"),))) == {"name": "a", "filters": [{"uid": "f"}]}


def test_a_schedule_of_an_unknown_kind_is_refused() -> None:
    class Sometimes:
        kind = "sometimes"

    with pytest.raises(InvalidSchedule, match="Sometimes has no JSON form"):
        to_document(BotDefinition("a", schedule=Sometimes()))  # type: ignore[arg-type]
