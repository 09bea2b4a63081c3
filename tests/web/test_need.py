"""Deny by default: every route says who it is for."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.web.conftest import ADMIN, NOBODY, As, visitor

from duetime.core.access import Feature
from duetime.core.errors import DatabaseUnavailable
from duetime.web.need import Need, every_route, need_of, needs, require_needs


def test_every_route_names_its_need(web: FastAPI) -> None:
    routes = [route for route in every_route(web.routes) if not isinstance(route, Mount)]
    assert len(routes) > 0
    assert [route for route in routes if need_of(route) is None] == []


def test_a_route_that_does_not_say_keeps_the_server_from_starting() -> None:
    web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    web.add_api_route("/said", lambda: 1, dependencies=[needs(Feature.EVENTS)])
    require_needs(web)
    web.add_api_route("/forgotten", lambda: 1)
    with pytest.raises(RuntimeError, match="/forgotten"):
        require_needs(web)


def test_the_need_of_a_route() -> None:
    web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    web.add_api_route("/", lambda: 1, dependencies=[needs(Feature.EVENTS)])
    assert need_of(web.routes[-1]) == Need(Feature.EVENTS)


def test_nobody_is_let_in_without_a_visitor(as_: As) -> None:
    answer = as_(None).get("/api/v1/workers")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_what_ails_the_database_is_not_told_to_those_who_are_not_let_in(web: FastAPI, as_: As) -> None:
    client = as_()

    def nobody_answers(_request: object) -> None:
        raise DatabaseUnavailable("connection to server at secret-host failed", remedy="Start it.")

    web.state.ports = replace(web.state.ports, authenticate=nobody_answers)
    answer = client.get("/api/v1/workers")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "secret-host" not in answer.text


def test_a_visitor_needs_a_grant(as_: As) -> None:
    assert as_(NOBODY).get("/api/v1/workers").status_code == 403
    assert as_(visitor(feature=Feature.BOTS)).get("/api/v1/workers").status_code == 403
    assert as_(visitor(feature=Feature.SYSTEM)).get("/api/v1/workers").json() == []
    assert as_(ADMIN).get("/api/v1/workers").json() == []
