"""Messages to people: one for each destination, through a real mail server on this machine."""

import builtins
import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.builtin.loopback_servers import PASSWORD, Post, taking_mail

from duetime.builtin.messages import LONGEST_DIGEST, digest
from duetime.core.destinations import Destinations, NoticeDestination, Secret, UnknownDestination, WebhookDestination
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.testing.lab import Lab

# apprise's own imports.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOOK = WebhookDestination("hook", Secret("https://example.org/"))


@pytest.fixture
def post() -> Iterator[Post]:
    with taking_mail() as post:
        yield post


@pytest.fixture
def second() -> Iterator[Post]:
    with taking_mail() as post:
        yield post


@pytest.fixture
def lab(post: Post, second: Post) -> Iterator[Lab]:
    known = Destinations(
        (
            NoticeDestination("ops", (Secret(post.url),)),
            NoticeDestination("boss", (Secret(second.url),)),
            NoticeDestination("odd", (Secret(f"nonsense://{PASSWORD}"),)),
            HOOK,
        )
    )
    with Lab(now=NOW, destinations=known) as lab:
        yield lab


def machines(lab: Lab, number: int) -> list[Resource]:
    for one in range(number):
        lab.cloud.add(resource_type="instance", name=f"web-{one}", account="1", region="eu-west-1", state="running")
    lab.harvest()
    return sorted(lab.cloud.resources(), key=lambda each: each.name or "")


def tell(lab: Lab, *resources: Resource, **args: Any) -> list[int]:
    given = {
        "to": ["ops"],
        "subject": "{{ resource.name }} and {{ resources - 1 }} more",
        "body": "{{ resource.name }} is {{ resource.state }} at {{ event.due_at }}",
        **args,
    }
    return [
        lab.client.schedule("duetime.message", lab.now, resource_id=each.resource_id, args=given).event_id
        for each in resources
    ]


def test_one_event_is_one_message(lab: Lab, post: Post) -> None:
    tell(lab, *machines(lab, 1), subject="{{ resource.name }}")
    lab.settle()
    assert post.subjects() == ["web-0"]
    assert post.texts() == ["web-0 is running at 2026-03-02 12:00 UTC"]
    (run,) = lab.runs(event_type="duetime.message")
    assert run.status == "succeeded"
    assert '"sent_to":["ops"]' in str(run.result).replace(" ", "")


def test_events_that_are_due_together_are_one_message(lab: Lab, post: Post) -> None:
    tell(lab, *machines(lab, 12))
    lab.settle()
    assert post.subjects() == ["web-0 and 11 more"]
    lines = post.texts()[0].splitlines()
    assert len(lines) == 12
    assert lines[0] == "- web-0 is running at 2026-03-02 12:00 UTC"
    assert [run.status for run in lab.runs(event_type="duetime.message")] == ["succeeded"] * 12


def test_a_template_that_fails_fails_its_own_event_alone_and_once(lab: Lab, post: Post) -> None:
    first, second = machines(lab, 2)
    lab.cloud.add(resource_type="instance", name="tagged", account="1", region="eu-west-1", state="x", tags={"a": "b"})
    lab.harvest()
    tagged = next(each for each in lab.cloud.resources() if each.name == "tagged")
    tell(lab, first, tagged, second, body="{{ resource.tags.a }}", subject="{{ resources }}")
    lab.advance(hours=3)
    assert (post.subjects(), post.texts()) == (["1"], ["b"])
    outcomes = {run.resource_id: run for run in lab.runs(event_type="duetime.message")}
    assert len(lab.runs(event_type="duetime.message")) == 3
    assert outcomes[tagged.resource_id].status == "succeeded"
    for failed in (first, second):
        assert outcomes[failed.resource_id].status == "failed"
        assert "the body cannot be rendered" in str(outcomes[failed.resource_id].error)


def test_a_subject_that_fails_is_no_message(lab: Lab, post: Post) -> None:
    tell(lab, *machines(lab, 2), subject="{{ resource.nope }}")
    lab.advance(hours=3)
    assert not post.mails
    assert ["the subject cannot be rendered" in str(run.error) for run in lab.runs()] == [True, True]


def test_an_event_without_a_resource_says_what_it_can(lab: Lab, post: Post) -> None:
    args = {"to": ["ops"], "subject": "due {{ event.due_at }}", "body": "hello"}
    lab.client.schedule("duetime.message", lab.now, args=args)
    lab.client.schedule("duetime.message", lab.now, args={**args, "body": "{{ resource.name }}"})
    lab.settle()
    assert post.texts() == ["hello"]
    assert sorted(run.status for run in lab.runs()) == ["failed", "succeeded"]


def test_a_destination_that_is_down_is_tried_again_and_the_others_are_not(lab: Lab, post: Post, second: Post) -> None:
    second.refuses = 2
    tell(lab, *machines(lab, 3), to=["ops", "boss"])
    lab.settle()
    assert (len(post.mails), len(second.mails)) == (1, 0)
    assert {event.status for event in lab.events(event_type="duetime.message")} == {EventStatus.SCHEDULED}
    lab.advance(minutes=10)
    assert (len(post.mails), len(second.mails)) == (1, 1)
    assert second.subjects() == ["web-0 and 2 more"]
    assert [run.status for run in lab.runs(status="succeeded")] == ["succeeded"] * 3


def test_in_the_end_it_fails_and_says_what_was_sent(lab: Lab, post: Post, second: Post) -> None:
    second.refuses = 100
    tell(lab, *machines(lab, 2), to=["ops", "boss"])
    lab.advance(hours=2)
    runs = lab.runs(status="failed")
    assert len(runs) == 2
    assert second.refuses == 95
    assert "'boss' did not take the notice" in str(runs[0].error)
    assert "example.org" not in str(runs[0].error)  # what apprise said of it holds a part of the address
    assert len(post.mails) == 1


@pytest.mark.parametrize(
    ("name", "said"), [("opps", "Did you mean ops"), ("nobody", "There is no destination"), ("", "Did you mean")]
)
def test_unknown_destinations_are_refused_when_the_event_is_scheduled(lab: Lab, name: str, said: str) -> None:
    (machine,) = machines(lab, 1)
    with pytest.raises(UnknownDestination, match=said):
        tell(lab, machine, to=["ops", name])
    assert not lab.events(event_type="duetime.message")


def test_destinations_that_went_are_refused_when_it_runs(lab: Lab, post: Post) -> None:
    tell(lab, *machines(lab, 2), to=["ops", "boss"])
    lab.client.destinations = Destinations(lab.client.destinations.all[:1])  # type: ignore[union-attr]
    lab.advance(hours=2)
    assert not post.mails
    assert ["There is no destination 'boss'" in str(run.error) for run in lab.runs()] == [True, True]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (["hook"], "is a webhook"),
        ([], "at least one destination"),
        ([7], "at least one"),
        (["odd"], "none that apprise can read"),
    ],
)
def test_what_cannot_be_sent_fails_for_good(lab: Lab, to: list[Any], said: str) -> None:
    tell(lab, *machines(lab, 1), to=to)
    lab.advance(hours=2)
    (run,) = lab.runs(status="failed")
    assert said in str(run.error)


def test_without_the_extra_the_error_names_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def blocked(name: str, *more: Any, **named: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", blocked)
    tell(lab, *machines(lab, 1))
    lab.settle()
    (run,) = lab.runs(status="failed")
    assert "pip install 'duetime[notices]'" in str(run.error)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Return what the process's own log says; pytest's capture hears loggers that nobody else does."""
    heard = StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    root.setLevel(level)


def test_secrets_are_nowhere(lab: Lab, post: Post, log: StringIO) -> None:
    post.refuses = 100
    (machine,) = machines(lab, 1)
    tell(lab, machine)
    tell(lab, machine, to=["odd"])
    lab.advance(hours=2)
    assert lab.runs(status="failed")
    logging.getLogger("apprise.neighbour").debug("not heard")
    logging.getLogger("any").debug("heard")
    assert log.getvalue() == "heard\n"
    for run in lab.runs():
        assert PASSWORD not in repr(run)
    files = list(Path(str(lab.app.store.engine.url.database)).parent.iterdir())
    assert any("lab.db" in file.name for file in files)
    with sqlite3.connect(str(lab.app.store.engine.url.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint")
    connection.close()
    for file in files:
        assert PASSWORD.encode() not in file.read_bytes()


def test_a_digest_is_a_list_of_bounded_length() -> None:
    assert digest(["a\nb"]) == "a\nb"
    assert digest(["a\nb", "c"]) == "- a\n  b\n- c"
    long = digest(["x" * 32_000] * 50)
    assert len(long) == LONGEST_DIGEST
    assert long.endswith("... (cut)")
