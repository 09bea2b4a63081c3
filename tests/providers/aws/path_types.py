"""What a JMESPath leads to in an answer of AWS, by the SDK's own models, and whether every name in it exists.

A type is a shape of the SDK, a dict of types by key (`*`: any other key), a list of one type, or ANY.
"""

from collections.abc import Mapping
from typing import Any

import jmespath
from botocore.model import Shape

ANY = object()
TEXT = "a-sample-that-is-long-enough-for-any-arn"


class WrongPath(Exception):
    """A path names something that the models do not have."""


def type_at(start: Any, path: str) -> Any:
    """Return what a path leads to.

    Raises:
        WrongPath: nowhere.
    """
    if not path:
        return start
    try:
        return _walk(jmespath.compile(path).parsed, start, start)
    except WrongPath as error:
        raise WrongPath(f"{path}: {error}") from None


def sample(kind: Any) -> Any:
    """Return a value of a type, with everything in it that may be there."""
    if kind is ANY:
        return TEXT
    if isinstance(kind, Mapping):
        return {key: sample(inner) for key, inner in kind.items()}
    if isinstance(kind, list):
        return [sample(kind[0])]
    return _sample(kind, ())


def _sample(shape: Shape, seen: tuple[str, ...]) -> Any:
    if shape.name in seen:
        return None
    match shape.type_name:
        case "structure":
            inside = (*seen, shape.name)
            members = {key: _sample(inner, inside) for key, inner in shape.members.items()}
            return {key: value for key, value in members.items() if value is not None}
        case "list":
            return [_sample(shape.member, seen)]
        case "map":
            return {"key": _sample(shape.value, seen)}
        case "boolean":
            return True
        case "integer" | "long":
            return max(1, shape.metadata.get("min", 1))
        case "float" | "double":
            return 1.0
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case "blob":
            return b"x"
        case _:
            return shape.enum[0] if shape.enum else "{}" if "olicy" in shape.name else TEXT


def _member(kind: Any, name: str) -> Any:
    if kind is ANY:
        return ANY
    if isinstance(kind, Mapping):
        if name not in kind and "*" in kind:
            return kind["*"]
        if name not in kind:
            raise WrongPath(f"there is no {name!r}, but {sorted(kind)}")
        return kind[name]
    if isinstance(kind, Shape) and kind.type_name == "structure":
        if name not in kind.members:
            raise WrongPath(f"{kind.name} has no {name!r}")
        return kind.members[name]
    if isinstance(kind, Shape) and kind.type_name == "map":
        known = kind.key.enum
        if known and name not in known:
            raise WrongPath(f"{kind.name} has no {name!r}")
        return kind.value
    raise WrongPath(f"{name!r} is looked for in what has no parts")


def _element(kind: Any) -> Any:
    if kind is ANY:
        return ANY
    if isinstance(kind, list):
        return kind[0]
    if isinstance(kind, Shape) and kind.type_name == "list":
        return kind.member
    raise WrongPath("it is taken for a list and is none")


def _is_list(kind: Any) -> bool:
    return isinstance(kind, list) or (isinstance(kind, Shape) and kind.type_name == "list")


def _walk(node: Mapping[str, Any], kind: Any, start: Any) -> Any:  # noqa: C901 - one case for each part of the language
    children = node["children"]
    match node["type"]:
        case "field":
            return _member(kind, node["value"])
        case "subexpression" | "pipe" | "index_expression":
            for child in children:
                kind = _walk(child, kind, start)
            return kind
        case "index":
            return _element(kind)
        case "identity" | "current":
            return kind
        case "literal":
            return ANY
        case "flatten":
            inner = _walk(children[0], kind, start)
            element = _element(inner)
            return [_element(element)] if _is_list(element) else [element]
        case "projection":
            return [_walk(children[1], _element(_walk(children[0], kind, start)), start)]
        case "filter_projection":
            element = _element(_walk(children[0], kind, start))
            _walk(children[2], element, start)
            return [_walk(children[1], element, start)]
        case "multi_select_dict":
            return {child["value"]: _walk(child["children"][0], kind, start) for child in children}
        case "multi_select_list":
            return [next(_walk(child, kind, start) for child in children)]
        case "or_expression" | "and_expression":
            return [_walk(child, kind, start) for child in children][-1]
        case "not_expression" | "comparator":
            for child in children:
                _walk(child, kind, start)
            return {}  # yes or no, which has no parts: `!a.b` is `(!a).b`
        case "function_expression":
            given = [_walk(child, kind, start) for child in children]
            if node["value"] == "merge":
                return {key: inner for part in given for key, inner in _members(part).items()}
            return ANY
        case other:
            message = f"this check does not know {other!r}; teach it"
            raise WrongPath(message)


def _members(kind: Any) -> Mapping[str, Any]:
    members: Mapping[str, Any] = kind.members if isinstance(kind, Shape) else kind
    return members
