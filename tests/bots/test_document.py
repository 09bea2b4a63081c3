import contextlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.complaints import MOST
from duetime.bots.definition import KEYS, LONGEST_NAME, to_document
from duetime.bots.document import LARGEST, examine_text, from_mapping, load_bots, read_bots, read_text
from duetime.core.bots import ActionUse, Badge, BotDefinition, FilterUse, Hookpoint, Scope, Severity
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
        ("name: a\nscope: {groups: ['']}", 2, 18, "scope.groups[0]: an empty text names nothing"),
        ("name: a\nscope: {regions: [eu, us, eu]}", 2, 27, "'eu' stands twice in the list, first in line 2"),
        ("name: a\nscope: {accounts: [1, '1']}", 2, 23, "'1' stands twice in the list"),
        ("name: a\nscope: {badges: [env]}", 2, 17, "scope.badges: must be a mapping with the keys all, any"),
        ("name: a\nscope: {badges: {one: [env]}}", 2, 18, "scope.badges: unknown key 'one'"),
        ("name: a\nscope: {badges: {all: env}}", 2, 23, "scope.badges.all: must be a list"),
        ("name: a\nscope: {badges: {all: [1]}}", 2, 24, "scope.badges.all[0]: must be a text"),
        ("name: a\nscope: {badges: {all: ['']}}", 2, 24, "an empty text names nothing"),
        ("name: a\nscope: {badges: {any: [':a']}}", 2, 24, "a badge needs a key before the colon"),
        ("name: a\nscope: {badges: {any: [env: dev]}}", 2, 24, 'write a badge without a space, such as "env:dev"'),
        ("name: a\nscope: {badges: {any: [{env: 5}]}}", 2, 24, 'such as "env:production"'),
        ("name: a\nscope: {badges: {any: [{value: a}]}}", 2, 24, "a badge needs a key"),
        ("name: a\nscope: {badges: {any: [{key: a, value: 5}]}}", 2, 40, "must be a text"),
        ("name: a\nscope: {badges: {any: [{}]}}", 2, 24, "a badge needs a key"),
        ("name: a\nscope: {badges: {any: [a:b, {key: a, value: b}]}}", 2, 29, "'a:b' stands twice in the list"),
        ("name: a\ncategory: 5", 2, 11, "category: must be a text"),
        ('name: a\ncategory: "a\\nb"', 2, 11, "category: must be one line"),
        ("name: a\nseverity: hihg", 2, 11, "severity: must be one of low, medium, high, critical, not 'hihg'"),
        ("name: a\nseverity: 3", 2, 11, "severity: must be a text"),
        ("name: a\nnotes: [a]", 2, 8, "notes: must be a text, not a list"),
        ("name: a\ntriggers: created", 2, 11, "triggers: must be a list, not the text 'created'; for a single"),
        ("name: a\ntriggers: [craeted]", 2, 12, "did you mean created"),
        ("name: a\ntriggers: [xyzzy]", 2, 12, "a bot runs on demand in any case"),
        ("name: a\ntriggers: [schedule]", 2, 12, "is said by the key 'schedule'"),
        ("name: a\ntriggers: [true]", 2, 12, "triggers[0]: must be a text"),
        ("name: a\ntriggers: [created, divvycloud.resource.created]", 2, 21, "stands twice in the list"),
        ("name: a\nexempt_tags: keep", 2, 14, "exempt_tags: must be a list"),
        ("name: a\nexempt_tags: [keep, keep]", 2, 21, "'keep' stands twice"),
        ("name: a\nexempt_tags: [['keep']]", 2, 15, "exempt_tags[0]: must be a text, not a list"),
        ("name: a\ncancel_when_compliant: maybe", 2, 24, "must be true or false, not the text 'maybe'"),
        ("name: a\ncancel_when_compliant: 1", 2, 24, "must be true or false, not the number 1"),
        ("name: a\nmax_inventory_age: soon", 2, 20, "must be a length of time such as 10s"),
        ("name: a\nmax_inventory_age: 0", 2, 20, "must be longer than nothing"),
        ("name: a\nmax_inventory_age: -1", 2, 20, "must be a length of time"),
        ("name: a\nmax_inventory_age: 600w", 2, 20, "must be at most ten years"),
        ("name: a\nmax_inventory_age: {hours: 1}", 2, 20, "must be a length of time"),
        ("name: a\nactions: [{uid: x, on: never}]", 2, 24, "actions[0].on: must be match or no-match"),
        ("name: a\nactions: [{uid: x, on: true}]", 2, 24, "actions[0].on: must be match or no-match, not true"),
        ("name: a\nactions: [{uid: x, run_when_result_is: no-match}]", 2, 40, "must be true or false"),
        ("name: a\nactions: [{uid: x, on: match, run_when_result_is: true}]", 2, 51, "says the same as 'on'"),
        ("name: a\nfilters: [{uid: x, on: match}]", 2, 20, "filters[0]: unknown key 'on'"),
        ("name: a\ninstructions: {}", 1, 1, "take it in with `duetime bots import`"),
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


NEW_KEYS = """\
name: guard
category: Security
severity: high
notes: |
  Why it is there.
  Whom to ask.
scope:
  groups: [shared]
  badges:
    all: ["env:production", owner, {key: "a:b", value: c}]
    any: ["team:a", "team:b:c", "tier:"]
actions:
- {uid: warn, on: match}
- {uid: mend, on: no-match}
- {name: older, run_when_result_is: false}
triggers: [created, tags_modified, divvycloud.resource.destroyed]
exempt_tags: ["keep running", é]
cancel_when_compliant: false
max_inventory_age: 1d12h
"""


def test_what_a_bot_may_say_beyond_the_first_keys() -> None:
    badges = (Badge("env", "production"), Badge("owner"), Badge("a:b", "c"))
    assert load_bots(NEW_KEYS) == (
        BotDefinition(
            "guard",
            category="Security",
            severity=Severity.HIGH,
            notes="Why it is there.\nWhom to ask.\n",
            scope=Scope(
                groups=("shared",),
                all_badges=badges,
                any_badges=(Badge("team", "a"), Badge("team", "b:c"), Badge("tier", "")),
            ),
            actions=(ActionUse("warn"), ActionUse("mend", on_match=False), ActionUse("older", on_match=False)),
            triggers=(Hookpoint.CREATED, Hookpoint.TAGS_MODIFIED, Hookpoint.DESTROYED),
            exempt_tags=("keep running", "é"),
            cancel_when_compliant=False,
            max_inventory_age=timedelta(days=1, hours=12),
        ),
    )
    nothing = "severity: ~\ncancel_when_compliant: ~\nmax_inventory_age: ~"
    assert load_bots(f"name: a\n{nothing}") == (BotDefinition("a"),)
    assert load_bots("name: a\nmax_inventory_age: 0.5")[0].max_inventory_age == timedelta(minutes=30)


def test_everything_that_is_wrong_is_told_in_the_order_of_the_text() -> None:
    text = """\
- name: 1
  ownr: x
  scope: {regions: [eu, 5], badges: {all: [b: c]}}
  filters: [{uid: ''}, 7, {uid: f, settings: [x]}]
  schedule: 61 * * * *
  severity: !mine high
- *unknown
- name: b
  name: c
  triggers: [no]
- {name: b}
"""
    examined = examine_text(text, source="bots.yaml")
    assert [(each.line, each.column) for each in examined.complaints.in_order()] == [
        (1, 9), (2, 3), (3, 25), (3, 44), (4, 19), (4, 24), (4, 46), (5, 13), (6, 13), (7, 3), (9, 3), (10, 14),
        (11, 10),
    ]  # fmt: skip
    assert [bot.definition.name for bot in examined.bots] == ["", "", "b", "b"]
    assert [use.uid for use in examined.bots[0].definition.filters] == ["", "", "f"]
    with pytest.raises(InvalidDocument, match="must be a text, not the number 1"):
        examined.flawless()


def test_what_was_read_before_the_text_broke_is_kept() -> None:
    examined = examine_text("name: a\n---\nname: b\n---\nname: [c", source="bots.yaml")
    assert [bot.definition.name for bot in examined.bots] == ["a", "b"]
    assert "not YAML" in examined.complaints.found[0].problem


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "name: a\nnotes: " + "[" * 40 + "]" * 40,
        "a: &a [x]\n" + "b: [*a, *a]\n" * 1000,
        "name: a\n" + "name: a\n" * 2_000,
        "- {}\n" * 2_000,
        "name: a\nfilters:\n" + "- {uid: 5}\n" * 2_000,
        "name: a\nscope: {regions: [" + "eu, " * 5_000 + "]}",
        "? " * 10_000,
        "name: &a\n" * 3,
        "%YAML 9.9\n---\nname: a",
        'name: "\\uD800"',
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_answered_with_complaints_and_in_time(text: str) -> None:
    examined = examine_text(text, source="bots.yaml")
    assert 1 <= len(examined.complaints.found) <= MOST


@given(st.text(max_size=60))
def test_any_text_is_read_or_complained_about(text: str) -> None:
    examined = examine_text(text, source="bots.yaml")
    assert examined.complaints.found or all(bot.definition.name for bot in examined.bots)


INNER_KEYS = st.sampled_from([*KEYS, "uid", "settings", "on", "all", "any", "accounts", "groups", "badges", "key"])
WRONG: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(INNER_KEYS, inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(KEYS), WRONG, max_size=4))
def test_any_value_at_any_key_is_read_or_complained_about(values: dict[str, Any]) -> None:
    definition = None
    with contextlib.suppress(InvalidDocument):
        definition = from_mapping({"name": "a"} | values)
    assert definition is None or from_mapping(to_document(definition)) == definition


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
TUPLES = st.lists(st.text("az019-:", min_size=1, max_size=12), max_size=3, unique=True).map(tuple)
BADGES = st.builds(Badge, st.text("aé: ", min_size=1, max_size=4), st.none() | st.text("aé: ", max_size=4))
BADGE_TUPLES = st.lists(BADGES, max_size=3, unique=True).map(tuple)
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
    scope=st.builds(Scope, TUPLES, TUPLES, TUPLES, TUPLES, BADGE_TUPLES, BADGE_TUPLES),
    filters=st.lists(st.builds(FilterUse, st.text("a.", min_size=1), SETTINGS), max_size=3).map(tuple),
    actions=st.lists(st.builds(ActionUse, st.text("a.", min_size=1), SETTINGS, st.booleans()), max_size=3).map(tuple),
    schedule=st.none() | SCHEDULES,
    category=st.text("aé :'", max_size=9),
    severity=st.none() | st.sampled_from(Severity),
    notes=st.text("aé 1:\n'", max_size=20),
    triggers=st.lists(st.sampled_from(Hookpoint), max_size=4, unique=True).map(tuple),
    exempt_tags=TUPLES,
    cancel_when_compliant=st.none() | st.booleans(),
    max_inventory_age=st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=3660)),
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
