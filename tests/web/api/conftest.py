import pytest
from tests.web.api.scene import Scene

from duetime.app.app import App


@pytest.fixture
def scene(app: App) -> Scene:
    return Scene(app)
