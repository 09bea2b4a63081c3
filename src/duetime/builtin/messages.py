"""The event type that tells people: one text for each destination, however many events it speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from duetime.bots.templates import TemplateFailed
from duetime.builtin.apprise_sender import NoticeNotSent, send_notice
from duetime.builtin.event_ids import MESSAGE
from duetime.builtin.message_names import Member, failed_template, members_of
from duetime.core.destinations import Destinations, NoticeDestination
from duetime.core.errors import Invalid, UnknownName
from duetime.core.outcomes import Failed, JobOutcome, Snoozed, Succeeded
from duetime.core.statuses import OnLost
from duetime.jobs.arguments import DESTINATION
from duetime.jobs.base import MultiResourceScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client

MOST_TRIES = 5
FIRST_WAIT = timedelta(minutes=1)
LONGEST_DIGEST = 60_000
_CUT = "\n... (cut)"

events = ScheduledEventRegistryWrapper()


@dataclass(slots=True)
class _Letter:
    """One event's part of what is sent.

    Attributes:
        text: its rendered body.
        sent: the destinations that have had it, this attempt's and earlier ones'.
        tries: how many attempts a destination did not take it in.
        problems: why, of this attempt.
    """

    member: Member
    text: str
    sent: list[str]
    tries: int
    problems: list[str] = field(default_factory=list)
    for_good: bool = False

    def note(self) -> dict[str, Any]:
        return {"sent": list(self.sent), "tries": self.tries}


@events.register(MESSAGE)
class Message(MultiResourceScheduledEventJob):
    """Sends people a message, by mail, chat or pager; events that are due together become one.

    What has gone out is written down after each destination, so that a later attempt does not send it again. A
    destination that takes nothing is tried again after 1, 2, 4 and 8 minutes. The events wait together for that: were
    they failures, each would be tried again alone, and a digest of fifty would become fifty messages.

    Args:
        to: names of destinations.
        subject: a template; in a digest it sees the first resource, and in `resources` how many there are.
        body: a template, rendered for each resource.
    """

    max_group = 50
    timeout = timedelta(minutes=5)
    on_lost = OnLost.RETRY

    def __init__(self, *, to: Annotated[list[str], DESTINATION], subject: str, body: str, **own: Any) -> None:
        super().__init__(**own)
        self.to = to
        self.subject = subject
        self.body = body

    def run(self) -> JobOutcome | None:
        """Render for each event, then send one text to each destination."""
        if not self.to or not all(isinstance(name, str) for name in self.to):
            return Failed("to must name at least one destination, as texts", retry=False)
        destinations = current_client(MESSAGE).destinations or Destinations()
        try:
            targets = [destinations.notice(name) for name in dict.fromkeys(self.to)]
        except (UnknownName, Invalid) as error:
            return Failed(str(error), retry=False)
        members = members_of(self.context)
        outcomes: dict[int, JobOutcome] = {}
        letters = self._letters(members, outcomes)
        for target in targets:
            self._send(target, [letter for letter in letters if target.name not in letter.sent])
        missed = [letter for letter in letters if letter.problems and not letter.for_good]
        for letter in missed:
            letter.tries += 1
        self._write(missed)
        outcomes |= {letter.member.event_id: self._outcome(letter, of=len(letters)) for letter in letters}
        for member in members:
            if member.resource is None:  # an event without a resource is served alone
                return outcomes[member.event_id]
        for member, resource_id in zip(members, self.context.resource_ids, strict=True):
            self.report(resource_id, outcomes[member.event_id])
        return None

    def _letters(self, members: Sequence[Member], outcomes: dict[int, JobOutcome]) -> list[_Letter]:
        """Return what each event has to say; those whose template fails say nothing, and fail alone."""
        notes: Mapping[int, Mapping[str, Any]] = self.context.notebook.read([member.event_id for member in members])
        letters = []
        for member in members:
            note = notes.get(member.event_id, {})
            try:
                text = member.render(self.body)
            except TemplateFailed as error:
                outcomes[member.event_id] = failed_template("body", error)
            else:
                letters.append(_Letter(member, text, list(note.get("sent", ())), int(note.get("tries", 0))))
        return letters

    def _send(self, target: NoticeDestination, letters: Sequence[_Letter]) -> None:
        """Send one text for all of these events, and write down that it went out."""
        if not letters:
            return
        try:
            subject = letters[0].member.render(self.subject, resources=len(letters))
            send_notice(target, subject=subject, body=digest([letter.text for letter in letters]))
        except (NoticeNotSent, Invalid) as error:
            said = (
                f"the subject cannot be rendered: {error.problem}" if isinstance(error, TemplateFailed) else str(error)
            )
            for letter in letters:
                letter.problems.append(said)
                letter.for_good = letter.for_good or isinstance(error, Invalid)
            return
        for letter in letters:
            letter.sent.append(target.name)
        self._write(letters)

    def _write(self, letters: Sequence[_Letter]) -> None:
        if letters:
            self.context.notebook.write({letter.member.event_id: letter.note() for letter in letters})

    def _outcome(self, letter: _Letter, *, of: int) -> JobOutcome:
        data = {"sent_to": letter.sent, "resources": of}
        if not letter.problems:
            return Succeeded(data)
        said = " ".join(letter.problems)
        if letter.for_good or letter.tries >= MOST_TRIES:
            return Failed(said, data, retry=False)
        wait = FIRST_WAIT * 2 ** (letter.tries - 1)
        return Snoozed(current_client(MESSAGE).now() + wait, f"try {letter.tries} of {MOST_TRIES}: {said}")


def digest(texts: Sequence[str]) -> str:
    """Return several texts as a list, and one as it is; of a bounded length."""
    whole = texts[0] if len(texts) == 1 else "\n".join("- " + text.strip().replace("\n", "\n  ") for text in texts)
    return whole if len(whole) <= LONGEST_DIGEST else whole[: LONGEST_DIGEST - len(_CUT)] + _CUT


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
