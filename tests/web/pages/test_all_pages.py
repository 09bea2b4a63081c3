import pytest
from tests.web.conftest import ADMIN, As
from tests.web.pages.conftest import HOSTILE
from tests.web.pages.markup import Markup
from tests.web.pages.world import World, paths_of

FORBIDDEN = ("script", "iframe", "object", "embed", "base", "style")


def test_every_page_is_shown(world: World, as_: As) -> None:
    client = as_(ADMIN)
    for path in paths_of(world):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.headers["content-type"].startswith("text/html"), path


def test_no_page_is_open_to_visitors_without_grants(world: World, as_: As) -> None:
    from tests.web.conftest import NOBODY

    client = as_(NOBODY)
    assert {client.get(path, follow_redirects=False).status_code for path in paths_of(world)} == {403}


@pytest.mark.parametrize("mark", [HOSTILE])
def test_text_of_others_stays_text(world: World, as_: As, mark: str) -> None:
    client = as_(ADMIN)
    said = 0
    for path in paths_of(world):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 200, (path, answer.text)
        assert "<script>alert" not in answer.text, path
        page = Markup(answer.text)
        for name, attributes in page.elements:
            assert name not in FORBIDDEN or attributes.get("src", "").startswith("/static/"), (path, name)  # type: ignore[union-attr]
            assert not any(key == "style" or key.startswith("on") for key in attributes), (path, name, attributes)
            assert not str(attributes.get("href", "")).lower().startswith("javascript:"), path
        said += mark in page.text
    assert said > 15  # it is shown, as what it is


@pytest.mark.parametrize("mark", [HOSTILE])
def test_long_and_odd_texts_are_searched_for_as_they_are(world: World, as_: As, mark: str) -> None:
    client = as_(ADMIN)
    for path in ("/resources", "/bots", "/accounts", "/audit"):
        answer = client.get(path, params={"q": mark})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        if path != "/audit":
            assert mark in Markup(answer.text).text


UNREADABLE = (
    "/resources?cursor=nonsense",
    "/resources?limit=-1",
    "/resources?limit=99999999999999999999",
    "/resources?q=%00",
    "/resources/%00",
    "/bots?cursor=W10",
    "/bots?status=DANCING",
    "/bots/%00",
    "/bots/nightly-stop?form=xml",
    "/bots/nightly-stop/versions?before=0",
    "/bots/nightly-stop/versions?before=99999999999999999999",
    "/bots/nightly-stop/versions/0/activate",
    "/bots/nightly-stop/events?cursor=bm9uc2Vuc2U",
    "/plugins/greeter/eat",
    "/audit?since=yesterday",
    "/audit?limit=0",
    "/access/logins/bob/dance",
    "/accounts?cursor=W10",
    "/accounts?q=%00",
    "/accounts/%00",
)
NOT_THERE = (
    "/resources/instance:10:us-east-1:i-nothere:",
    "/bots/nobody",
    "/bots/nobody/plan",
    "/bots/nobody/pause",
    "/bots/nobody/edit",
    "/bots/nightly-stop/versions/77/activate",
    "/plugins/nobody/unload",
    "/accounts/nobody",
    "/access/logins/nobody",
    "/access/groups/nobody",
)


def test_what_nobody_can_read_is_refused_and_what_is_not_there_is_not_found(world: World, as_: As) -> None:
    client = as_(ADMIN)
    for path in UNREADABLE:
        assert client.get(path, follow_redirects=False).status_code in (404, 422), path
    for path in NOT_THERE:
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 404, path
