"""Settings that are a small language of their own: patterns and expressions."""

from dataclasses import dataclass
from typing import Any

from duetime.bots.data_expressions import InvalidExpression, check_expression
from duetime.bots.patterns import InvalidPattern, check_pattern
from duetime.bots.setting_fields import ExactTextField


@dataclass(frozen=True)
class PatternField(ExactTextField):
    """A regular expression in RE2 syntax."""

    def validate(self, value: Any) -> str:
        pattern = super().validate(value)
        try:
            check_pattern(pattern)
        except InvalidPattern as error:
            raise self.refuse(f"{error.problem} ({pattern[:60]!r})") from None
        return pattern


@dataclass(frozen=True)
class ExpressionField(ExactTextField):
    """A JMESPath expression."""

    def validate(self, value: Any) -> str:
        expression = super().validate(value)
        try:
            check_expression(expression)
        except InvalidExpression as error:
            raise self.refuse(f"{error.problem} ({expression[:60]!r})") from None
        return expression
