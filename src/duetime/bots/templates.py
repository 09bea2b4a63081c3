"""Templates of messages, descriptions and tag values: what they see, what is wrong with one, and what it says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from jinja2 import TemplateError, TemplateSyntaxError, meta

from duetime.bots.template_environment import BoundedEnvironment, render_bounded
from duetime.core.errors import Invalid, InvalidSetting, nearest
from duetime.core.fields import Jinja2TextField
from duetime.core.resources import Resource

LONGEST_TEMPLATE = 8_000
NAMES = ("resource", "event", "bot", "account", "resources")
"""What templates may name."""


class BotView(Protocol):
    """What a template may see of a bot."""

    @property
    def bot_id(self) -> int: ...
    @property
    def name(self) -> str: ...


class TemplateFailed(Invalid):
    """A template that cannot be rendered for one resource."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"The template cannot be rendered: {problem}.")


@dataclass(frozen=True)
class TemplateField(Jinja2TextField):
    """A Jinja2 template that is rendered in duetime's sandbox; its form is checked with the bot."""

    def validate(self, value: Any) -> str:
        text = super().validate(value)
        problem = template_problem(text)
        if problem is not None:
            raise self.refuse(problem)
        return text


@lru_cache(maxsize=256)
def template_problem(text: str) -> str | None:
    """Return what is wrong with a template as far as it can be seen without rendering it, or None."""
    if len(text) > LONGEST_TEMPLATE:
        return f"a template has at most {LONGEST_TEMPLATE} characters, not {len(text)}"
    try:
        tree = _environment().parse(text)
        _environment().compile(tree)
    except TemplateSyntaxError as error:
        return f"the template has a fault in line {error.lineno}: {error.message}"
    except TemplateError as error:
        return f"the template is refused: {error.message}"
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        return f"the template cannot be compiled ({type(error).__name__}): make it simpler"
    for name in sorted(meta.find_undeclared_variables(tree) - {*NAMES, "range"}):
        near = nearest(name, NAMES, most=1)
        hint = f"did you mean {near[0]}" if near else f"there are {', '.join(NAMES)}"
        return f"the template names {name!r}, which there is not; {hint}"
    return None


def as_template(text: str) -> str:
    """Return the template that says just this text: what people write into a tag is no template of theirs."""
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}"


def render(text: str, names: Mapping[str, Any]) -> str:
    """Return what a template says.

    Args:
        text: the template.
        names: plain values, such as `template_names` gives.

    Raises:
        TemplateFailed: it is no template, names something that is not there, or runs away.
    """
    problem = template_problem(text)
    if problem is not None:
        raise TemplateFailed(problem)
    try:
        return render_bounded(_environment(), text, names)
    except TemplateError as error:
        raise TemplateFailed(str(error.message or error).rstrip(".")) from None
    except Exception as error:  # noqa: BLE001 - whatever a template's expressions raise is the template's fault
        raise TemplateFailed(f"{type(error).__name__}: {error}"[:300]) from None


def template_names(
    resource: Resource,
    *,
    hookpoint: str = "",
    bot: BotView | None = None,
    bot_name: str = "",
    due_at: datetime | None = None,
    badges: Mapping[str, str] | None = None,
    account_name: str = "",
    resources: int = 1,
) -> dict[str, Any]:
    """Return plain copies of what a template may see. Instants are text, in UTC.

    `event.resource` is `resource` once more, as templates of existing plugins write it. `resources` is for how many
    resources the text speaks, which is more than one in the subject of a digest.
    """
    shown = resource_view(resource)
    name = bot_name if bot is None else bot.name
    return {
        "resource": shown,
        "event": {
            "hookpoint": hookpoint,
            "resource": shown,
            "bot_id": None if bot is None else bot.bot_id,
            "bot_name": name,
            "due_at": _instant(due_at),
        },
        "bot": {"name": name},
        "account": {"id": resource.account, "name": account_name or resource.account, "badges": dict(badges or {})},
        "resources": resources,
    }


def resource_view(resource: Resource) -> dict[str, Any]:
    """Return what templates and messages show of a resource: plain values alone, and not the cloud's raw data."""
    return {
        "id": resource.resource_id,
        "resource_id": resource.resource_id,
        "name": resource.name,
        "type": resource.resource_type,
        "resource_type": resource.resource_type,
        "account": resource.account,
        "region": resource.region,
        "region_name": resource.region,
        "provider_id": resource.provider_id,
        "instance_id": resource.provider_id,
        "state": resource.state,
        "tags": dict(resource.tags),
        "public": resource.public,
        "size": resource.size,
        "created_at": _instant(resource.created_at),
        "last_used_at": _instant(resource.last_used_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(" ", "minutes").replace("+00:00", " UTC")


@cache
def _environment() -> BoundedEnvironment:
    return BoundedEnvironment()


def check_templates(settings: Mapping[str, Any], *, names: tuple[str, ...]) -> None:
    """Refuse settings of which one named is a faulty template.

    Raises:
        InvalidSetting: with the name of the setting.
    """
    for name in names:
        if isinstance(settings.get(name), str) and (problem := template_problem(settings[name])) is not None:
            raise InvalidSetting(name, problem)
