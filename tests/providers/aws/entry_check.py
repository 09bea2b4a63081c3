"""Holds an entry of the catalogue against the SDK's models: every call, parameter, page, path and error code."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator
from tests.providers.aws.path_types import ANY, TEXT, WrongPath, sample, type_at

from duetime.providers.aws.call_values import argument_values
from duetime.providers.aws.entry import Action, At, Call, ForEach, Listing, ResourceKind
from duetime.providers.aws.mapping import UNREADABLE
from duetime.providers.aws.paths import filled, value_at

_SESSION = botocore.session.Session()
UNMODELLED = {
    # Answered by AWS, and not in the models: what EC2 answers never is; the rest, seen in its documentation.
    "autoscaling": {"ValidationError"},
    "dynamodb": {"ValidationException"},
    "elbv2": {"ResourceInUse"},
    "rds": {"InvalidParameterCombination", "OperationNotPermitted"},
    "s3": {"NoSuchBucket", "MalformedPolicy", "InvalidTag", "OperationAborted", "NoSuchTagSet", "NoSuchBucketPolicy"}
    | {"NoSuchPublicAccessBlockConfiguration"},
    "sagemaker": {"ValidationException"},
    "sqs": {"AWS.SimpleQueueService.NonExistentQueue"},
}


def problems(kind: ResourceKind) -> list[str]:
    """Return everything that is wrong with an entry."""
    if kind.service not in _SESSION.get_available_services():
        return [f"there is no service {kind.service}"]
    return [problem for check in (_calls, _paths, _actions, _errors) for problem in check(kind)]


@cache
def _service(name: str) -> ServiceModel:
    return _SESSION.get_service_model(name)


@cache
def _methods(service: str) -> Mapping[str, str]:
    return {xform_name(name): name for name in _service(service).operation_names}


def _operation(kind: ResourceKind, method: str) -> OperationModel:
    name = _methods(kind.service).get(method)
    if name is None:
        raise WrongPath(f"{kind.service} has no call {method}")
    return _service(kind.service).operation_model(name)


def _raw_types(kind: ResourceKind) -> Iterator[dict[str, Any]]:
    """Return what is known of a resource, by each way of coming to know it."""
    details: dict[str, Any] = {UNREADABLE: [ANY]}
    for detail in kind.details:
        result = type_at(_operation(kind, detail.method).output_shape, detail.result)
        details[detail.into] = type_at([result], "[0][0]") if detail.most > 1 else result
    for reading in kind.reading:
        found = type_at(_operation(kind, reading.method).output_shape, reading.items)
        yield {**_members(_one(found)), **details, **({reading.id_into: ANY} if reading.id_into else {})}
    if not kind.listing.listed_id:
        yield {**_members(_one(_listed(kind, kind.listing))), **details}


def _listed(kind: ResourceKind, listing: Listing) -> Any:
    return type_at(_operation(kind, listing.method).output_shape, listing.items)


def _one(found: Any) -> Any:
    if isinstance(found, list):
        return found[0]
    return found.member if getattr(found, "type_name", "") == "list" else found


def _members(found: Any) -> Mapping[str, Any]:
    if isinstance(found, Mapping):
        return found
    if found.type_name == "map":
        return dict.fromkeys(found.key.enum or ("*",), found.value)
    return dict(found.members)


def _values(kind: ResourceKind) -> dict[str, Any]:
    """Return a sample of what the paths of a call may start from."""
    raw = sample(next(_raw_types(kind)))
    raw = {key: value for key, value in raw.items() if key != UNREADABLE}
    one = f"{TEXT}/{TEXT}"
    values = {"id": one, "part": one.split("/"), "ids": [one], "region": "us-east-1", "raw": raw, "owners": [one]}
    listing = kind.listing
    if listing.parents:
        values["parent"] = sample(_one(_listed(kind, listing.parents)))
    return {**values, **argument_values({}, provider_id=one, tags={"a": "b"})}


def _arguments(kind: ResourceKind, action: Action, *, all_of_them: bool) -> dict[str, Any]:
    """Return sample arguments: what an inverse kept where there is such a thing, for it knows their form."""
    kept: dict[str, Any] = {}
    raw = {"raw": sample(next(_raw_types(kind)))}
    for name, other in kind.actions.items():
        if other.inverse and kind.actions.get(other.inverse) is action and name != "restore_tags":
            kept |= {key: value_at(raw, path) for key, path in other.undone_with.items() if path.startswith("raw")}
    plain = {str: "sample-text", int: 7, dict: {"Key": "Value"}, list: ["key"], bool: True}
    return {
        name: kept.get(name) or next((plain[each] for each in argument.kinds), None)
        for name, argument in action.takes.items()
        if all_of_them or argument.required
    }


def _judge(kind: ResourceKind, method: str, parameters: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    try:
        shape = _operation(kind, method).input_shape
        report = ParamValidator().validate(filled(parameters, values), shape)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the entry's fault
        yield f"{method}: {type(error).__name__} {error}"
        return
    if report.has_errors():
        yield f"{method}: {report.generate_report()}"


def _calls(kind: ResourceKind) -> Iterator[str]:
    try:
        values = _values(kind)
    except WrongPath as error:
        yield str(error)
        return
    listing: Listing | None = kind.listing
    while listing is not None:
        yield from _judge(kind, listing.method, listing.parameters, values)
        yield from _pages(kind, listing.method, listing.page_size)
        listing = listing.parents
    for reading in kind.reading:
        yield from _judge(kind, reading.method, reading.parameters, values)
        if reading.page_size is not None:
            yield from _pages(kind, reading.method, reading.page_size)
    for detail in kind.details:
        yield from _judge(kind, detail.method, detail.parameters, values)
    for name, action in kind.actions.items():
        for all_of_them in (False, True):
            arguments = _arguments(kind, action, all_of_them=all_of_them)
            told = {**values, **argument_values(arguments, provider_id="x/y", tags={"a": "b"})}
            for call in action.calls:
                yield from (f"{name}: {problem}" for problem in _judge_call(kind, call, told))


def _judge_call(kind: ResourceKind, call: Call, values: Mapping[str, Any]) -> Iterator[str]:
    if call.when and not value_at(values, call.when):
        return
    for each in value_at(values, call.each) or () if call.each else (None,):
        yield from _judge(kind, call.method, call.parameters, {**values, "each": each})


def _pages(kind: ResourceKind, method: str, page_size: int | None) -> Iterator[str]:
    try:
        paginator = _SESSION.get_paginator_model(kind.service).get_paginator(_methods(kind.service)[method])
    except (ValueError, KeyError):
        paginator = {}
    limit = paginator.get("limit_key")
    if (limit is None) != (page_size is None):
        yield f"{method}: page_size is {page_size}, and its pages are limited by {limit}"
    elif limit is not None:
        most = _operation(kind, method).input_shape.members[limit].metadata.get("max")
        if most is not None and page_size > most:
            yield f"{method}: page_size is {page_size}, and AWS takes at most {most}"


def _paths(kind: ResourceKind) -> Iterator[str]:
    columns = kind.columns
    names = ("name", "state", "tags", "created_at", "last_used_at", "size", "attached", "public", "protected")
    paths = [kind.identity, *kind.fields, *(getattr(columns, name) for name in names if getattr(columns, name))]
    try:
        for raw in _raw_types(kind):
            for path in paths:
                type_at(raw, path)
            for action in kind.actions.values():
                yield from _action_paths(kind, action, raw)
        for detail in kind.details:
            if detail.most > 1:
                result = type_at(_operation(kind, detail.method).output_shape, detail.result)
                type_at(_one(result), detail.owner)
                type_at(next(_raw_types(kind)), detail.owned_by)
        if kind.listing.listed_id:
            start = {"item": _one(_listed(kind, kind.listing)), "parent": ANY}
            type_at(start, kind.listing.listed_id)
    except WrongPath as error:
        yield str(error)


def _action_paths(kind: ResourceKind, action: Action, raw: Mapping[str, Any]) -> Iterator[str]:
    answer = _operation(kind, action.calls[-1].method).output_shape or ANY
    if action.done:
        answer = _one(type_at(answer, action.done))
        type_at(answer, kind.identity)
    arguments = dict.fromkeys((*action.takes, "tags", "keys", "absent"), ANY)
    texts = {"id": ANY, "part": [ANY], "ids": [ANY], "region": ANY, "unique": ANY, "each": ANY}
    values = {
        **texts,
        "raw": raw,
        "answer": answer,
        "arguments": arguments,
        "pairs": ANY,
        "keys": ANY,
        "merged": ANY,
        "former": {"tags": ANY, "absent": ANY},
    }
    for path in (*action.data.values(), *action.undone_with.values(), *_places(action)):
        try:
            type_at(values, path)
        except WrongPath as error:
            yield str(error)


def _places(action: Action) -> Iterator[str]:
    for call in action.calls:
        yield from (path for path in (call.when, call.each) if path)
        yield from _places_in(call.parameters)


def _places_in(template: Any) -> Iterator[str]:
    match template:
        case At(path):
            yield path
        case ForEach(path, inner):
            yield path
            yield from _places_in(inner)
        case Mapping():
            for part in template.values():
                yield from _places_in(part)
        case list() | tuple():
            for part in template:
                yield from _places_in(part)


def _actions(kind: ResourceKind) -> Iterator[str]:
    for name, action in kind.actions.items():
        looks = any("raw." in path or "merged" in path for path in (*_places(action), *action.data.values()))
        if looks and not action.reads:
            yield f"{name} speaks of what AWS says of the resource, and does not read it"
        if action.batch > 1 and action.reads:
            yield f"{name} is one call for several, and what is read is one resource's"
        if action.inverse is None:
            if action.undone_with:
                yield f"{name} keeps what undoes it, and has no inverse"
            continue
        inverse = kind.actions.get(action.inverse)
        if inverse is None:
            yield f"{name} has the inverse {action.inverse}, which there is not"
            continue
        required = {key for key, argument in inverse.takes.items() if argument.required}
        if not required <= set(action.undone_with) <= set(inverse.takes):
            yield f"{name} keeps {sorted(action.undone_with)}; {action.inverse} takes {sorted(inverse.takes)}"
        if action.destructive:
            yield f"{name} is destructive, and can be undone"


def _errors(kind: ResourceKind) -> Iterator[str]:
    if kind.service == "ec2":
        return  # its model names no error
    known = set(UNMODELLED.get(kind.service, ()))
    for shape_name in _service(kind.service).shape_names:
        shape = _service(kind.service).shape_for(shape_name)
        if shape.metadata.get("exception"):
            known |= {shape_name, shape.metadata.get("error", {}).get("code", shape_name)}
    errors = kind.errors
    absent = [code for detail in kind.details for code in detail.absent]
    for pattern in (*errors.gone, *errors.protected, *errors.not_now, *errors.unclear, *absent):
        code = pattern.partition(": ")[0]
        if not any(each.startswith(code) for each in known):
            yield f"{kind.service} has no error {code}"
