"""Sending one text to one destination of people, through apprise. Nothing that apprise says leaves unredacted."""

import logging
from types import ModuleType

from duetime.core.destinations import Destinations, NoticeDestination
from duetime.core.errors import Invalid, Unavailable
from duetime.core.sanitising import clean_text

LONGEST_SUBJECT = 250
LONGEST_REASON = 300
_SECONDS = 45.0


class NoticesMissing(Invalid):
    """The libraries that send notices are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Notices to people need a library that is not installed. Run `pip install 'duetime[notices]'` where the "
            "worker runs."
        )


class BadNoticeAddress(Invalid):
    """An address that apprise cannot read."""

    def __init__(self, destination: str) -> None:
        super().__init__(
            f"An address of destination {destination!r} is none that apprise can read. Correct it in the settings; "
            "`duetime destinations test` tries it."
        )


class NoticeNotSent(Unavailable):
    """A destination that did not take a notice; some of its addresses may have."""

    def __init__(self, destination: str, problem: str) -> None:
        self.problem = problem
        super().__init__(f"Destination {destination!r} did not take the notice: {problem}.")


def send_notice(destination: NoticeDestination, *, subject: str, body: str) -> int:
    """Send one text to each address of a destination; return to how many it went.

    Raises:
        NoticesMissing: the extra `notices` is not installed.
        BadNoticeAddress: an address cannot be read; nothing was sent.
        NoticeNotSent: one of them did not take it.
    """
    apprise = _apprise()
    asset = apprise.AppriseAsset(secure_logging=True, allow_templates=False)
    sender = apprise.Apprise(asset=asset)
    for url in destination.urls:
        if not sender.add(url.reveal()):
            raise BadNoticeAddress(destination.name)
    result = sender.notify(
        body=clean_text(body),
        title=clean_text(" ".join(subject.split()))[:LONGEST_SUBJECT],
        body_format=apprise.NotifyFormat.TEXT,
        interpret_escapes=False,
        timeout=_SECONDS,
    )
    if not result:
        said = "; ".join(str(entry.message) for entry in result.logs()) or f"it answered {result.status.name.lower()}"
        safe = " ".join(Destinations((destination,)).redact(said).split())[:LONGEST_REASON]
        raise NoticeNotSent(destination.name, safe.rstrip("."))
    return len(destination.urls)


def _apprise() -> ModuleType:
    # What apprise logs may hold addresses, and so may its HTTP library's lines for debugging. What we say of a failure
    # is in its result.
    quiet = logging.getLogger("apprise")
    quiet.propagate = False
    if not quiet.handlers:
        quiet.addHandler(logging.NullHandler())
    http = logging.getLogger("urllib3")
    if http.level < logging.INFO:
        http.setLevel(logging.INFO)
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise NoticesMissing from None
    module: ModuleType = apprise
    return module
