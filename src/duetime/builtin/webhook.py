"""The event type that tells programs: one signed HTTP POST for each event."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from duetime.bots.templates import TemplateFailed
from duetime.builtin.event_ids import WEBHOOK
from duetime.builtin.http_post import NoAnswer, Reply, post
from duetime.builtin.message_names import Member, failed_template, members_of
from duetime.core.destinations import Destinations, WebhookDestination
from duetime.core.errors import Invalid, UnknownName
from duetime.core.outcomes import Failed, JobOutcome, Snoozed, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.arguments import DESTINATION
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client

WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
"""How long the server may let us wait, and for how long when it does not say."""
LONGEST_BODY = 256 * 1024
LONGEST_ANSWER = 500

events = ScheduledEventRegistryWrapper()


@events.register(WEBHOOK)
class Webhook(ScheduledEventJob):
    """Sends a program a JSON document over HTTP.

    Args:
        to: the name of a destination.
        body: a template of JSON text, or an object or list whose texts are templates; by default everything that
            templates see.
    """

    retry = Retry(attempts=5, first=timedelta(seconds=30), longest=timedelta(minutes=10))
    timeout = timedelta(minutes=2)
    on_lost = OnLost.RETRY

    def __init__(self, *, to: Annotated[str, DESTINATION], body: Any = None, **own: Any) -> None:
        super().__init__(**own)
        self.to = to
        self.body = body

    def run(self) -> JobOutcome:
        """Render, sign and send."""
        client = current_client(WEBHOOK)
        destinations = client.destinations or Destinations()
        try:
            target = destinations.webhook(self.to)
            (member,) = members_of(self.context)
            body = _body(member, self.body)
        except TemplateFailed as error:
            return failed_template("body", error)
        except (UnknownName, Invalid) as error:
            return Failed(str(error), retry=False)
        try:
            reply = send(target, body, key=self.idempotency_key, now=client.now())
        except Invalid as error:
            return Failed(destinations.redact(f"{self.to}: {error}"), retry=False)
        except NoAnswer as error:
            return Failed(destinations.redact(f"{self.to}: {error}"))
        return outcome_of(target, reply, now=client.now())


def send(target: WebhookDestination, body: bytes, *, key: str, now: datetime) -> Reply:
    """Send a document to a destination, signed when it has a secret.

    Raises:
        Invalid: the address is refused, or TLS cannot be verified.
        NoAnswer: it cannot be reached, or is too slow.
    """
    stamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "duetime",
        "Idempotency-Key": key,
        "X-Duetime-Timestamp": stamp,
    }
    if target.secret is not None:
        headers["X-Duetime-Signature"] = f"sha256={signature(target.secret.reveal(), stamp, body)}"
    return post(target.url.reveal(), body=body, headers=headers, allow_private=target.allow_private)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of the time stamp, a dot and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def outcome_of(target: WebhookDestination, reply: Reply, *, now: datetime) -> JobOutcome:
    """Return what an answer comes to."""
    said = Destinations((target,)).redact(reply.body.decode("utf-8", "replace"))[:LONGEST_ANSWER]
    data = {"to": target.name, "status": reply.status, "answer": said}
    match reply.status:
        case status if 200 <= status < 300:
            return Succeeded(data)
        case 429:
            return Snoozed(now + _asked_wait(reply, now=now), f"{target.name} answered 429: too many requests")
        case status if 300 <= status < 400:
            problem = "redirects are not followed; give the destination the address that it leads to"
            return Failed(f"{target.name} answered {status}: {problem}", data, retry=False)
        case status:
            return Failed(f"{target.name} answered {status}", data, retry=status >= 500)


def _asked_wait(reply: Reply, *, now: datetime) -> timedelta:
    asked = reply.headers.get("retry-after", "").strip()
    try:
        if asked.isascii() and asked.isdecimal():
            wait = timedelta(seconds=int(asked))
        else:
            until = parsedate_to_datetime(asked)
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError):
        return WAIT
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


def _body(member: Member, wanted: Any) -> bytes:
    """Return the document to send.

    Raises:
        TemplateFailed: a template in it cannot be rendered.
        Invalid: it is no JSON, or too large.
    """
    if wanted is None:
        document: Any = dict(member.names)
    elif isinstance(wanted, str):
        try:
            document = json.loads(member.render(wanted))
        except (ValueError, RecursionError) as error:
            message = f"The body is rendered to what is no JSON: {error}. Write values as {{{{ value | tojson }}}}."
            raise Invalid(message) from None
    else:
        document = _rendered(member, wanted)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(body) > LONGEST_BODY:
        message = f"The body takes {len(body)} bytes and at most {LONGEST_BODY} are allowed."
        raise Invalid(message)
    return body


def _rendered(member: Member, value: Any) -> Any:
    if isinstance(value, str):
        return member.render(value)
    if isinstance(value, Mapping):
        return {name: _rendered(member, inner) for name, inner in value.items()}
    return [_rendered(member, inner) for inner in value] if isinstance(value, list) else value


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
