"""Where messages go: destinations by name, and the secrets in their addresses, which nothing ever shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import unquote, urlsplit

from duetime.core.errors import Invalid, UnknownName, nearest
from duetime.core.sanitising import REDACTED

SHORTEST_PART = 5
"""Parts of an address that are shorter are not looked for in texts: they are found in ordinary words."""


class Secret:
    """A text that no `repr`, `str` or format shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class NoticeDestination:
    """Where people read messages: mail, chat, a pager.

    Attributes:
        urls: where to, as apprise writes it; a message goes to all of them.
    """

    name: str
    urls: tuple[Secret, ...]

    @property
    def kind(self) -> str:
        return "notices"

    @property
    def shown(self) -> str:
        """What may be said of it: by which services."""
        return ", ".join(url.reveal().partition(":")[0] for url in self.urls)

    def secrets(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(_parts(url.reveal()) for url in self.urls))


@dataclass(frozen=True, slots=True)
class WebhookDestination:
    """Where programs are told.

    Attributes:
        url: an address of HTTPS, or of HTTP with `allow_private`.
        secret: what requests are signed with; None = they are not.
        allow_private: whether the address may be one of this machine, or of a private network.
    """

    name: str
    url: Secret
    secret: Secret | None = None
    allow_private: bool = False

    @property
    def kind(self) -> str:
        return "webhook"

    @property
    def shown(self) -> str:
        """What may be said of it: scheme and host."""
        parts = urlsplit(self.url.reveal())
        return f"{parts.scheme}://{parts.hostname}"

    def secrets(self) -> tuple[str, ...]:
        url = self.url.reveal()
        host = urlsplit(url).hostname or ""  # an error that names it helps, and it is shown in lists
        own = () if self.secret is None else (self.secret.reveal(),)
        return (*own, *(part for part in _parts(url) if part.lower() not in host))


Destination = NoticeDestination | WebhookDestination


def _parts(url: str) -> Iterable[str]:
    """Return an address and what stands in it between its signs, as it is written and as it is meant."""
    body = url.partition("://")[2]
    for sign in "/@:?&=#,;":
        body = body.replace(sign, " ")
    words = {word for word in body.split() if len(word) >= SHORTEST_PART}
    return (url, *words, *(unquote(word) for word in words))


@dataclass(frozen=True, slots=True)
class Destinations:
    """Those that the settings name."""

    all: tuple[Destination, ...] = ()

    @property
    def by_name(self) -> Mapping[str, Destination]:
        return {each.name: each for each in self.all}

    def get(self, name: str) -> Destination:
        """Return a destination.

        Raises:
            UnknownDestination: the settings name no such one.
        """
        known = self.by_name
        found = known.get(name)
        if found is None:
            raise UnknownDestination(name, near=nearest(name, known) or tuple(sorted(known))[:3])
        return found

    def notice(self, name: str) -> NoticeDestination:
        """Return a destination of people.

        Raises:
            UnknownDestination: the settings name no such one.
            Invalid: it is one of programs.
        """
        found = self.get(name)
        if isinstance(found, NoticeDestination):
            return found
        message = f"Destination {name!r} is a webhook; events of type duetime.webhook write to it."
        raise Invalid(message)

    def webhook(self, name: str) -> WebhookDestination:
        """Return a destination of programs.

        Raises:
            UnknownDestination: the settings name no such one.
            Invalid: it is one of people.
        """
        found = self.get(name)
        if isinstance(found, WebhookDestination):
            return found
        message = f"Destination {name!r} is for notices to people; events of type duetime.message write to it."
        raise Invalid(message)

    def redact(self, text: str) -> str:
        """Return a text without anything secret that a destination holds."""
        held = {secret for each in self.all for secret in each.secrets()}
        for secret in sorted(held, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text


class UnknownDestination(UnknownName):
    """A destination that the settings of this process do not name."""

    def __init__(self, name: str, *, near: tuple[str, ...] = ()) -> None:
        super().__init__("destination", name, near=near)
