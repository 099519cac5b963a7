"""CEL, the language of the conditions in fleet.yaml: it computes an answer and can do nothing else.

The library is loaded when the first expression is met, since most of what Fleet does needs none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fleet.model.errors import FleetError

_LONGEST = 2000
SIGNS = {
    "relation_lt": "<",
    "relation_le": "<=",
    "relation_gt": ">",
    "relation_ge": ">=",
    "relation_eq": "==",
    "relation_ne": "!=",
    "relation_in": "in",
    "addition_add": "+",
    "addition_sub": "-",
    "multiplication_mul": "*",
    "multiplication_div": "/",
    "multiplication_mod": "%",
    "unary_not": "!",
    "unary_neg": "-",
}
"""Operators by the names that the parser has for them."""


def holds(expression: str, variables: Mapping[str, Any]) -> bool:
    """Whether the condition is true of these variables: plain dicts, lists, texts, numbers and booleans.

    Raises `FleetError` when it can't be told: the expression is wrong, names what is not there, or is not a
    yes or a no.
    """
    from celpy.celtypes import BoolType

    found = _evaluated(expression, variables)
    if not isinstance(found, BoolType | bool):
        raise _untold(expression, f"it comes to {found}, which is neither true nor false")
    return bool(found)


def compile_problem(expression: str) -> str:
    """Why the expression is no CEL, with the place inside it; "" when it is."""
    return _compile(expression).problem


def parsed(expression: str) -> tuple[Any, str, int, int]:
    """The tree of the expression; where it is no CEL, None with the reason and the line and column of it,
    counted from 1.
    """
    found = _compile(expression)
    return found.tree, found.problem, found.line, found.column


def _evaluated(expression: str, variables: Mapping[str, Any]) -> Any:
    compiled = _compile(expression)
    if compiled.problem:
        raise _untold(expression, compiled.problem)
    from celpy.adapter import json_to_cel
    from celpy.evaluation import CELEvalError

    try:
        return compiled.program.evaluate({name: json_to_cel(value) for name, value in variables.items()})
    except CELEvalError as error:
        raise _untold(expression, _reason(error)) from error
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise _untold(expression, str(error) or type(error).__name__) from error


class _Compiled(NamedTuple):
    """An expression made ready to be asked, or why it can't be."""

    program: Any = None
    tree: Any = None
    problem: str = ""
    line: int = 1
    column: int = 1


@lru_cache(maxsize=256)
def _compile(expression: str) -> _Compiled:
    if not expression.strip():
        return _Compiled(problem="it is empty")
    if len(expression) > _LONGEST:
        return _Compiled(problem=f"it is longer than {_LONGEST} signs")
    from celpy import Environment
    from celpy.celparser import CELParseError

    environment = Environment()
    try:
        tree = environment.compile(expression)
        return _Compiled(environment.program(tree), tree)
    except CELParseError as error:
        line, column = max(1, error.line or 1), max(1, error.column or len(expression) or 1)
        problem = f"it can't be read at {_at(error, expression)}"
        return _Compiled(problem=problem, line=line, column=column)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        return _Compiled(problem=f"it can't be read: {str(error) or type(error).__name__}")


def _at(error: Any, expression: str) -> str:
    column = error.column or 0
    if column > 0 and error.line == 1 and column <= len(expression):
        return f"sign {column}: {expression[column - 1 : column + 19]!r}"
    return "its end"


def _reason(error: Exception) -> str:
    """The library's reason without the dump of everything it knows."""
    text = str(error.args[0] if error.args else error)
    types = re.findall(r"celtypes\.(\w+?)Type'", text)
    if "overload" in text and types:
        rule = re.search(r"'RULE', '(\w+)'", text)
        signs = SIGNS.get(rule[1], "") if rule else ""
        doing = f"{signs} can't be used" if signs else "an operator is used that does not go"
        return f"{doing} with {' and '.join(each.lower() for each in types)}"
    return text.partition(" (in activation")[0].replace("mapping: ", "")


def _untold(expression: str, why: str) -> FleetError:
    return FleetError(
        f"The condition {expression!r} can't be told",
        why=why,
        do="Correct it in fleet.yaml; see what is known with: fleet config check",
    )
