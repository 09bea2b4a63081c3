"""Logging in by OpenID Connect, at a provider that really signs; and what it may not make us believe."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from joserfc.jwk import OctKey
from starlette.testclient import TestClient
from tests.web.access.conftest import Add
from tests.web.access.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, rsa_key

from duetime.app.app import App
from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.destinations import Secret
from duetime.core.logins import LoginStatus
from duetime.web.access.desk import Desk
from duetime.web.access.identity_visit import Pending
from duetime.web.errors import IdentityRefused
from duetime.web.oidc_settings import OidcSettings
from duetime.web.web_settings import WebSettings

Browser = Callable[[], TestClient]
Visit = Callable[..., httpx2.Response]


@pytest.fixture
def provider() -> Iterator[OidcServer]:
    with OidcServer().running() as server:
        yield server


@pytest.fixture
def oidc(provider: OidcServer) -> dict[str, object]:
    return {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": Secret(CLIENT_SECRET)}


@pytest.fixture
def configure(app: App, web: FastAPI, oidc: dict[str, object]) -> Callable[..., None]:
    """Set the server up with the provider: `configure(auto_create=True)`."""

    def make(**more: object) -> None:
        settings = WebSettings(oidc=OidcSettings(**{**oidc, **more}))  # type: ignore[arg-type]
        web.state.desk = Desk.of(app, settings, passwords=web.state.desk.passwords)

    return make


@pytest.fixture
def visit(browser: Browser) -> Visit:
    """Go to the provider and come back, as a browser does; `tamper` changes the address that one comes back by."""

    def make(
        *, client: TestClient | None = None, after: str = "/me", tamper: Callable[[str], str] = lambda url: url
    ) -> httpx2.Response:
        own = client or browser()
        gone = own.get("/login/identity", params={"next": after}, follow_redirects=False)
        assert gone.status_code == 303, gone.text
        with httpx2.Client(verify=False) as elsewhere:
            back = elsewhere.get(gone.headers["location"]).headers["location"]
        return own.get(tamper(back), follow_redirects=False)

    return make


@pytest.fixture
def linked(app: App, provider: OidcServer, add: Add, configure: Callable[..., None]) -> None:
    """Ann, whom the provider calls subject-1."""
    configure()
    login = add("ann")
    with app.store.write() as tx:
        tx.logins.link(login.login_id, (provider.issuer, "subject-1"))


@pytest.mark.usefixtures("linked")
def test_somebody_logs_in_by_the_provider(app: App, browser: Browser, visit: Visit, provider: OidcServer) -> None:
    client = browser()
    answer = visit(client=client, after="/me?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?x=1")
    assert client.get("/me").status_code == 200
    with app.store.read() as tx:
        (opened,) = tx.audit.about("login:ann")
    assert (opened.verb, opened.after and opened.after["by"]) == ("session.open", "oidc")
    assert provider.requests.count("/keys") == 1


@pytest.mark.usefixtures("linked")
def test_what_is_sent_to_the_provider(browser: Browser, provider: OidcServer) -> None:
    answer = browser().get("/login/identity", params={"next": "//evil.example"}, follow_redirects=False)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert asked.keys() == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://testserver/login/identity/back"
    (cookie,) = answer.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    pending = Pending.read(cookie.partition("=")[2].partition(";")[0].strip('"'))
    assert (pending.state, pending.nonce, pending.after) == (asked["state"], asked["nonce"], "/")
    assert pending.verifier not in answer.headers["location"]


@pytest.mark.usefixtures("linked")
def test_the_login_page_offers_the_provider(browser: Browser) -> None:
    assert "/login/identity?next=%2F" in browser().get("/login").text


def test_without_a_provider_there_is_none(browser: Browser) -> None:
    assert "/login/identity" not in browser().get("/login").text
    assert browser().get("/login/identity").status_code == 404
    assert browser().get("/login/identity/back").status_code == 404


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url: url.replace("state=", "state=x"),
        lambda url: url.split("&state=")[0],
        lambda url: url.replace("code=", "code=x"),
        lambda url: url.replace("code=", "other="),
        lambda url: url.replace("iss=", "iss=x"),
        lambda url: url + "&error=access_denied",
    ],
    ids=["another state", "no state", "another code", "no code", "another issuer", "an error"],
)
@pytest.mark.usefixtures("linked")
def test_an_answer_that_was_tampered_with_lets_nobody_in(
    browser: Browser, visit: Visit, tamper: Callable[[str], str]
) -> None:
    client = browser()
    answer = visit(client=client, tamper=tamper)
    assert answer.status_code == 403
    assert "duetime_session" not in answer.headers.get("set-cookie", "")
    assert client.get("/me", follow_redirects=False).status_code == 303


@pytest.mark.usefixtures("linked")
def test_an_answer_is_for_the_browser_that_asked(browser: Browser, visit: Visit) -> None:
    """Otherwise somebody could log a victim in to a login of their own."""
    addresses: list[str] = []

    def note(url: str) -> str:
        addresses.append(url)
        return "/login"

    visit(tamper=note)
    victim = browser()
    assert victim.get(addresses[0], follow_redirects=False).status_code == 403
    victim.get("/login/identity", follow_redirects=False)
    assert victim.get(addresses[0], follow_redirects=False).status_code == 403


@pytest.mark.usefixtures("linked")
def test_an_answer_counts_once(browser: Browser, visit: Visit) -> None:
    addresses: list[str] = []

    def note(url: str) -> str:
        addresses.append(url)
        return url

    client = browser()
    assert visit(client=client, tamper=note).status_code == 303
    assert client.get(addresses[0], follow_redirects=False).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims | {"nonce": "another"},
        lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
        lambda claims: claims | {"aud": "somebody else"},
        lambda claims: {name: value for name, value in claims.items() if name != "aud"},
        lambda claims: claims | {"aud": ["duetime", "somebody else"], "azp": "somebody else"},
        lambda claims: claims | {"iss": "https://evil.example"},
        lambda claims: claims | {"exp": 1},
        lambda claims: {name: value for name, value in claims.items() if name != "exp"},
        lambda claims: claims | {"iat": claims["iat"] + 10_000},
        lambda claims: claims | {"sub": ""},
        lambda claims: claims | {"sub": 7},
        lambda claims: {name: value for name, value in claims.items() if name != "sub"},
        lambda claims: claims | {"at_hash": "another"},
    ],
)
@pytest.mark.usefixtures("linked")
def test_a_token_that_says_something_else_lets_nobody_in(
    provider: OidcServer, visit: Visit, change: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    provider.change = change
    answer = visit()
    assert answer.status_code == 403, answer.text
    assert "duetime_session" not in answer.headers.get("set-cookie", "")


@pytest.mark.usefixtures("linked")
def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(provider: OidcServer, visit: Visit) -> None:
    provider.signing_key = rsa_key("one", number=2)
    assert visit().status_code == 403
    provider.signing_key = provider.key
    assert visit().status_code == 303
    provider.header = {"alg": "none"}
    assert visit().status_code == 403
    provider.header = {"alg": "HS256", "kid": "one"}
    provider.signing_key = OctKey.import_key(CLIENT_SECRET)  # type: ignore[assignment]
    assert visit().status_code == 403


@pytest.mark.usefixtures("linked")
def test_a_provider_may_change_its_key(provider: OidcServer, visit: Visit) -> None:
    assert visit().status_code == 303
    provider.new_key()
    assert visit().status_code == 303


def test_a_provider_that_calls_itself_otherwise_is_not_used(
    provider: OidcServer, configure: Callable[..., None], browser: Browser
) -> None:
    configure()
    provider.issuer_said = "https://evil.example"
    answer = browser().get("/login/identity", follow_redirects=False)
    assert answer.status_code == 503
    assert "calls itself by another name" in answer.text


def test_a_provider_that_is_away_is_said_to_be(configure: Callable[..., None], browser: Browser) -> None:
    configure(issuer="http://127.0.0.1:9")
    answer = browser().get("/login/identity", follow_redirects=False)
    assert answer.status_code == 503
    assert "Try again, or log in by password." in answer.text


def test_whom_nobody_knows_is_not_let_in(app: App, configure: Callable[..., None], visit: Visit) -> None:
    configure()
    answer = visit()
    assert answer.status_code == 403
    assert "no login is linked to the subject &#39;subject-1&#39;" in answer.text
    with app.store.read() as tx:
        assert not tx.logins.is_any()


def test_a_login_is_made_when_that_is_wished(app: App, configure: Callable[..., None], visit: Visit) -> None:
    configure(auto_create=True)
    assert visit().status_code == 303
    with app.store.read() as tx:
        login = tx.logins.get("ann")
        assert tx.access_groups.of(login.login_id) == []
    assert (login.name, login.oidc_subject, login.password_hash) == ("Ann Other", "subject-1", None)
    assert visit().status_code == 303


def test_a_login_of_the_same_name_is_never_taken_over(
    app: App, add: Add, configure: Callable[..., None], visit: Visit
) -> None:
    configure(auto_create=True)
    login = add("ann")
    answer = visit()
    assert answer.status_code == 403
    with app.store.read() as tx:
        assert tx.logins.require(login.login_id).oidc_subject is None


@pytest.mark.parametrize("name", ["", "   ", 7, None, "\u00e4\u00f6"])
def test_a_name_that_no_login_could_have(
    configure: Callable[..., None], provider: OidcServer, visit: Visit, name: object
) -> None:
    configure(auto_create=True)
    provider.person = {"sub": "subject-1", "preferred_username": name}
    assert visit().status_code == 403


@pytest.mark.usefixtures("linked")
def test_a_disabled_login_stays_out(app: App, visit: Visit) -> None:
    with app.store.write() as tx:
        tx.logins.change(tx.logins.get("ann").login_id, status=LoginStatus.DISABLED)
    assert visit().status_code == 403


def test_groups_follow_the_provider(
    app: App, provider: OidcServer, configure: Callable[..., None], visit: Visit
) -> None:
    with app.store.write() as tx:
        for name in ("operators", "readers", "others"):
            tx.access_groups.save(name, grants=Grants((Grant(Feature.EVENTS, Role.VIEWER),)))
    configure(auto_create=True, groups={"ops": "operators", "all": "readers", "gone": "not there"})

    def groups() -> list[str]:
        with app.store.read() as tx:
            return [group.name for group in tx.access_groups.of(tx.logins.get("ann").login_id)]

    provider.person["groups"] = ["ops", "all", "gone", "administrators", 7]
    assert visit().status_code == 303
    assert groups() == ["operators", "readers"]
    with app.store.write() as tx:
        tx.access_groups.add_member("others", tx.logins.get("ann").login_id)
    provider.person["groups"] = "all"
    assert visit().status_code == 303
    assert groups() == ["others", "readers"]
    del provider.person["groups"]
    assert visit().status_code == 303
    assert groups() == ["others"]


def test_a_provider_does_not_take_the_last_administrator_away(
    app: App, provider: OidcServer, configure: Callable[..., None], visit: Visit
) -> None:
    with app.store.write() as tx:
        tx.access_groups.save("admins", grants=EVERYTHING)
    configure(auto_create=True, groups={"ops": "admins"})
    provider.person["groups"] = ["ops"]
    assert visit().status_code == 303
    provider.person["groups"] = []
    assert visit().status_code == 303
    with app.store.read() as tx:
        assert [login.login for login in tx.access_groups.members("admins")] == ["ann"]


@pytest.mark.parametrize("text", [None, "", "x", "bnVsbA==", "e30=", "W10=", "\u00e4", "eyJzdGF0ZSI6MX0="])
def test_a_cookie_that_was_not_written_here(text: str | None) -> None:
    with pytest.raises(IdentityRefused, match="begin again"):
        Pending.read(text)


def test_a_cookie_is_read_back() -> None:
    begun = Pending.begin("/events?x=\u00e4")
    assert Pending.read(begun.write()) == begun
