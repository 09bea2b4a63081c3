"""The bots of the guides on notices and office hours, applied as they stand."""

import re
from pathlib import Path

import pytest

from duetime.testing import Lab

GUIDES = Path(__file__).parents[2] / "docs/guides"


@pytest.mark.parametrize("guide", ["notice-then-act", "office-hours"])
def test_the_bot_of_a_guide_is_one(guide: str) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", (GUIDES / f"{guide}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    with Lab() as lab:
        (bot,) = lab.apply(text)
        assert bot.name in ("unowned-instances", "office-hours")
