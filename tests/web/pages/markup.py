"""What a browser makes of a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass
class Form:
    """A form: where it goes, and what it holds when nobody touches it."""

    action: str
    method: str
    fields: list[str] = field(default_factory=list)


class Markup(HTMLParser):
    """Reads a page.

    Attributes:
        elements: every element's name and attributes.
        text: all text, without that of scripts.
        forms: every form.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, Attributes]] = []
        self.forms: list[Form] = []
        self._said: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._said).split())

    @property
    def links(self) -> set[str]:
        """Where the page leads."""
        return {str(attributes["href"]) for name, attributes in self.elements if name == "a" and "href" in attributes}

    @property
    def raw(self) -> str:
        """All text as it is written, line by line."""
        return "".join(self._said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag != "wbr":  # which may break a word, and says nothing
            self._said.append(" ")
        self.elements.append((tag, attributes))
        if tag == "form":
            self.forms.append(Form(attributes.get("action") or "", attributes.get("method") or "get"))
        if self.forms and attributes.get("name") is not None and tag in {"input", "select", "textarea", "button"}:
            self.forms[-1].fields.append(str(attributes["name"]))

    def handle_data(self, data: str) -> None:
        self._said.append(data)
