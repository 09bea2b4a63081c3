"""Bots as a visitor writes them, read and checked."""

from dataclasses import dataclass

from duetime.app.app import App
from duetime.app.bot_examination import check, known_places, known_places_within, warnings_about
from duetime.bots.definition import WrittenBot
from duetime.bots.document import examine_text
from duetime.core.access import Feature
from duetime.core.errors import InvalidDocument
from duetime.web.errors import InvalidBots
from duetime.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class CheckedBots:
    """The bots of a text, and what is to be said about them.

    Attributes:
        bots: as far as they could be read.
        problems: what keeps them from being applied, in the order of the text.
        warnings: what their scopes name and nothing knows.
        remarks: what was read as something else, or left behind.
    """

    bots: tuple[WrittenBot, ...]
    problems: tuple[InvalidDocument, ...]
    warnings: tuple[InvalidDocument, ...]
    remarks: tuple[str, ...]

    def flawless(self) -> tuple[WrittenBot, ...]:
        """Return the bots.

        Raises:
            InvalidBots: something is wrong; all of it is named.
        """
        if self.problems:
            raise InvalidBots(self.problems)
        return self.bots


def check_bots(app: App, visitor: Visitor, text: str, *, source: str, allow_unknown: bool = False) -> CheckedBots:
    """Read the bots of a YAML or JSON text, and say everything that is wrong with them; nothing is changed.

    Args:
        app: knows what is loaded.
        visitor: only what they may know is named in hints.
        text: the text; the older bot JSON is taken too.
        source: what complaints call it.
        allow_unknown: let filters, actions and event types pass that nobody has loaded.
    """
    examined = examine_text(text, source=source, older=True)
    check(app, [examined], allow_unknown=allow_unknown)
    reach = visitor.reach(Feature.BOTS)
    known = known_places(app) if reach.accounts is None else known_places_within(app, reach.accounts)
    return CheckedBots(
        bots=examined.bots,
        problems=examined.complaints.in_order(),
        warnings=tuple(warnings_about([examined], known)),
        remarks=examined.remarks,
    )
