"""The examples of the guide are true: they run as they stand there."""

import re
from pathlib import Path

import pytest
from tests.api_client.conftest import KEY
from tests.web.api.scene import Scene

from duetime.app.app import App

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "api.md"


def test_every_example_runs(url: str, app: App, capsys: pytest.CaptureFixture[str]) -> None:
    Scene(app).run("A")
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {"url": url, "key": KEY}
    for example in examples:
        exec(compile(example, str(GUIDE), "exec"), names)
    said = capsys.readouterr().out
    assert len(examples) == 5
    assert "scheduled" in said
    assert "4 10 there is no filter" in said.replace("filters[0].uid: ", "")
    assert "bot:1" in said
