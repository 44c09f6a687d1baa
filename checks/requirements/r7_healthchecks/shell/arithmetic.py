"""`$((i + 1))` and `((i++))`, where all numbers in it are known."""

import operator
from collections.abc import Callable, Mapping

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.grammar import text_of
from checks.requirements.r7_healthchecks.shell.state import State
from checks.requirements.r7_healthchecks.shell.values import ANY, Value

OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
STEP = {"++": 1, "--": -1}


def calculated(node: Node, state: State) -> Value:
    """The number that it comes to, as a text; ANY where that is not known, or where it sets a variable as well."""
    inside = [child for child in node.children if child.is_named]
    number = _number(inside[0], state) if len(inside) == 1 else None
    return ANY if number is None else str(number)


def stepped(node: Node, state: State) -> State:
    """What `((i++))` makes of `i`; a variable that is changed in another way is not known from then on."""
    for child in node.children:
        if child.type == "postfix_expression" and child.children[1].type in STEP:
            number = _number(child.children[0], state)
            by = STEP[child.children[1].type]
            state = state.having(text_of(child.children[0]), ANY if number is None else str(number + by))
        elif child.is_named:
            for name in _variables(child):
                state = state.having(name, ANY) if "=" in text_of(child) else state
    return state


def _variables(node: Node) -> set[str]:
    own = {text_of(node)} if node.type in {"variable_name", "word"} else set()
    return own.union(*(_variables(child) for child in node.children))


def _number(node: Node, state: State) -> int | None:
    match node.type:
        case "number" | "word" if text_of(node).isdecimal():
            return int(text_of(node))
        case "variable_name" | "word":
            return _as_number(state.value(text_of(node)))
        case "simple_expansion":
            return _as_number(state.value(text_of(node.children[-1])))
        case "parenthesized_expression":
            return _number(node.children[1], state)
        case "binary_expression":
            return _of_two(node, state)
    return None


def _of_two(node: Node, state: State) -> int | None:
    left, by, right = node.children
    first, second = _number(left, state), _number(right, state)
    if first is None or second is None or text_of(by) not in OPERATORS:
        return None
    return int(OPERATORS[text_of(by)](first, second))


def _as_number(value: Value) -> int | None:
    return int(value) if isinstance(value, str) and value.isdecimal() else None
