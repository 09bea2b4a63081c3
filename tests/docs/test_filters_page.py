"""The page of the filters says what is true: every filter with every setting, no other one, and limits as they are."""

import re
from pathlib import Path

from tests.docs.console import blocks_of

from duetime.bots import data_expressions, inner_filters, patterns
from duetime.bots.check import problems_of
from duetime.bots.document import read_text
from duetime.bots.setting_words import about_setting
from duetime.builtin.modules import MODULES
from duetime.core.registration import Registries, registering_with

PATH = Path(__file__).parents[2] / "docs" / "reference" / "filters.md"
PAGE = PATH.read_text(encoding="utf-8")


def builtin() -> Registries:
    registries = Registries()
    with registering_with(registries):
        for module in MODULES:
            module.load()
    return registries


def test_every_filter_stands_in_the_page_as_it_is() -> None:
    parts = re.split(r"^### (duetime\.filter\.\w+)\n|^## Where", PAGE, flags=re.MULTILINE)
    sections = {uid: text.split() for uid, text in zip(parts[1::2], parts[2::2], strict=False) if uid}
    # That of Cloud Custodian has a guide of its own.
    own = (entry for entry in builtin().filters.entries() if entry.name.startswith("duetime."))
    entries = {entry.name: entry.item for entry in own}
    assert sections.keys() == entries.keys()
    for uid, item in entries.items():
        said = [item.description, "", "| setting | meaning |", "|---|---|"]
        for field in item.fields:
            name, _, rest = about_setting(field).partition(" ")
            said.append(f"| `{name}` {rest} | {field.description} |")
        assert sections[uid] == " ".join(said).split(), uid


def test_the_limits_are_those_of_the_page() -> None:
    words = " ".join(PAGE.split())
    assert f"A pattern has at most {patterns.LONGEST:,} characters" in words
    limits = f"at most {data_expressions.LONGEST:,} characters and {data_expressions.DEEPEST} levels"
    assert limits in words
    assert f"up to {inner_filters.DEEPEST} deep and {inner_filters.MOST} in a list" in words


def test_the_example_is_a_bot_that_can_run() -> None:
    (example,) = [block.body for block in blocks_of(PATH) if block.language == "yaml"]
    (bot,) = read_text(f"name: example\n{example}")
    assert bot.definition.filters
    assert not problems_of(bot, registries=builtin())
