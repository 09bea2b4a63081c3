from collections.abc import Callable
from typing import Any

import pytest

from duetime.bots.action import Action
from duetime.bots.check import check_bot, problems_of
from duetime.bots.document import examine_text, read_bots, read_text
from duetime.bots.setting_fields import EventTypeField
from duetime.builtin import actions, filters, nested_filters
from duetime.core.errors import InvalidDocument
from duetime.core.fields import FieldOptions
from duetime.core.registration import Entry, Kind, Registries

TEXT = """\
name: a
filters:
  - uid: duetime.filter.tga
  - uid: duetime.filter.tag
    settings:
      ky: env
  - uid: duetime.filter.state
    settings: {values: running}
  - uid: duetime.filter.tag
    settings: {key: env, values: [a], equals: a}
actions:
  - uid: duetime.action.schedule_event
    settings:
      event_type: divvy.stop_resource
      after: 3 moons
  - uid: nobody.knows.this
"""


def test_every_fault_is_shown_at_its_place(registries: Registries, load: Callable[..., None]) -> None:
    load(filters, actions)
    (bot,) = read_text(TEXT, source="bots.yaml")
    problems = problems_of(bot, registries=registries)
    assert [(problem.line, problem.column) for problem in problems] == [
        (3, 10),
        (6, 11),
        (6, 7),
        (8, 24),
        (10, 47),
        (15, 14),
        (16, 10),
    ]
    tga, key, missing, values, equals, after, unknown = (problem.problem for problem in problems)
    assert tga.startswith("filters[0].uid: there is no filter 'duetime.filter.tga'; did you mean duetime.filter.tag")
    assert key == "filters[1].settings.ky: setting ky: there is no such setting; did you mean key"
    assert missing == "filters[1].settings: setting key: is required"
    assert values == "filters[2].settings.values: setting values: must be a list of one or more texts, not 'running'"
    assert equals == "filters[3].settings.equals: setting equals: cannot be asked together with values; use two filters"
    assert after.startswith("actions[0].settings.after: setting after: must be a length of time such as 10s, 90m")
    assert unknown == "actions[1].uid: there is no action 'nobody.knows.this'; load the plugin that brings it"
    with pytest.raises(InvalidDocument, match=r"duetime\.filter\.tga"):
        check_bot(bot, registries=registries)


def test_what_is_not_loaded_may_be_let_pass(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    (bot,) = read_text("name: a\nfilters: [{uid: x}]\nactions: [{uid: y}]")
    check_bot(bot, registries=registries, allow_unknown=True)
    (bot,) = read_text("name: a\nfilters: [{uid: x}, {uid: duetime.filter.tag}]")
    with pytest.raises(InvalidDocument, match="setting key: is required"):
        check_bot(bot, registries=registries, allow_unknown=True)


def test_a_missing_setting_is_shown_where_it_should_stand(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    (bot,) = read_text("name: a\nfilters:\n- uid: duetime.filter.tag\n  settings: {present: true}", source="b.yaml")
    with pytest.raises(InvalidDocument) as caught:
        check_bot(bot, registries=registries)
    assert (caught.value.line, caught.value.column) == (4, 13)


def test_values_of_a_program_are_checked_too(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    (bot,) = read_bots({"name": "a", "filters": [{"uid": "duetime.filter.state", "settings": {"values": []}}]})
    with pytest.raises(InvalidDocument, match=r"<values>: filters\[0\]\.settings\.values: setting values: is required"):
        check_bot(bot, registries=registries)


INSIDE = """\
name: a
filters:
  - uid: duetime.filter.any
    settings:
      filters:
        - uid: duetime.filter.state
          settings: {values: running}
        - uid: duetime.filter.not
          settings:
            filters:
              - {uid: duetime.filter.tga}
              - uid: duetime.filter.tag
                settings: {key: env, values: [a], equals: a}
        - {settings: {}}
        - uid: duetime.filter.tag
          settingz: {}
        - 7
"""


def test_filters_inside_filters_are_checked_at_their_own_lines(
    registries: Registries, load: Callable[..., None]
) -> None:
    load(filters, nested_filters)
    (bot,) = read_text(INSIDE, source="bots.yaml")
    problems = problems_of(bot, registries=registries)
    assert [(problem.line, problem.column) for problem in problems] == [
        (7, 30), (11, 23), (13, 59), (14, 11), (16, 11), (15, 11), (17, 11),
    ]  # fmt: skip
    inner = "filters[0].settings.filters[1].settings.filters[0].uid: there is no filter 'duetime.filter.tga'"
    assert problems[1].problem.startswith(inner)


def test_a_missing_filter_inside_may_be_let_pass(registries: Registries, load: Callable[..., None]) -> None:
    load(filters, nested_filters)
    inner = "{uid: duetime.filter.any, settings: {filters: [{uid: nobodys}, {uid: duetime.filter.state}]}}"
    (bot,) = read_text(f"name: a\nfilters: [{inner}]")
    problems = problems_of(bot, registries=registries, allow_unknown=True)
    assert [problem.problem.rpartition(": ")[2] for problem in problems] == ["is required"]
    (bot,) = read_text(f"name: a\nfilters: [{inner.replace(', {uid: duetime.filter.state}', '')}]")
    assert not problems_of(bot, registries=registries, allow_unknown=True)


def test_filters_that_stand_too_deep_inside_each_other_are_refused(
    registries: Registries, load: Callable[..., None]
) -> None:
    load(filters, nested_filters)
    deep: dict[str, Any] = {"uid": "duetime.filter.tag", "settings": {"key": "env"}}
    for _ in range(9):
        deep = {"uid": "duetime.filter.any", "settings": {"filters": [deep]}}
    (bot,) = read_bots({"name": "a", "filters": [deep]})
    with pytest.raises(InvalidDocument, match="deep"):
        check_bot(bot, registries=registries)


def test_event_types_named_in_settings_are_looked_up(registries: Registries) -> None:
    fields = [EventTypeField(name="event_type", options=FieldOptions.REQUIRED)]
    action = Action(uid="act", function=print, settings_config=fields)
    registries.add(Entry(Kind.ACTION, "act", action), owner="tests")
    (bot,) = read_text("name: a\nactions:\n- uid: act\n  settings: {event_type: divvy.stop_resorce}", source="b.yaml")
    (problem,) = problems_of(bot, registries=registries, event_types=["divvy.stop_resource"])
    assert (problem.line, problem.column) == (4, 26)
    assert problem.problem == (
        "actions[0].settings.event_type: there is no event type 'divvy.stop_resorce'; did you mean divvy.stop_resource"
    )
    assert not problems_of(bot, registries=registries)
    assert not problems_of(bot, registries=registries, event_types=[], allow_unknown=True)
    assert not problems_of(bot, registries=registries, event_types=["divvy.stop_resorce"])


def test_a_plugin_that_fails_on_settings_is_a_problem_of_its_use_alone(registries: Registries) -> None:
    def fails(_: object) -> None:
        raise KeyError("hours")

    for uid, check in (("fails", fails), ("fine", None)):
        registries.add(Entry(Kind.ACTION, uid, Action(uid=uid, function=print, check=check)), owner="tests")
    (bot,) = read_text("name: a\nactions:\n- uid: fails\n- uid: fine", source="b.yaml")
    (problem,) = problems_of(bot, registries=registries)
    assert (problem.line, problem.problem) == (3, "actions[0]: fails failed on these settings: KeyError: 'hours'")


def test_what_could_not_be_read_is_not_looked_up(registries: Registries) -> None:
    examined = examine_text("name: a\nfilters: [7]\nactions: [{uid: x}]", source="b.yaml")
    assert [problem.line for problem in problems_of(examined.bots[0], registries=registries)] == [3]
