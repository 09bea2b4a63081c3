"""`/api/v1/openapi.json`: the API's description of itself."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from duetime.web.answers import Problem
from duetime.web.need import needs_login

router = APIRouter(prefix="/api/v1")

_TAGS = {
    "events": "What is planned, and the verbs that steer it.",
    "runs": "What happened: one run for each attempt.",
}


def description_of(web: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document (3.1) of a server, made once."""
    if web.openapi_schema is None:
        web.openapi_schema = _document(web)
    return web.openapi_schema


def _document(web: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=web.title,
        version=web.version,
        description=web.description,
        routes=web.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(problems["$defs"])
    components["securitySchemes"] = {
        "ApiKey": {"type": "apiKey", "in": "header", "name": "Api-Key"},
    }
    document["security"] = [{"ApiKey": []}]
    return document


@router.get("/openapi.json", dependencies=[needs_login()], include_in_schema=False)
def describe(request: Request) -> dict[str, Any]:
    """Return the description."""
    web: FastAPI = request.app
    return description_of(web)
