"""What stands at the head of every page of a bot: how it stands, where its other pages are, and what may be done."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path as PathParameter

from duetime.bots.definition import LONGEST_NAME
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot, BotStatus
from duetime.store.store import Transaction
from duetime.web.pages.paths import bot_path
from duetime.web.parameters import PlainText
from duetime.web.reach import bot_for, reaches_bot
from duetime.web.visitor import Visitor

BotName = Annotated[PlainText, PathParameter(max_length=LONGEST_NAME)]
"""A bot's name in an address."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page of a bot, or of a verb on it."""

    title: str
    path: str
    is_current: bool = False
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class BotHead:
    """The head of a bot's pages.

    Attributes:
        tabs: its pages, as far as the visitor may open them.
        verbs: what the visitor may have done with it as it stands.
    """

    bot: Bot
    path: str
    may_edit: bool
    tabs: tuple[Link, ...]
    verbs: tuple[Link, ...]


def bot_head(tx: Transaction, visitor: Visitor, name: str, *, tab: str = "") -> BotHead:
    """Return the head of a bot's page.

    Args:
        tx: where.
        visitor: who looks.
        name: the bot's name.
        tab: the last part of the page's address; empty for the first page.

    Raises:
        UnknownName: there is no such bot that the visitor reaches.
    """
    bot = bot_for(tx, visitor, name)
    may_edit = reaches_bot(visitor.reach(Feature.BOTS, Role.EDITOR), bot)
    may_archive = reaches_bot(visitor.reach(Feature.BOTS, Role.ADMIN), bot)
    return BotHead(
        bot=bot,
        path=bot_path(name),
        may_edit=may_edit and bot.status is not BotStatus.ARCHIVED,
        tabs=tuple(
            Link(title, bot_path(name, part) if part else bot_path(name), is_current=part == tab)
            for title, part in _tabs(visitor, bot)
        ),
        verbs=tuple(
            Link(title, bot_path(name, part), is_danger=part == "archive")
            for title, part in _verbs(bot.status, may_edit=may_edit, may_archive=may_archive)
        ),
    )


def _tabs(visitor: Visitor, bot: Bot) -> list[tuple[str, str]]:
    tabs = [("Definition", "")]
    if visitor.may(Feature.EVENTS):
        tabs.append(("Scheduled events", "events"))
    if visitor.may(Feature.HISTORY):
        tabs.append(("History", "history"))
    tabs += [("Versions", "versions"), ("Changes", "changes")]
    if bot.status is not BotStatus.ARCHIVED:
        tabs.append(("Plan", "plan"))
    return tabs


def _verbs(status: BotStatus, *, may_edit: bool, may_archive: bool) -> list[tuple[str, str]]:
    if status is BotStatus.ARCHIVED:
        return []
    verbs: list[tuple[str, str]] = []
    if may_edit and status is BotStatus.RUNNING:
        verbs += [("Run now", "run"), ("Pause", "pause")]
    elif may_edit:
        verbs.append(("Resume", "resume"))
    if may_edit:
        verbs.append(("Edit", "edit"))
    if may_archive:
        verbs.append(("Archive", "archive"))
    return verbs
