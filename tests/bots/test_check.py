from collections.abc import Callable

import pytest

from duetime.bots.check import check_bot, problems_of
from duetime.bots.document import read_bots, read_text
from duetime.builtin import actions, filters
from duetime.core.errors import InvalidDocument
from duetime.core.registration import Registries

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
        (8, 24),
        (10, 47),
        (15, 14),
        (16, 10),
    ]
    tga, key, values, equals, after, unknown = (problem.problem for problem in problems)
    assert tga.startswith("filters[0].uid: there is no filter 'duetime.filter.tga'; did you mean duetime.filter.tag")
    assert key == "filters[1].settings.ky: setting ky: there is no such setting; did you mean key"
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
