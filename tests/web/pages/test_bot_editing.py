from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, World

from duetime.core.access import Role
from duetime.web.pages.bot_editing import NEW_PATH, TEMPLATE

GOOD = """name: tidy
scope: {accounts: ["10"], resource_types: [instance]}
filters:
  - uid: duetime.filter.tag
    settings: {key: env, values: [dev]}
actions:
  - uid: duetime.action.schedule_event
    settings: {event_type: divvy.stop_resource, after: 1h}
"""
WRONG = GOOD.replace("after: 1h", "after: soon").replace("duetime.filter.tag", "duetime.filter.tga")


def test_the_text_that_a_new_bot_begins_with_is_right(world: World, as_: As) -> None:
    client = as_(ADMIN)
    assert TEMPLATE in Markup(client.get(NEW_PATH).text).raw
    page = Markup(client.post(NEW_PATH, data={"text": TEMPLATE, "step": "check"}).text).text
    assert "Nothing is wrong with it. Applying it would: nightly-stop: make version 4" in page


def test_what_is_wrong_is_said_with_its_place_and_nothing_is_lost(world: World, as_: As) -> None:
    answer = as_(ADMIN).post(NEW_PATH, data={"text": WRONG.replace("\n", "\r\n"), "step": "apply"})
    assert answer.status_code == 422
    page = Markup(answer.text)
    assert "2 problems; nothing was changed" in page.text
    assert (
        "Line 4, column 10: filters[0].uid: there is no filter 'duetime.filter.tga'; did you mean duetime.filter.tag"
        in page.text
    )
    assert "Line 8, column 56: actions[0].settings.after" in page.text
    assert "- uid: duetime.filter.tga" in page.text  # the line itself
    assert WRONG in page.raw
    with world.app.store.read() as tx:
        assert tx.bots.find("tidy") is None


def test_checking_changes_nothing_and_applying_makes_the_bot(world: World, as_: As) -> None:
    client = as_(ADMIN)
    checked = Markup(client.post(NEW_PATH, data={"text": GOOD, "step": "check"}).text).text
    assert "tidy: make a new bot" in checked
    with world.app.store.read() as tx:
        assert tx.bots.find("tidy") is None
    answer = client.post(NEW_PATH, data={"text": GOOD, "step": "apply"}, follow_redirects=False)
    assert answer.headers["location"] == "/bots/tidy?done=bot-applied"
    with world.app.store.read() as tx:
        assert tx.bots.versions("tidy")[0].created_by == ADMIN.actor
    again = client.post(NEW_PATH, data={"text": GOOD.replace("1h", "2h"), "step": "apply"})
    assert again.status_code == 409
    assert "There is a bot &#39;tidy&#39; already." in again.text
    assert "after: 2h" in Markup(again.text).raw


def test_an_edited_bot_keeps_its_name_and_nobody_writes_over_another_version(world: World, as_: As) -> None:
    client = as_(ADMIN)
    text = GOOD.replace("tidy", "nightly-stop")
    form = {"text": text, "version": "3", "step": "apply"}
    renamed = client.post("/bots/nightly-stop/edit", data={**form, "text": GOOD})
    assert renamed.status_code == 422
    assert "this form is for the bot 'nightly-stop'" in Markup(renamed.text).text
    late = client.post("/bots/nightly-stop/edit", data={**form, "version": "2"})
    assert late.status_code == 409
    assert "this text was made from version 2" in Markup(late.text).text
    done = client.post("/bots/nightly-stop/edit", data={**form, "pending": "cancel"}, follow_redirects=False)
    assert done.headers["location"] == "/bots/nightly-stop?done=bot-applied"
    same = client.post("/bots/nightly-stop/edit", data={**form, "version": "4"}, follow_redirects=False)
    assert same.headers["location"] == "/bots/nightly-stop?done=bot-unchanged"
    with world.app.store.read() as tx:
        bot = tx.bots.by_name("nightly-stop")
        assert bot.version == 4
        assert tx.bot_events.count(bot.bot_id, besides="duetime.run_bot") == 0


def test_json_can_be_edited_too(world: World, as_: As) -> None:
    text = Markup(as_(ADMIN).get("/bots/nightly-stop/edit", params={"form": "json"}).text).raw
    assert '"name": "nightly-stop"' in text


def test_an_editor_of_an_account_makes_bots_that_look_at_it_alone(world: World, as_: As) -> None:
    client = as_(visitor(HERE, role=Role.EDITOR))
    everywhere = GOOD.replace('accounts: ["10"], ', "")
    for text in (everywhere, GOOD.replace('"10"', '"20"')):
        refused = client.post(NEW_PATH, data={"text": text, "step": "apply"})
        assert refused.status_code == 403
        assert "name accounts in the bot" in Markup(refused.text).text
        assert text in Markup(refused.text).raw
    taken = client.post(NEW_PATH, data={"text": GOOD.replace("tidy", "everywhere"), "step": "apply"})
    assert taken.status_code == 409
    assert "is not free" in Markup(taken.text).text
    assert client.post(NEW_PATH, data={"text": GOOD, "step": "apply"}, follow_redirects=False).status_code == 303


def test_what_nobody_has_loaded_is_accepted_when_it_is_asked_for(world: World, as_: As) -> None:
    client, text = as_(ADMIN), GOOD.replace("duetime.filter.tag", "acme.filter.of_tomorrow")
    assert client.post(NEW_PATH, data={"text": text, "step": "check"}).status_code == 422
    assert client.post(NEW_PATH, data={"text": text, "step": "check", "allow_unknown": "true"}).status_code == 200


def test_odd_forms_are_refused_and_never_a_fault(world: World, as_: As) -> None:
    client = as_(ADMIN)
    for text in ("", "\x00", "{", "- - -", "name: [", "&a [*a]", "bots: []"):
        assert client.post(NEW_PATH, data={"text": text, "step": "apply"}).status_code == 422, text[:20]
    assert client.post(NEW_PATH, data={"text": "x" * 1_100_000, "step": "apply"}).status_code == 400
    assert client.post(NEW_PATH, data={"text": GOOD, "step": "dance"}).status_code == 422
    assert client.post("/bots/nightly-stop/edit", data={"text": GOOD, "version": "x"}).status_code == 422
