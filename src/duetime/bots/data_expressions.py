"""JMESPath expressions over what the cloud said of a resource, with a budget.

A JMESPath expression is short, but what it makes need not be: each `[@, @][]` doubles a list. Every step and everything
that a step makes is paid for from a budget, so that an expression that runs away ends with an error that says so.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from duetime.core.errors import Invalid, nearest

LONGEST = 2000
"""Characters of an expression."""
DEEPEST = 40
"""Levels of an expression; each costs the interpreter a few frames of the stack."""
BUDGET = 200_000
"""What one evaluation may spend; reading a page of what a cloud says of one resource takes some hundreds."""
_TEXT_UNIT = 16
"""Characters of text that cost as much as one member of a list."""
_MAKERS = frozenset({"flatten", "function_expression", "multi_select_dict", "multi_select_list", "slice"})
"""What makes something that was not there before; projections make one member a step, and each step has paid."""
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`((?:[^`\\]|\\.)*)`""", re.DOTALL)


class InvalidExpression(Invalid):
    """A JMESPath expression that does not compile, or that would be too long to ask."""

    def __init__(self, expression: str, problem: str) -> None:
        self.expression = expression
        self.problem = problem
        super().__init__(f"The JMESPath expression {expression[:60]!r} is refused: {problem}.")


class RunawayExpression(Invalid):
    """A JMESPath expression that took too many steps, or made too much, for one resource."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        super().__init__(
            f"The JMESPath expression {expression[:60]!r} was stopped: for one resource it took more than {BUDGET} "
            "steps or made as much data. Write it so that it makes no copies of copies."
        )


def check_expression(expression: str) -> None:
    """Refuse an expression that could not be asked.

    Raises:
        InvalidExpression: it is too long, too deep, calls a function that does not exist, or is no JMESPath.
    """
    _parsed(expression)


def holds(expression: str, data: Any) -> bool:
    """Return whether an expression gives something true for `data`: neither null nor false nor empty.

    What a function cannot take, such as the length of nothing, is unknown, and so it is not true.

    Raises:
        InvalidExpression: it does not compile.
        RunawayExpression: it takes too many steps, or makes too much.
    """
    ast = _parsed(expression)
    budget = _Budget(BUDGET)
    try:
        result = _Interpreter(budget).visit(ast, data)
    except _Spent:
        raise RunawayExpression(expression) from None
    except (JMESPathError, ArithmeticError, TypeError, ValueError):
        # Comparing a text with a number, dividing by the length of nothing: the library lets Python's own errors out.
        return False
    except RecursionError:  # what a cloud said is nested too deep to be compared or written
        raise RunawayExpression(expression) from None
    return result is not None and result is not False and result not in ("", [], {})


class _Spent(Exception):
    """The budget is used up."""


class _Budget:
    def __init__(self, amount: int) -> None:
        self._left = amount

    def pay(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _Spent

    def pay_for(self, value: Any) -> None:
        """Pay for all that a value holds; what is in it twice counts twice, as it does for whoever compares it."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            self.pay(1)
            match one:
                case str():
                    self.pay(len(one) // _TEXT_UNIT)
                case list():
                    self.pay(len(one))
                    waiting += one
                case dict():
                    self.pay(len(one))
                    waiting += one.values()


class _Functions(functions.Functions):
    """The standard functions; what they read is paid for, and the one that multiplies before it is called."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__()
        self._budget = budget

    def call_function(self, function_name: Any, resolved_args: Any) -> Any:
        for argument in resolved_args:
            if isinstance(argument, list | dict | str):
                self._budget.pay(len(argument) // (_TEXT_UNIT if isinstance(argument, str) else 1))
        return super().call_function(function_name, resolved_args)

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, array: list[str]) -> str:
        self._budget.pay(len(separator) * len(array) // _TEXT_UNIT)
        return separator.join(array)


class _Interpreter(TreeInterpreter):
    """JMESPath's own interpreter; every step pays, and so does everything that is made."""

    def __init__(self, budget: _Budget) -> None:
        super().__init__(Options(custom_functions=_Functions(budget)))
        self._budget = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.pay(1)
        result = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKERS:
            self._budget.pay_for(result)
        return result

    def visit_comparator(self, node: Any, value: Any) -> Any:
        if node["value"] not in {"eq", "ne"}:
            return super().visit_comparator(node, value)
        left, right = (self.visit(child, value) for child in node["children"])
        if isinstance(left, list | dict) and isinstance(right, list | dict):
            self._budget.pay_for(left)
        return self.COMPARATOR_FUNC[node["value"]](left, right)


@lru_cache(maxsize=256)
def _parsed(expression: str) -> Any:
    if len(expression) > LONGEST:
        raise InvalidExpression(expression, f"it has {len(expression)} characters, more than {LONGEST}")
    for quoted in _QUOTED.finditer(expression):
        _check_literal(expression, quoted.group(1))
    try:
        ast = Parser().parse(expression).parsed
    except JMESPathError as error:
        raise InvalidExpression(expression, _first_line(error)) from None
    except RecursionError:
        raise _too_deep(expression) from None
    except (ValueError, TypeError, LookupError) as error:  # the library lets some of Python's own out
        raise InvalidExpression(expression, _first_line(error)) from None
    for node, depth in _nodes(ast):
        if depth > DEEPEST:
            raise _too_deep(expression)
        if node["type"] == "function_expression":
            _check_call(expression, node)
        if node["type"] == "slice" and node["children"][2] == 0:
            raise InvalidExpression(expression, "the step of a slice cannot be 0")
    return ast


def _check_literal(expression: str, literal: str | None) -> None:
    """Refuse between backticks what is no JSON: the library takes it for a text, and says that it soon will not."""
    if literal is None:
        return
    try:
        json.loads(literal.replace("\\`", "`"))
    except (ValueError, RecursionError):
        remedy = "write 'a text' in single quotes, and numbers, true, false and null between backticks"
        raise InvalidExpression(expression, f"`{literal[:40]}` is no JSON; {remedy}") from None


def _check_call(expression: str, node: Any) -> None:
    name, given = node["value"], len(node["children"])
    known = _Functions.FUNCTION_TABLE
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean {' or '.join(near)}" if near else f"there are {', '.join(sorted(known))}"
        raise InvalidExpression(expression, f"there is no function {name}(); {hint}")
    wanted = known[name]["signature"]
    variadic = bool(wanted) and wanted[-1].get("variadic", False)
    if given < len(wanted) or (given > len(wanted) and not variadic):
        least = "at least " if variadic else ""
        raise InvalidExpression(expression, f"{name}() takes {least}{len(wanted)} arguments, not {given}")


def _nodes(ast: Any) -> Iterator[tuple[Any, int]]:
    waiting = [(ast, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, dict):  # the children of a slice are numbers
            yield node, depth
            waiting += [(child, depth + 1) for child in node.get("children", ())]


def _too_deep(expression: str) -> InvalidExpression:
    return InvalidExpression(expression, f"it is nested more than {DEEPEST} levels deep")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".:") or type(error).__name__
