"""What every answer says to the browser, and what no request may be."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.web.conftest import As

from duetime.web.headers import SafeHeaders


@pytest.mark.parametrize("path", ["/api/v1/workers", "/nowhere", "/static/vendor/htmx.min.js"])
def test_every_answer_has_the_safe_headers(as_: As, path: str) -> None:
    headers = as_().get(path).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/%5c..%5cserver.py"]
)
def test_static_files_end_at_their_folder(as_: As, path: str) -> None:
    assert as_().get(path).status_code == 404


def _small(*, is_secure: bool = False) -> TestClient:
    web = FastAPI()

    @web.post("/")
    async def size(body: dict[str, str]) -> int:
        return len(body)

    web.add_middleware(SafeHeaders, is_secure=is_secure, max_body_bytes=100)
    return TestClient(web, raise_server_exceptions=False)


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    answer = _small().post("/", json={"a": "x" * 200})
    assert (answer.status_code, answer.json()["detail"]) == (413, "A request may have up to 100 bytes.")
    assert _small().post("/", json={"a": "x"}).json() == 1


@pytest.mark.parametrize("length", ["-1", "many", "99999999999999999999999"])
def test_a_length_that_means_nothing_is_refused(length: str) -> None:
    assert _small().post("/", content=b"{}", headers={"content-length": length}).status_code == 413


def test_tls_is_remembered_where_there_is_tls() -> None:
    assert "strict-transport-security" in _small(is_secure=True).post("/", json={}).headers
    assert "strict-transport-security" not in _small().post("/", json={}).headers
