"""The sandbox that templates are rendered in: plain values in, bounded text out, in bounded time and memory."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_TEXT = 32_768
"""Characters that a template may make, and that any text inside it may have."""
MOST_STEPS = 2_000
"""Turns of all loops, and calls, of one rendering."""
MOST_WORK = 2_000_000
"""Characters and items that all filters of one rendering may look at."""
_MOST_BITS = 256
_SIZED = (str, list, tuple, Mapping)

_TEXT_METHODS = frozenset({"upper", "lower", "title", "strip", "lstrip", "rstrip", "startswith", "endswith", "split"})
_MAPPING_METHODS = frozenset({"get", "keys", "values", "items"})
_LOOP_PARTS = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0"})
_PLAIN_FILTERS = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "sort",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
)
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Macro: "macros",
    nodes.CallBlock: "call blocks",
    nodes.Import: "imports",
    nodes.FromImport: "imports",
    nodes.Include: "includes",
    nodes.Extends: "extends",
    nodes.Block: "blocks",
    nodes.FilterBlock: "filter blocks",
}


class TemplateRanAway(TemplateError):
    """A template that would take more time or memory than any message needs."""


@dataclass(slots=True)
class _Spent:
    """What one rendering has used so far."""

    steps: int = 0
    work: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TemplateRanAway(f"it takes more than {MOST_STEPS} turns of loops and calls")

    def look_at(self, amount: int) -> None:
        self.work += amount
        if self.work > MOST_WORK:
            raise TemplateRanAway(f"its filters look at more than {MOST_WORK} characters")


_spent: ContextVar[_Spent | None] = ContextVar("duetime_template", default=None)


def _bounded(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise TemplateRanAway(f"it makes a text of more than {MOST_TEXT} characters")
    return text


def _text_of(value: Any) -> str:
    """Return a value as it is printed: plain ones as text, lists and mappings as JSON."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and says which name it was
    if isinstance(value, str):
        return _bounded(value)
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    return _as_json(value)


def _as_json(value: Any) -> str:
    parts = json.JSONEncoder(ensure_ascii=False, default=_plain, check_circular=False).iterencode(value)
    return "".join(_counted_text(parts))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, Undefined | LoopContext):
        return [item for item, _ in zip(value, range(MOST_TEXT), strict=False)]
    raise SecurityError(f"a {type(value).__name__} cannot be printed")


def _counted_text(parts: Iterable[str]) -> Iterator[str]:
    length = 0
    for part in parts:
        length += len(part)
        if length > MOST_TEXT:
            raise TemplateRanAway(f"it makes a text of more than {MOST_TEXT} characters")
        yield part


def _concat(parts: Iterable[str]) -> str:
    return "".join(_counted_text(parts))


def _joined(value: Iterable[Any], separator: str = "") -> str:
    def parts() -> Iterator[str]:
        for number, item in enumerate(value):
            if number:
                yield separator
            yield _text_of(item)

    return _concat(parts())


def _replaced(value: Any, old: str, new: str) -> str:
    text = _text_of(value)
    if len(text) + (text.count(old) * (len(new) - len(old))) > MOST_TEXT:
        raise TemplateRanAway(f"it makes a text of more than {MOST_TEXT} characters")
    return text.replace(old, new)


def _counted(values: Any) -> Iterator[Any]:
    """Count the turns of a loop; every `for` of a template goes through here."""
    spent = _spent.get()
    for value in values:
        if spent is not None:
            spent.step()
        yield value


def _charged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter count what it looks at."""

    def call(*args: Any, **named: Any) -> Any:
        spent = _spent.get()
        if spent is not None:
            spent.step()
            spent.look_at(sum(len(arg) for arg in (*args, *named.values()) if isinstance(arg, _SIZED)))
        found = function(*args, **named)
        return _bounded(found) if isinstance(found, str) else found

    for name, part in getattr(
        function, "__dict__", {}
    ).items():  # what jinja2 wrote on it: whether it wants the environment
        setattr(call, name, part)
    return call


class _Bounding(NodeTransformer):
    """Refuses what no message needs, and lets loops and joined texts be counted."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        refused = _REFUSED.get(type(node))
        if refused is not None:
            raise TemplateError(f"line {node.lineno}: {refused} cannot be used here")
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the visitor's own naming
        if node.recursive:
            raise TemplateError(f"line {node.lineno}: recursive loops cannot be used here")
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        parts = nodes.List(list(node.nodes), lineno=node.lineno)
        return nodes.Filter(parts, "_joined", [], [], None, None, lineno=node.lineno)

    def _only_constants(self, node: nodes.List | nodes.Tuple | nodes.Dict) -> nodes.Node:
        stores = isinstance(node, nodes.Tuple) and node.ctx == "store"
        if not stores and any(True for _ in node.find_all((nodes.Name, nodes.Call, nodes.Filter))):
            # Lists of lists of lists double with each line; comparing two such takes for ever.
            raise TemplateError(f"line {node.lineno}: a list or mapping written here may hold constants alone")
        self.generic_visit(node)
        return node

    visit_List = visit_Tuple = visit_Dict = _only_constants  # noqa: N815


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox without a loader, with few filters, and with a limit on everything."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    concat = staticmethod(_concat)

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, finalize=_text_of, autoescape=False, optimized=False, cache_size=0)
        own: dict[str, Callable[..., Any]] = {
            "join": _joined,
            "replace": _replaced,
            "string": _text_of,
            "tojson": _as_json,
        }
        self.filters = {name: _charged(cast(Callable[..., Any], FILTERS[name])) for name in _PLAIN_FILTERS}
        self.filters |= {name: _charged(function) for name, function in own.items()}
        self.filters |= {"_counted": _counted, "_joined": _joined}
        self.globals = {"range": _range}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        bounded: nodes.Template = _Bounding().visit(super()._parse(source, name, filename))
        return bounded

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        del value
        if isinstance(obj, str):
            return attr in _TEXT_METHODS
        if isinstance(obj, Mapping):
            return attr in _MAPPING_METHODS
        return isinstance(obj, LoopContext) and attr in _LOOP_PARTS

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)
        numbers = all(isinstance(side, int | float) for side in (left, right))
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        if not numbers or operator == "**":
            kinds = f"{type(left).__name__} and {type(right).__name__}"
            raise SecurityError(f"{operator} is not for {kinds} here; join texts with ~")
        if any(isinstance(side, int) and side.bit_length() > _MOST_BITS for side in (left, right)):
            raise TemplateRanAway("it counts with a number that is too large")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        spent = _spent.get()
        if spent is not None:
            spent.step()
            spent.look_at(sum(len(arg) for arg in args if isinstance(arg, _SIZED)))
            owner = getattr(obj, "__self__", None)
            spent.look_at(len(owner) if isinstance(owner, str) else 0)
        return super().call(context, obj, *args, **kwargs)


def _range(*args: int) -> range:
    asked = range(*args)
    if len(asked[: MOST_STEPS + 1]) > MOST_STEPS:
        raise TemplateRanAway(f"range gives more than {MOST_STEPS} numbers")
    return asked


@lru_cache(maxsize=256)
def _compiled(environment: BoundedEnvironment, source: str) -> Template:
    """Return a template ready to render: an action renders the same one for each of thousands of resources."""
    template: Template = environment.from_string(source)
    return template


def render_bounded(environment: BoundedEnvironment, source: str, names: Mapping[str, Any]) -> str:
    """Render a template.

    Raises:
        TemplateError: it cannot be read, names what is not there, reaches out, or runs away.
    """
    token = _spent.set(_Spent())
    try:
        return _concat(_compiled(environment, source).generate(names))
    finally:
        _spent.reset(token)
