"""The API's description of itself: whole, true to the routes, and the same for everybody."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.web.conftest import NOBODY, As

from duetime.web.api.openapi import description_of
from duetime.web.idempotency import WRITES
from duetime.web.need import every_route, need_of

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
def document(web: FastAPI) -> dict[str, Any]:
    return description_of(web)


def api_routes(web: FastAPI) -> Iterator[APIRoute]:
    for route in every_route(web.routes):
        if isinstance(route, APIRoute) and route.path.startswith("/api/v1/") and route.include_in_schema:
            yield route


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()  # references and path parameters, too


def test_every_route_of_the_api_is_described(web: FastAPI, document: dict[str, Any]) -> None:
    described = {(path, method) for path, method, _ in operations(document)}
    routed = {
        (re.sub(r":path}", "}", route.path), method) for route in api_routes(web) for method in route.methods or ()
    }
    assert routed <= described
    assert len(routed) > 20


def test_every_route_says_what_it_refuses(web: FastAPI, document: dict[str, Any]) -> None:
    for route in api_routes(web):
        path = re.sub(r":path}", "}", route.path)
        for method in route.methods or ():
            need = need_of(route)
            assert need is not None
            wanted = {"422", "503"} | (set() if need.is_open else {"401", "403"})
            wanted |= {"404"} if "{" in path else set()
            wanted |= {"400", "404", "409", "413"} if method in WRITES else set()
            responses = document["paths"][path][method.lower()]["responses"]
            assert wanted <= set(responses), f"{method} {path}"
            for status in wanted:
                assert responses[status]["content"] == PROBLEM, f"{method} {path}: {status}"


def test_a_filter_that_names_a_bot_may_name_none(document: dict[str, Any]) -> None:
    asking = [
        operation
        for _, _, operation in operations(document)
        if any((each["name"], each["in"]) == ("bot", "query") for each in operation.get("parameters", []))
    ]
    assert len(asking) >= 5
    assert all(operation["responses"]["404"]["content"] == PROBLEM for operation in asking)


def test_every_write_takes_an_idempotency_key(web: FastAPI, document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        names = {each["name"] for each in operation.get("parameters", [])}
        assert ("Idempotency-Key" in names) is (method in WRITES), f"{method} {path}"


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert [name for name, number in names.items() if number > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert {"list_events", "get_event", "schedule_event", "steer_events", "list_runs", "export_runs"} <= set(names)


def test_every_operation_and_parameter_is_explained(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation.get("summary"), f"{method} {path}"
        assert operation.get("description"), f"{method} {path}"
        for each in operation.get("parameters", []):
            if each["in"] == "query":
                assert each.get("description"), f"{method} {path}: {each['name']}"


def test_it_is_for_whoever_is_let_in(as_: As) -> None:
    assert as_(None).get("/api/v1/openapi.json").status_code == 401
    assert as_(NOBODY).get("/api/v1/openapi.json").json()["info"]["title"] == "duetime"
