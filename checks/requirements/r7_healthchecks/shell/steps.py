"""What a step of the interpreter comes to, without a look at another node: failures, pipes, builtins, definitions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell import builtins
from checks.requirements.r7_healthchecks.shell.expansion import Expansion
from checks.requirements.r7_healthchecks.shell.grammar import every_node, text_of
from checks.requirements.r7_healthchecks.shell.state import Goes, NotFollowedError, Run, State
from checks.requirements.r7_healthchecks.shell.values import FAILED, OK, Field, Value, joined

PROGRAMS_TOO = {"true", "false", "test", "[", "echo", "printf"}  # builtins that are there as programs as well


def left_by(states: Iterable[State], run: Run) -> set[State]:
    """Under `set -e` a failure that nobody asks about ends the shell."""
    return {
        replace(state, goes=Goes.EXIT)
        if state.goes is Goes.ON and state.failed and "errexit" in state.options and not run.tested
        else state
        for state in states
    }


def either(ends: set[State], connector: str, follow: Callable[[State], set[State]]) -> set[State]:
    found: set[State] = set()
    for end in ends:
        goes_on = end.goes is Goes.ON and end.failed is (connector == "||")
        found |= follow(end) if goes_on else {end}
    return found


def flipped(end: State) -> State:
    return end.ending(OK if end.failed else "1")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the next command of a pipeline is given, and the status of the last one that failed."""

    given: Value
    worst: Value = OK
    goes: Goes = Goes.ON

    def through(self, end: State) -> "Flow":
        goes = end.goes if end.goes is Goes.FOR_EVER else self.goes
        return Flow(given=end.said, worst=end.status if end.failed else self.worst, goes=goes)


def function(node: Node, state: State, _: Run) -> set[State]:
    body = node.child_by_field_name("body")
    name = node.child_by_field_name("name")
    if body is None or name is None:
        raise NotFollowedError("a function without a body")
    return {state.ending(OK).defining(text_of(name), body)}


def operands(node: Node) -> list[Node]:
    if node.type in {"binary_expression", "unary_expression", "parenthesized_expression"}:
        return [leaf for child in node.children for leaf in operands(child)]
    return [node]


def has_pattern(operands: Sequence[Node]) -> bool:
    return any(text_of(one) in {"=~", "&&", "||"} or one.type in {"regex", "extglob_pattern"} for one in operands)


def as_builtin(name: str, words: list[Field], state: State, run: Run) -> set[State]:
    if name != "[":
        return builtins.BUILTINS[name](words, state, run)
    return builtins.BUILTINS["test"](words[:-1], state, run) if words[-1:] == ["]"] else {state.ending(FAILED)}


def after_program(state: State, status: Value, said: Value, *, forever: bool = False) -> State:
    goes = Goes.FOR_EVER if forever else state.goes
    return replace(state, status=status, said=joined(state.said, said), goes=goes)


def unset(_: Node, state: State, __: Run) -> set[State]:
    return {replace(state, status=OK, variables=frozenset())}


def assigned(nodes: Sequence[Node], state: State, expansion: Expansion) -> set[State]:
    """Assignments alone end as the last command substitution in them does."""
    found: set[tuple[State, Value]] = {(state, OK)}
    for node in nodes:
        name = text_of(node.children[0])
        substitutes = any(one.type == "command_substitution" for one in every_node(node))
        found = {
            (after.ending(state.status).having(name, told), after.status if substitutes else status)
            for one, status in found
            for after, told in expansion.value(node.child_by_field_name("value"), one)
        }
    return {one.ending(status) for one, status in found}
