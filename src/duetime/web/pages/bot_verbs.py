"""Running, pausing, resuming and archiving a bot: what each would do is said before, with numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.bots.pending import PendingEvents, PendingNumbers
from duetime.core.access import Feature, Role
from duetime.scheduling.situation import beating_workers
from duetime.web import bot_steering as steering
from duetime.web.bot_outlook import preview_archiving, preview_pausing, preview_resuming
from duetime.web.bot_reach import bot_to_change
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.bot_head import BotHead, BotName, bot_head
from duetime.web.pages.paths import bot_path, event_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
Reason = Annotated[PlainText, Form(max_length=1000)]
_EDITOR = [needs(Feature.BOTS, Role.EDITOR)]
_ADMIN = [needs(Feature.BOTS, Role.ADMIN)]
_CHOICE_WORDS = {
    PendingEvents.KEEP: "Keep them",
    PendingEvents.PAUSE: "Pause them with it",
    PendingEvents.RE_EVALUATE: "Look at them again",
    PendingEvents.CANCEL: "Cancel them",
}
_CHOICE_MEANINGS = {
    PendingEvents.KEEP: "They stand and run when they are due.",
    PendingEvents.PAUSE: "They wait, and are resumed together with the bot, as far as they are still wanted then.",
    PendingEvents.RE_EVALUATE: "Those that the bot, as it is then, no longer wants are cancelled; the others stand.",
    PendingEvents.CANCEL: "They are cancelled; those that run end first.",
}


@dataclass(frozen=True, slots=True)
class PendingChoice:
    """What may become of a bot's pending events.

    Attributes:
        effect: what that does to how many of them, such as `keep 12, cancel 3`.
    """

    value: str
    title: str
    meaning: str
    effect: str
    cancels: int

    @classmethod
    def of(cls, choice: PendingEvents, numbers: PendingNumbers) -> "PendingChoice":
        """Return a choice with the numbers that it comes to now."""
        return cls(choice.value, _CHOICE_WORDS[choice], _CHOICE_MEANINGS[choice], numbers.in_words(), numbers.cancelled)


@dataclass(frozen=True, slots=True)
class BotVerbPage(PageContext):
    """The question before something is done with a bot.

    Attributes:
        verb: the last part of the address.
        title: the verb as the button says it.
        sentences: what it does.
        choices: what may become of pending events; empty when there is nothing to choose.
        effect: what becomes of them then, in words; empty when nothing does.
        is_danger: whether it cannot be taken back.
        has_worker: whether a worker is alive.
    """

    template = "bot_verb.html"
    head: BotHead
    verb: str
    title: str
    sentences: Sequence[str]
    choices: tuple[PendingChoice, ...] = ()
    effect: str = ""
    is_danger: bool = False
    has_worker: bool = True


@router.get("/bots/{name:path}/run", dependencies=_EDITOR)
def ask_run(request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a bot is run."""
    bot_to_change(app, visitor, name)
    sentences = (
        "A worker finds its resources now and calls its actions, as its schedule would.",
        "To see before what that would schedule, keep, replace and cancel, make a plan.",
    )
    return render(request, BotVerbPage(_head(app, visitor, name), "run", "Run now", sentences, has_worker=_alive(app)))


@router.post("/bots/{name:path}/run", dependencies=_EDITOR)
def run(name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Run a bot now; its event's page shows what comes of it."""
    event = steering.run(app, visitor, name)
    sees_it = visitor.reach(Feature.EVENTS).is_everywhere  # the event belongs to no account
    return _done(event_path(event.event_id) if sees_it else bot_path(name), "bot-run")


@router.get("/bots/{name:path}/pause", dependencies=_EDITOR)
def ask_pause(request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a bot is paused, and what shall become of its pending events."""
    choices = (
        PendingChoice.of(choice, preview_pausing(app, visitor, name, pending=choice)) for choice in steering.ON_PAUSE
    )
    sentences = ("It does not run until somebody resumes it.",)
    return render(request, BotVerbPage(_head(app, visitor, name), "pause", "Pause", sentences, tuple(choices)))


@router.post("/bots/{name:path}/pause", dependencies=_EDITOR)
def pause(
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    pending: Annotated[PendingEvents, Form()] = PendingEvents.KEEP,
    reason: Reason = "",
) -> Response:
    """Pause a bot."""
    steering.pause(app, visitor, name, pending=pending, reason=reason)
    return _done(bot_path(name), "bot-paused")


@router.get("/bots/{name:path}/resume", dependencies=_EDITOR)
def ask_resume(request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a bot is resumed."""
    numbers = preview_resuming(app, visitor, name)
    sentences = (
        "It runs again by its schedule. Runs that were missed meanwhile follow their catch-up rule.",
        "Events that were paused with it run again, as far as they are still wanted; the others are cancelled.",
    )
    head = _head(app, visitor, name)
    return render(request, BotVerbPage(head, "resume", "Resume", sentences, effect=numbers.in_words()))


@router.post("/bots/{name:path}/resume", dependencies=_EDITOR)
def resume(name: BotName, app: CurrentApp, visitor: CurrentVisitor, reason: Reason = "") -> Response:
    """Let a bot run again."""
    steering.resume(app, visitor, name, reason=reason)
    return _done(bot_path(name), "bot-resumed")


@router.get("/bots/{name:path}/archive", dependencies=_ADMIN)
def ask_archive(request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a bot is archived."""
    numbers = preview_archiving(app, visitor, name)
    sentences = (
        "That is final: it never runs again, and its name stays taken.",
        "Its pending events are cancelled; those that run end first. Its history stays.",
    )
    head = _head(app, visitor, name)
    page = BotVerbPage(head, "archive", "Archive", sentences, effect=numbers.in_words(), is_danger=True)
    return render(request, page)


@router.post("/bots/{name:path}/archive", dependencies=_ADMIN)
def archive(name: BotName, app: CurrentApp, visitor: CurrentVisitor, reason: Reason = "") -> Response:
    """End a bot for good."""
    steering.archive(app, visitor, name, reason=reason)
    return _done(bot_path(name), "bot-archived")


def _head(app: App, visitor: Visitor, name: str) -> BotHead:
    with app.store.read() as tx:
        return bot_head(tx, visitor, name)


def _alive(app: App) -> bool:
    with app.store.read() as tx:
        return bool(beating_workers(tx))


def _done(path: str, message: str) -> Response:
    return RedirectResponse(with_query(path, done=message), status_code=303)
