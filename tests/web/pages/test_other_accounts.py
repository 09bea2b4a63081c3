"""A visitor of one account sees nothing of another: in lists, counts, search, errors, and by address."""

from tests.web.conftest import As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, THERE, World, paths_of

from duetime.core.access import Role
from duetime.web.pages.paths import account_path, bot_path, resource_path

SOMEBODY = visitor(HERE, role=Role.ADMIN, payloads=True)
OTHERS = (
    f"build-{THERE}-",
    f"{THERE}-secret-place",
    "production-guard",
    "everywhere",
    "Production",
    "the key is not valid",
)
FOR_ALL_ONLY = ("/audit", "/audit/chain", "/access", "/system/checkup", "/plugins/greeter/unload")


def test_no_page_names_what_lies_in_another_account(world: World, as_: As) -> None:
    client = as_(SOMEBODY)
    shown = 0
    for path in paths_of(world):
        answer = client.get(path, follow_redirects=False)
        if answer.status_code == 200:
            shown += 1
            named = [text for text in OTHERS if text in Markup(answer.text).text]
            assert not named, path
        else:
            assert answer.status_code in (403, 404), (path, answer.text)
    assert shown > 20


def test_what_belongs_to_no_account_needs_a_role_in_all_of_them(world: World, as_: As) -> None:
    client = as_(SOMEBODY)
    for path in FOR_ALL_ONLY:
        assert client.get(path, follow_redirects=False).status_code == 403, path
    for path in ("/plugins/greeter/unload", "/audit/chain", "/access/new-login", "/access/new-group"):
        assert client.post(path, follow_redirects=False).status_code == 403, path


def test_what_lies_elsewhere_does_not_exist(world: World, as_: As) -> None:
    client = as_(SOMEBODY)
    for path in (
        resource_path(world.there[0].resource_id),
        account_path(THERE),
        bot_path("production-guard"),
        bot_path("production-guard", "versions"),
        bot_path("production-guard", "pause"),
        bot_path("everywhere", "plan"),
    ):
        assert client.get(path, follow_redirects=False).status_code == 404, path
    for path in (
        account_path(THERE, "harvest"),
        bot_path("production-guard", "run"),
        bot_path("everywhere", "archive"),
        bot_path("everywhere", "edit"),
        bot_path("everywhere", "plan"),
    ):
        assert client.post(path, follow_redirects=False).status_code == 404, path


def test_asking_for_another_account_finds_nothing(world: World, as_: As) -> None:
    page = Markup(as_(SOMEBODY).get("/resources", params={"account": THERE}).text)
    assert "No resource fits this filter." in page.text


def test_events_that_wait_are_counted_only_in_reached_accounts(world: World, as_: As) -> None:
    page = Markup(as_(SOMEBODY).get("/plugins").text).text
    assert "other.type nobody yet 1 1" in page


def test_api_budgets_are_those_of_reached_accounts(world: World, as_: As) -> None:
    everywhere = Markup(as_().get("/system").text).text
    assert f"{THERE} us-east-1 ec2 writes" in everywhere
    mine = Markup(as_(SOMEBODY).get("/system").text).text
    assert f"{HERE} us-east-1 ec2 writes" in mine
    assert f"{THERE} us-east-1 ec2 writes" not in mine


def test_a_bot_that_looks_further_is_not_named_where_it_asks_for_an_event(world: World, as_: As) -> None:
    page = Markup(as_(SOMEBODY).get(resource_path(world.here[1].resource_id)).text).text
    assert "a bot that looks at other accounts too" in page
    assert "nightly-stop" in page


def test_raw_data_is_shown_to_those_who_may_see_payloads(world: World, as_: As) -> None:
    path = resource_path(world.here[1].resource_id)
    assert "raw" not in Markup(as_(visitor(HERE)).get(path).text).text
    shown = Markup(as_(SOMEBODY).get(path).text).text
    assert '"note": "raw ' in shown
    assert "hunter2" not in shown
