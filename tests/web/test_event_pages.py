"""The pages of scheduled events: what they show, to whom, and what they do."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from tests.web.conftest import ADMIN, NOBODY, As, visitor
from tests.web.pages.markup import Markup
from tests.web.seeding import HERE, HOSTILE, THERE, UNICODE, Seeded, clear_arguments, seed

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.core.access import Feature, Role
from duetime.core.statuses import EventStatus, RunStatus
from duetime.providers.fake import FakeCloud
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.pages.event_offers import OFFERS, Offer

OVERVIEW, UPCOMING, HISTORY = "/scheduled-events", "/scheduled-events/upcoming", "/scheduled-events/history"
SOMEBODY = visitor(HERE, role=Role.ADMIN, payloads=True)


@pytest.fixture
def app(sqlite_store: Store, clock: ManualClock) -> Iterator[App]:
    with closing(App(sqlite_store, clock=clock, providers={"fake": FakeCloud()}, installed_plugins=False)) as made:
        publish(made, plugins=False)
        yield made


@pytest.fixture
def text() -> str:
    """What stands in every text of others; a test may say it anew."""
    return "By hand"


@pytest.fixture
def seeded(app: App, clock: ManualClock, text: str) -> Seeded:
    # Charts count by whole hours, so that the first minutes of one would show a run less.
    clock.move_to(clock.now().replace(minute=30, second=0, microsecond=0) + timedelta(hours=1))
    return seed(app, text=text, now=clock.now())


def pages_of(seeded: Seeded, *, there: bool = False) -> list[str]:
    """Return the address of every page of scheduled events; those of single things lie in one account."""
    events, runs = (seeded.there, seeded.runs_there) if there else (seeded.here, seeded.runs_here)
    return [
        *(f"/events/{number}" for number in events.values()),
        *(f"/events/{events[EventStatus.SCHEDULED]}/{offer.path}" for offer in OFFERS),
        *(f"/runs/{run_id}" for run_id in runs.values()),
        f"/runs/{runs[RunStatus.SUCCEEDED]}/undo",
    ]


LISTS = (
    *(f"{OVERVIEW}?range={stretch}" for stretch in ("24h", "7d", "30d")),
    *(f"{UPCOMING}?by={by}" for by in ("day", "account", "bot", "resource")),
    f"{UPCOMING}?view=week",
    f"{UPCOMING}?view=month&zone=Europe/Berlin",
    f"{UPCOMING}?view=month&start=2999-01-01",
    HISTORY,
    f"{HISTORY}?status=failed&status=lost&since=24h",
    "/events",
    "/events?status=held",
    "/events/new",
)


@pytest.mark.parametrize("text", ["By hand", HOSTILE, UNICODE])
def test_every_page_is_shown_and_text_of_others_stays_text(seeded: Seeded, as_: As, text: str) -> None:
    client = as_(ADMIN)
    said = 0
    for path in (*LISTS, *pages_of(seeded)):
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        page = Markup(answer.text)
        assert sum(1 for name, _ in page.elements if name == "h1") == 1, path
        for name, attributes in page.elements:
            assert name not in {"iframe", "object", "embed", "base", "style"}, (path, name)
            if name in {"script", "img"}:
                assert str(attributes.get("src", "")).startswith("/static/"), (path, attributes)
            assert not any(key == "style" or key.startswith("on") for key in attributes), (path, attributes)
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in page.links), path
        said += " ".join(text.split())[:60] in page.text
    assert said > 20


def test_no_page_is_open_to_visitors_without_grants(seeded: Seeded, as_: As) -> None:
    client = as_(NOBODY)
    assert {client.get(path).status_code for path in (*LISTS, *pages_of(seeded))} == {403}


def test_a_visitor_of_one_account_sees_nothing_of_another(seeded: Seeded, as_: As) -> None:
    client = as_(SOMEBODY)
    for path in (*LISTS, *pages_of(seeded)):
        answer = client.get(path)
        assert answer.status_code == 200, path
        if path != "/events/new":  # where all event types are offered
            fields = [attributes.get("value") for name, attributes in Markup(answer.text).elements if name == "option"]
            assert THERE not in fields
            assert THERE not in Markup(answer.text).text, path
            assert THERE.lower() not in Markup(answer.text).text, path
    for path in pages_of(seeded, there=True):
        assert client.get(path).status_code == 404, path
    for offer in OFFERS:
        gone = client.post(f"/events/{seeded.there[EventStatus.SCHEDULED]}/{offer.path}", data={"in": "1h"})
        assert gone.status_code == 404, offer.path
    assert client.post(f"/runs/{seeded.runs_there[RunStatus.SUCCEEDED]}/undo").status_code == 404


def test_numbers_and_charts_count_only_what_is_reached(seeded: Seeded, as_: As) -> None:
    def counted(page: Markup) -> list[str]:
        return [each for each in page.text.split() if each.isdigit()]

    everything = Markup(as_(ADMIN).get(OVERVIEW).text)
    mine = Markup(as_(SOMEBODY).get(OVERVIEW).text)
    assert "2 due now" not in everything.text
    assert "4 due now, 2 running, 2 held" in everything.text
    assert "2 due now, 1 running, 1 held" in mine.text
    assert "48 in all" in everything.text
    assert "24 in all" in mine.text
    assert counted(mine) != counted(everything)


def test_payloads_need_a_grant_of_their_own_and_secrets_are_masked(seeded: Seeded, as_: As) -> None:
    event, run = f"/events/{seeded.here[EventStatus.SCHEDULED]}", f"/runs/{seeded.runs_here[RunStatus.SUCCEEDED]}"
    shown, hidden = as_(SOMEBODY), visitor(HERE, role=Role.ADMIN)
    assert f"{HERE}-argument" in shown.get(event).text
    assert f"{HERE}-result" in shown.get(run).text
    assert "hunter2" not in shown.get(event).text
    assert "s3cret" not in shown.get(run).text
    for path in (event, run):
        page = as_(hidden).get(path).text
        assert f"{HERE}-argument" not in page
        assert f"{HERE}-result" not in page
        assert "Hidden: your access groups" in page


def test_only_the_verbs_that_status_and_role_allow_are_offered(seeded: Seeded, as_: As) -> None:
    client = as_(SOMEBODY)
    for status, event_id in seeded.here.items():
        path = f"/events/{event_id}"
        links = Markup(client.get(path).text).links
        offered = {offer.path for offer in OFFERS if f"{path}/{offer.path}" in links}
        assert offered == {offer.path for offer in OFFERS if status in offer.statuses}, status


def test_a_viewer_is_offered_no_verb_and_may_do_none(seeded: Seeded, as_: As) -> None:
    viewer = as_(visitor(HERE))
    for event_id in seeded.here.values():
        path = f"/events/{event_id}"
        assert not any(f"{path}/" in link for link in Markup(viewer.get(path).text).links)
        assert viewer.get(f"{path}/cancel").status_code == 403
        assert viewer.post(f"{path}/cancel").status_code == 403


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.path)
def test_what_is_offered_is_what_the_engine_allows(seeded: Seeded, app: App, as_: As, offer: Offer) -> None:
    clear_arguments(app)
    client = as_(SOMEBODY)
    for status in EventStatus:
        data = {"reason": "asked for", "in": "2h" if offer.path == "reschedule" else "", "resolution": "failed"}
        if offer.path == "reschedule" and status is EventStatus.SCHEDULED:  # it recurs
            data |= {"in": "", "schedule": '{"_type": "daily", "version": 1, "time_of_day": "20:00"}'}
        before = app.client.get(seeded.here[status])
        assert client.get(f"/events/{before.event_id}/{offer.path}").status_code == 200
        assert app.client.get(before.event_id) == before  # nothing changes by GET
        answer = client.post(f"/events/{before.event_id}/{offer.path}", data=data, follow_redirects=False)
        if status in offer.statuses:
            assert answer.status_code == 303, (status, answer.text)
            assert answer.headers["location"].startswith("/events/")
            assert 'role="status"' in client.get(answer.headers["location"]).text
        else:
            assert answer.status_code == 409, (status, answer.text)
            assert "text/html" in answer.headers["content-type"]
            assert app.client.get(before.event_id) == before


def test_a_cancelled_event_is_cancelled_with_its_reason(seeded: Seeded, app: App, as_: As) -> None:
    event_id = seeded.here[EventStatus.SCHEDULED]
    client = as_(SOMEBODY)
    answer = client.post(f"/events/{event_id}/cancel", data={"reason": "freeze <b>"})
    assert answer.status_code == 200
    assert app.client.get(event_id).status is EventStatus.CANCELLED
    with app.store.read() as tx:
        last = tx.audit.about(f"event:{event_id}")[0]
    assert (last.verb, last.reason, last.actor) == ("event.cancel", "freeze <b>", SOMEBODY.actor)
    assert "freeze <b>" in Markup(answer.text).text
    assert f"<code>duetime events run {event_id}</code>" in answer.text


REFUSED: tuple[tuple[str, EventStatus, dict[str, str], str], ...] = (
    ("resolve", EventStatus.HELD, {"resolution": "succeeded"}, "reason"),
    ("resolve", EventStatus.HELD, {"reason": "x"}, "resolved"),
    ("resolve", EventStatus.HELD, {"reason": "x", "resolution": "maybe"}, "maybe"),
    ("reschedule", EventStatus.PAUSED, {}, "Say when"),
    ("reschedule", EventStatus.PAUSED, {"in": "1h", "at": "2030-01-01T00:00Z"}, "Say when"),
    ("reschedule", EventStatus.PAUSED, {"at": "tomorrow"}, "tomorrow"),
    ("reschedule", EventStatus.PAUSED, {"schedule": "{"}, "schedule"),
    ("resume", EventStatus.PAUSED, {"catch_up": "never"}, "never"),
)


def test_what_a_form_lacks_is_said_in_the_form(seeded: Seeded, app: App, as_: As) -> None:
    client = as_(SOMEBODY)
    for verb, status, data, problem in REFUSED:
        before = app.client.get(seeded.here[status])
        answer = client.post(f"/events/{before.event_id}/{verb}", data=data)
        assert answer.status_code == 422, (verb, data)
        page = Markup(answer.text)
        assert problem in page.text, (verb, data, page.text)
        assert ("div", {"role": "alert"}) in page.elements
        assert app.client.get(before.event_id) == before


def test_an_event_can_be_scheduled_by_hand(seeded: Seeded, app: App, as_: As) -> None:
    client = as_(ADMIN)
    wanted = {"event_type": "divvy.start_resource", "resource": f"instance:{HERE}:us-east-1:i-new:", "in": "2h"}
    answer = client.post("/events/new", data={**wanted, "description": "once"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "once" in client.get(answer.headers["location"]).text
    for wrong, problem in (({"args": "["}, "no JSON"), ({"args": "[1]"}, "JSON object"), ({"in": ""}, "Say when")):
        refused = client.post("/events/new", data={**wanted, **wrong})
        assert refused.status_code == 422
        assert problem in Markup(refused.text).text


def test_what_cannot_be_undone_says_why(seeded: Seeded, as_: As) -> None:
    answer = as_(SOMEBODY).post(f"/runs/{seeded.runs_here[RunStatus.FAILED]}/undo", data={"reason": "oops"})
    assert answer.status_code == 409
    assert "only what succeeded can be undone" in Markup(answer.text).text


def test_history_is_paged_to_its_end(seeded: Seeded, app: App, as_: As) -> None:
    client, path, seen = as_(SOMEBODY), f"{HISTORY}?limit=20", 0
    for _ in range(10):
        page = Markup(client.get(path).text)
        seen += sum(1 for link in page.links if link.startswith("/runs/") and not link.endswith("/undo"))
        following = [a["href"] for name, a in page.elements if name == "a" and a.get("rel") == "next"]
        if not following:
            break
        path = str(following[0])
    assert seen == 72


def test_the_first_page_of_history_refreshes_itself_and_older_ones_do_not(seeded: Seeded, as_: As) -> None:
    client = as_(SOMEBODY)
    first = Markup(client.get(f"{HISTORY}?limit=20&status=succeeded").text)
    live = next(attributes for _, attributes in first.elements if "data-live" in attributes)
    assert "status=succeeded" in str(live["hx-get"])
    older = next(str(a["href"]) for name, a in first.elements if name == "a" and a.get("rel") == "next")
    assert not any("data-live" in attributes for _, attributes in Markup(client.get(older).text).elements)


def test_exports_carry_the_filter(seeded: Seeded, as_: As) -> None:
    client = as_(SOMEBODY)
    links = Markup(client.get(f"{HISTORY}?status=failed").text).links
    (csv,) = (link for link in links if "format=csv" in link)
    rows = client.get(csv).text.splitlines()
    assert len(rows) > 1
    assert all(",failed," in row for row in rows[1:])


UNREADABLE = (
    f"{OVERVIEW}?range=1y",
    f"{UPCOMING}?view=year",
    f"{UPCOMING}?start=yesterday",
    f"{UPCOMING}?days=-1",
    f"{UPCOMING}?days=99999999999999999999",
    f"{UPCOMING}?cursor=nonsense",
    f"{HISTORY}?limit=0",
    f"{HISTORY}?since=yesterday",
    f"{HISTORY}?cursor=W10",
    "/events?status=dancing",
    "/events?cursor=nonsense",
    "/events/0",
    "/events/99999999999999999999",
    "/events/x",
    "/events/1/dance",
)


def test_what_cannot_be_read_is_said(seeded: Seeded, as_: As) -> None:
    client = as_(ADMIN)
    for path in UNREADABLE:
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 422, (path, answer.text)
        assert answer.headers["content-type"].startswith("text/html")


def test_what_is_not_there_is_not_found(seeded: Seeded, as_: As) -> None:
    client = as_(ADMIN)
    for path in ("/events/4711", "/runs/1/2/3", "/runs/x/y/z", "/events/4711/cancel"):
        assert client.get(path).status_code == 404, path


def test_a_visitor_without_history_sees_no_runs(seeded: Seeded, as_: As) -> None:
    client = as_(visitor(HERE, feature=Feature.EVENTS, role=Role.EDITOR))
    page = Markup(client.get(f"/events/{seeded.here[EventStatus.SCHEDULED]}").text)
    assert f"{HERE}-error" not in page.text
    assert "do not show you history" in page.text
    overview = Markup(client.get(OVERVIEW).text)
    assert "Runs by result" not in overview.text
    assert HISTORY not in overview.links
    assert client.get(HISTORY).status_code == 403
