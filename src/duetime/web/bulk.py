"""One verb for many things: each is authorised, done and answered for itself."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from duetime.core.errors import DatabaseUnavailable, DuetimeError
from duetime.engine.log import get_logger
from duetime.web.answers import Problem
from duetime.web.problems import problem_of, problem_of_fault

Id = TypeVar("Id", int, str)
Body = TypeVar("Body", bound=BaseModel)

MOST_ITEMS = 1000
_log = get_logger("duetime.web")


class BulkItem(BaseModel, Generic[Id, Body]):
    """What became of one thing."""

    id: Id
    status: int = Field(description="The HTTP status that the verb alone would have had.", examples=[200])
    result: Body | None = Field(default=None, description="The thing as it stands then; null when it was refused.")
    problem: Problem | None = Field(default=None, description="Why it was refused; null when it was done.")


class BulkAnswer(BaseModel, Generic[Id, Body]):
    """What became of each thing, in the order of the request; one that is named twice is done once."""

    done: int = Field(description="How many were done.")
    refused: int = Field(description="How many were not.")
    items: list[BulkItem[Id, Body]]


def each_for_itself(ids: Sequence[Any], act: Callable[[Any], Body]) -> tuple[list[dict[str, Any]], int]:
    """Do something to each of several things, each in a transaction of its own; none stops the others.

    Only when the database does not answer any more the rest is not tried: each attempt would wait for it.

    Args:
        ids: which; one that is named twice is done once.
        act: does it to one and returns it as it stands then.

    Returns:
        What became of each, as the fields of `BulkItem`, and how many were done.
    """
    items: list[dict[str, Any]] = []
    done = 0
    lost: DatabaseUnavailable | None = None
    for each in dict.fromkeys(ids):
        try:
            if lost is not None:
                raise lost
            items.append({"id": each, "status": 200, "result": act(each)})
            done += 1
        except DatabaseUnavailable as error:
            lost = error
            items.append(_refused(each, problem_of(error)))
        except DuetimeError as error:
            items.append(_refused(each, problem_of(error)))
        except Exception as error:  # noqa: BLE001 - a fault with one must not hide what was done to the others
            _log.error("web.fault", item=each, exc_info=error)
            items.append(_refused(each, problem_of_fault()))
    return items, done


def _refused(item: Any, problem: dict[str, Any]) -> dict[str, Any]:
    return {"id": item, "status": problem["status"], "problem": Problem(**problem)}
