import pytest
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import World

from duetime.core.access import Feature
from duetime.store.audit_query import AuditQuery


def test_changes_are_listed_and_filtered(world: World, as_: As) -> None:
    client = as_(ADMIN)
    found = Markup(client.get("/audit", params={"verb": "bot.pause"}).text)
    assert "bot.pause" in found.text
    assert "holidays" in found.text
    assert "/bots/weekend" in found.links
    assert "event.schedule" not in found.text
    assert "No entry fits this filter." in Markup(client.get("/audit", params={"actor": "web:nobody"}).text).text


def test_the_trail_is_paged(world: World, as_: As) -> None:
    client, seen, path = as_(ADMIN), 0, "/audit?limit=20&verb=event.schedule"
    with world.app.store.read() as tx:
        all_of_them = len(tx.audit.page(AuditQuery(verb="event.schedule", most=1000)).rows)
    while True:
        page = Markup(client.get(path).text)
        seen += page.text.count("event.schedule event:")
        older = next((str(a["href"]) for name, a in page.elements if name == "a" and a.get("rel") == "next"), None)
        if older is None:
            break
        path = older
    assert seen == all_of_them


def test_before_and_after_are_for_those_who_may_see_payloads(world: World, as_: As) -> None:
    assert '"wish": "loaded"' in _of_plugins(world, as_, ADMIN)
    assert '"wish": "loaded"' not in _of_plugins(world, as_, visitor(feature=Feature.AUDIT))


def _of_plugins(world: World, as_: As, who: object) -> str:
    as_(ADMIN).post("/plugins/greeter/reload")
    return Markup(as_(who).get("/audit", params={"subject": "plugin:greeter"}).text).text


@pytest.mark.parametrize("broken", [False, True])
def test_the_chain_is_followed(world: World, as_: As, broken: bool) -> None:
    if broken:
        with world.app.store.write() as tx:
            forge = tx.audit._connection.exec_driver_sql
            forge("DROP TRIGGER audit_entries_keep_update")
            forge("UPDATE audit_entries SET actor = 'somebody else' WHERE audit_id = 3")
    client = as_(ADMIN)
    answer = client.post("/audit/chain", follow_redirects=False)
    assert answer.status_code == 303
    page = Markup(client.get(answer.headers["location"]).text).text
    assert ("Entry 3 was changed." in page) is broken
    assert ("nothing was changed or removed in between" in page) is not broken
    assert client.get("/audit/chain/a-guess", follow_redirects=False).headers["location"] == "/audit/chain"
