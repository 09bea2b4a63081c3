"""Questions that only a filter itself can answer, asked once for many resources before the rest is evaluated."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from duetime.core.cloud import Cloud
from duetime.core.errors import Invalid
from duetime.core.predicates import ANYTHING, NOTHING, All, AnyOf, Asked, Not, Predicate, leaves_of
from duetime.core.resources import Resource
from duetime.core.run_context import current_run


def questions_in(predicate: Predicate) -> tuple[Asked, ...]:
    """Return the questions in a predicate that must be asked first."""
    return tuple(leaf for leaf in leaves_of(predicate) if isinstance(leaf, Asked))


def answered(predicate: Predicate, resources: Sequence[Resource], *, cloud: Cloud | None = None) -> Predicate:
    """Return the predicate with the answers to such questions, as far as they are about these resources.

    Args:
        predicate: what is asked.
        resources: of whom; of others the answer says nothing.
        cloud: through which filters may ask; None = the present run's.

    Raises:
        Invalid: there is a question, and no cloud to ask.
        Exception: whatever a filter raises that cannot answer; there is then no answer.
    """
    questions = set(questions_in(predicate))
    if not questions:
        return predicate
    run = current_run()
    cloud = cloud or (None if run is None else run.cloud)
    if cloud is None:
        message = f"{next(iter(questions)).question} can be asked in a run alone, where there is a cloud to ask."
        raise Invalid(message)
    answers = {
        question: replace(question, holds_for=frozenset(question.answer(resources, cloud))) for question in questions
    }
    return _replaced(predicate, lambda question, _: answers[question])


def presumed(predicate: Predicate) -> Predicate:
    """Return what holds wherever `predicate` does, without asking: each such question is presumed to help it."""
    return _replaced(predicate, lambda _, helps: ANYTHING if helps else NOTHING)


def _replaced(predicate: Predicate, by: Callable[[Asked, bool], Predicate], *, is_positive: bool = True) -> Predicate:
    match predicate:
        case Asked():
            return by(predicate, is_positive)
        case Not(inner):
            return Not(_replaced(inner, by, is_positive=not is_positive))
        case All(parts):
            return All(tuple(_replaced(part, by, is_positive=is_positive) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_replaced(part, by, is_positive=is_positive) for part in parts))
        case _:
            return predicate
