"""The whole OpenAPI document against the server: no 5xx, no undocumented status, every answer as its schema says.

The examples are the same on each run. For a longer search:

    SCHEMATHESIS_EXAMPLES=200 .venv/bin/pytest -q -n 0 tests/web/test_schemathesis.py
"""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import Request
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.web.api.scene import Scene
from tests.web.conftest import ADMIN

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.core.resources import Account
from duetime.providers.fake import FakeCloud
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.web.server import create_web
from duetime.web.visitor import Visitor
from duetime.web.web_settings import WebSettings

_EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
_CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("schemathesis")
    store = Store(f"sqlite:///{folder / 'duetime.db'}", durable=False)
    upgrade(store.engine)
    with closing(App(store, providers={"fake": FakeCloud()}, installed_plugins=False)) as app:
        publish(app, plugins=False)
        _seed(app)

        async def require_no_token(_request: Request, _visitor: Visitor) -> None:
            """Visitors by an API key need none."""

        web = create_web(
            app, settings=WebSettings(), authenticate=lambda _request: ADMIN, require_token=require_no_token
        )
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", web)


def _seed(app: App) -> None:
    scene = Scene(app)
    for account in "AB":
        with app.store.write() as tx:
            tx.accounts.save(Account(account, provider="fake", regions=("us-east-1",)))
        scene.resource(account)
        scene.event(account)
        scene.run(account)
    with app.store.write() as tx:
        tx.groups.save("web")
        tx.users.add("divvyuser:7")
        tx.plugins.ensure(["shutters"])


def _examine(operation: Any) -> None:
    """Send examples of one operation; one that is answered otherwise than documented fails."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=_EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=list(_CHECKS))

    send()


def _told(failure: BaseException) -> str:
    inner = failure.exceptions if isinstance(failure, BaseExceptionGroup) else ()
    return "\n".join([str(failure), *map(str, inner)])[:3000]


@pytest.mark.slow
def test_every_operation_answers_as_it_says(schema: Any) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    failures: dict[str, str] = {}
    for operation in operations:
        try:
            _examine(operation)
        except (Exception, FailureGroup) as failure:  # noqa: BLE001 - all of them are told at once
            failures[f"{operation.method.upper()} {operation.path}"] = _told(failure)
    assert len(operations) > 60
    assert not failures, "\n\n".join(f"{name}: {failure}" for name, failure in failures.items())
