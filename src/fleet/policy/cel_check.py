"""What is wrong with a CEL condition, told before it is ever asked: what it looks at is there, operators get
what they take, and it comes to a yes or a no.

The operators of the library take two of the same type, so `1 < 2.5` is a mistake here as it would be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fleet.policy.cel import SIGNS, parsed
from fleet.policy.cel_types import ANY, BOOL, DOUBLE, INT, STRING, ListOf, Record, Type, alike, spoken

_ORDERED = (INT, DOUBLE, "uint", STRING, BOOL, "bytes", "timestamp", "duration")
_MACROS: Mapping[str, Callable[[Type, Type], Type]] = {
    "all": lambda _, __: BOOL,
    "exists": lambda _, __: BOOL,
    "exists_one": lambda _, __: BOOL,
    "filter": lambda of, _: ListOf(of),
    "map": lambda _, found: ListOf(found),
}
_MADE: Mapping[str, Type] = {
    "size": INT,
    "int": INT,
    "uint": "uint",
    "double": DOUBLE,
    "string": STRING,
    "bool": BOOL,
    "bytes": "bytes",
    "timestamp": "timestamp",
    "duration": "duration",
    "type": "type",
    "dyn": ANY,
    "has": BOOL,
    "matches": BOOL,
}
_OF_STRINGS: Mapping[str, Type] = {"startsWith": BOOL, "endsWith": BOOL, "contains": BOOL, "matches": BOOL}
_OF_TIMES = (
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
)
_NAMES_OF_TYPES = (
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong. `line` and `column` count from 1 inside the expression."""

    expected: str
    hint: str
    line: int = 1
    column: int = 1


class _Wrong(Exception):
    def __init__(self, node: Any, expected: str, hint: str) -> None:
        super().__init__(hint)
        meta = getattr(node, "meta", node)
        at = getattr(meta, "line", None) or 1, getattr(meta, "column", None) or 1
        self.mistake = Mistake(expected, hint, *at)


def mistake_in(expression: str, known: Mapping[str, Type]) -> Mistake | None:
    """The first mistake of the condition, None when it is right. `known` are the names that it may use."""
    tree, problem, line, column = parsed(expression)
    if tree is None:
        return Mistake("a CEL condition", problem, line, column)
    try:
        found = _type(tree, known)
        _demand_quick(tree, within="")
    except _Wrong as wrong:
        return wrong.mistake
    except RecursionError:
        return Mistake("a CEL condition", "it is nested too deeply; write it as several lines")
    if found in (BOOL, ANY):
        return None
    return Mistake("a condition that is true or false", f"it would come to {spoken(found)}")


def _type(node: Any, known: Mapping[str, Type]) -> Type:
    """The type of what a part of the tree comes to."""
    kind, parts = node.data, node.children
    if kind in _PARTS:
        return _PARTS[kind](node, known)
    if kind == "expr" and len(parts) == 3:
        return _choice(node, known)
    if kind in ("conditionalor", "conditionaland") and len(parts) == 2:
        for part in parts:
            _is(
                part,
                known,
                BOOL,
                "true or false on both sides of " + ("||" if kind == "conditionalor" else "&&"),
            )
        return BOOL
    if kind in ("relation", "addition", "multiplication") and len(parts) == 2:
        return _operator(node, known)
    if kind == "unary" and len(parts) == 2:
        return _unary(node, known)
    return _type(parts[0], known)


def _is(node: Any, known: Mapping[str, Type], wanted: Type, expected: str) -> None:
    found = _type(node, known)
    if found not in (wanted, ANY):
        raise _Wrong(node, expected, f"this is {spoken(found)}")


def _choice(node: Any, known: Mapping[str, Type]) -> Type:
    asked, yes, no = node.children
    _is(asked, known, BOOL, "true or false before the ?")
    one, other = _type(yes, known), _type(no, known)
    if not alike(one, other):
        raise _Wrong(no, "two of the same type beside :", f"{spoken(one)} and {spoken(other)} are not")
    return one if one == other else ANY


def _operator(node: Any, known: Mapping[str, Type]) -> Type:
    sign, right = node.children
    operator = SIGNS[sign.data]
    one, other = _type(sign.children[0], known), _type(right, known)
    if operator == "in":
        return _in(node, one, other)
    if operator in ("==", "!="):
        fits = ANY in (one, other) or "null" in (one, other) or alike(one, other)
    elif operator in ("<", "<=", ">", ">="):
        fits = alike(one, other) and all(each == ANY or each in _ORDERED for each in (one, other))
    else:
        return _reckoned(node, operator, one, other)
    if not fits:
        raise _unfit(node, operator, one, other)
    return BOOL


def _reckoned(node: Any, operator: str, one: Type, other: Type) -> Type:
    """What `+`, `-`, `*`, `/` and `%` come to."""
    if ANY in (one, other):
        return ANY
    times = {one, other} <= {"timestamp", "duration"}
    if operator in "+-" and times:
        return "duration" if one == other else "timestamp"
    able = {"%": (INT, "uint"), "+": (INT, "uint", DOUBLE, STRING, "bytes")}.get(
        operator, (INT, "uint", DOUBLE)
    )
    if one == other and (one in able or (operator == "+" and isinstance(one, ListOf))):
        return one
    raise _unfit(node, operator, one, other)


def _in(node: Any, one: Type, other: Type) -> Type:
    if isinstance(other, ListOf):
        if alike(one, other.of):
            return BOOL
        raise _Wrong(node, f"{spoken(other.of)} before in", f"this is {spoken(one)}")
    if other == ANY or (isinstance(other, Record) and one in (STRING, ANY)):
        return BOOL
    raise _Wrong(node, "a list behind in", f"this is {spoken(other)}")


def _unary(node: Any, known: Mapping[str, Type]) -> Type:
    sign, part = node.children
    found = _type(part, known)
    wanted = (BOOL,) if sign.data == "unary_not" else (INT, DOUBLE, "duration")
    if found != ANY and found not in wanted:
        said, shown = ("true or false", "!") if sign.data == "unary_not" else ("a number", "-")
        raise _Wrong(part, f"{said} behind {shown}", f"this is {spoken(found)}")
    return found


def _name(node: Any, known: Mapping[str, Type]) -> Type:
    name = str(node.children[0])
    if name in known:
        return known[name]
    if name in _NAMES_OF_TYPES:
        return "type"
    names = [each for each in known if each not in _NAMES_OF_TYPES]
    raise _Wrong(node, f"a condition over {', '.join(names)}", f"there is no {name}{_meant(name, names)}")


def _field(node: Any, known: Mapping[str, Type]) -> Type:
    member, field = node.children[0], str(node.children[1])
    found = _type(member, known)
    if found == ANY or (isinstance(found, Record) and not found.fields):
        return ANY
    if not isinstance(found, Record):
        raise _Wrong(node.children[1], "a thing that has fields", f"this is {spoken(found)}")
    if field not in found.fields:
        said = f"{found.name}.{field}" if found.name else field
        meant = _meant(field, found.fields, found.name)
        expected = f"a condition over {found.name}'s {', '.join(found.fields)}"
        raise _Wrong(node.children[1], expected, f"there is no {said}{meant}")
    return found.fields[field]


def _item(node: Any, known: Mapping[str, Type]) -> Type:
    found, key = _type(node.children[0], known), _type(node.children[1], known)
    if isinstance(found, ListOf):
        if key not in (INT, ANY):
            raise _Wrong(node.children[1], "a number in [ ]", f"this is {spoken(key)}")
        return found.of
    if found != ANY and not isinstance(found, Record):
        raise _Wrong(node, "a list before [", f"this is {spoken(found)}")
    return ANY


def _method(node: Any, known: Mapping[str, Type]) -> Type:
    member, name = node.children[0], str(node.children[1])
    given = node.children[2].children if len(node.children) > 2 else []
    found = _type(member, known)
    if name in _MACROS:
        return _macro(node, name, found, given, known)
    for each in given:
        _type(each, known)
    if name == "size" and not given:
        return _sized(member, found)
    if name in _OF_STRINGS:
        _is(member, known, STRING, f"a text before .{name}")
        if len(given) != 1:
            raise _Wrong(node.children[1], f"one text in {name}( )", f"there are {len(given)}")
        _is(given[0], known, STRING, f"a text in {name}( )")
        return BOOL
    if name in _OF_TIMES:
        if found not in ("timestamp", "duration", ANY):
            raise _Wrong(member, f"a time before .{name}", f"this is {spoken(found)}")
        return INT
    every = [*_MACROS, *_OF_STRINGS, *_OF_TIMES, "size"]
    raise _Wrong(node.children[1], "a function of CEL", f"there is no {name}{_meant(name, every)}")


def _macro(node: Any, name: str, found: Type, given: list[Any], known: Mapping[str, Type]) -> Type:
    if isinstance(found, ListOf):
        of = found.of
    elif found == ANY or isinstance(found, Record):
        of = STRING if isinstance(found, Record) else ANY
    else:
        raise _Wrong(node.children[0], f"a list before .{name}", f"this is {spoken(found)}")
    bound = _bound(given[0]) if given else ""
    if len(given) != 2 or not bound:
        raise _Wrong(node.children[1], f"{name}(x, …)", "a name for each element, and what is asked of it")
    inner = {**known, bound: of}
    if name != "map":
        _is(given[1], inner, BOOL, f"true or false in {name}( )")
    return _MACROS[name](of, _type(given[1], inner))


def _demand_quick(node: Any, *, within: str) -> None:
    """Refuse what goes through a list for each element of another one: conditions are asked all the time, and
    an agent may make the lists long. One of the two may be written out in the condition.
    """
    if not hasattr(node, "children"):
        return
    macro = str(node.children[1]) if node.data == "member_dot_arg" and len(node.children) > 2 else ""
    if macro not in _MACROS or _is_written_out(node.children[0]):
        for each in node.children:
            _demand_quick(each, within=within)
        return
    if within:
        hint = f"it would be asked as often as both lists are long, multiplied; {within} is around it"
        raise _Wrong(node.children[1], f"no {macro} inside of {within}", hint)
    _demand_quick(node.children[0], within=within)
    _demand_quick(node.children[2], within=macro)


def _is_written_out(node: Any) -> bool:
    while len(node.children) == 1 and node.data != "list_lit" and hasattr(node.children[0], "data"):
        node = node.children[0]
    return bool(node.data == "list_lit")


def _bound(node: Any) -> str:
    """The name that stands there alone, "" for anything else."""
    while len(node.children) == 1 and node.data != "ident":
        node = node.children[0]
        if not hasattr(node, "data"):
            return ""
    return str(node.children[0]) if node.data == "ident" else ""


def _call(node: Any, known: Mapping[str, Type]) -> Type:
    name = str(node.children[0])
    given = node.children[1].children if len(node.children) > 1 else []
    if name not in _MADE:
        raise _Wrong(node, "a function of CEL", f"there is no {name}( ){_meant(name, _MADE)}")
    if len(given) != (2 if name == "matches" else 1):
        raise _Wrong(node, f"{name}( ) of one thing", f"there are {len(given)}")
    found = [_type(each, known) for each in given]
    return _sized(given[0], found[0]) if name == "size" else _MADE[name]


def _sized(node: Any, found: Type) -> Type:
    if isinstance(found, str) and found not in (STRING, "bytes", ANY):
        raise _Wrong(node, "a text or a list that has a size", f"this is {spoken(found)}")
    return INT


def _list(node: Any, known: Mapping[str, Type]) -> Type:
    parts = node.children[0].children if node.children else []
    found = [_type(each, known) for each in parts]
    return ListOf(found[0] if found and all(each == found[0] for each in found) else ANY)


def _map(node: Any, known: Mapping[str, Type]) -> Type:
    for each in node.children[0].children if node.children else []:
        _type(each, known)
    return Record("", {})


def _literal(node: Any, known: Mapping[str, Type]) -> Type:
    del known
    kind = node.children[0].type
    return {
        "INT_LIT": INT,
        "UINT_LIT": "uint",
        "FLOAT_LIT": DOUBLE,
        "BOOL_LIT": BOOL,
        "NULL_LIT": "null",
        "BYTES_LIT": "bytes",
    }.get(kind, STRING)


_PARTS: Mapping[str, Callable[[Any, Mapping[str, Type]], Type]] = {
    "ident": _name,
    "dot_ident": _name,
    "member_dot": _field,
    "member_dot_arg": _method,
    "member_index": _item,
    "member_object": lambda _, __: ANY,
    "ident_arg": _call,
    "dot_ident_arg": _call,
    "list_lit": _list,
    "map_lit": _map,
    "literal": _literal,
}


def _unfit(node: Any, operator: str, one: Type, other: Type) -> _Wrong:
    hint = f"{spoken(one)} and {spoken(other)} do not go together"
    if {one, other} == {INT, DOUBLE}:
        hint += "; write whole numbers without a point, or double( ) around the other"
    return _Wrong(node, f"two of the same type beside {operator}", hint)


def _meant(word: str, names: Any, of: str = "") -> str:
    near = get_close_matches(word.lower(), {each.lower(): each for each in names}, n=1, cutoff=0.6)
    found = next((each for each in names if near and each.lower() == near[0]), "")
    return f"; did you mean '{f'{of}.' if of else ''}{found}'?" if found else ""
