"""`if`, loops and `case`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.expansion import Expansion, Substitute
from checks.requirements.r7_healthchecks.shell.grammar import between, text_of
from checks.requirements.r7_healthchecks.shell.state import Goes, NotFollowedError, Run, State
from checks.requirements.r7_healthchecks.shell.values import ANY, OK, Field, Many, Value

Follow = Callable[[list[Node], set[State], Run], set[State]]
ROUNDS = 50


def condition(node: Node, state: State, run: Run, *, evaluate_all: Follow) -> set[State]:
    """`if`: ends in 0 where no condition holds and there is no `else`."""
    found: set[State] = set()
    asked = {state}
    for test, body in _branches(node):
        if test is None:
            return found | evaluate_all(body, asked, run)
        ends = evaluate_all(test, asked, run.asking())
        asked = {end for end in ends if end.goes is Goes.ON and end.failed}
        found |= {end for end in ends if end.goes is not Goes.ON}
        found |= evaluate_all(body, {end for end in ends if end.goes is Goes.ON and not end.failed}, run)
    return found | {end.ending(OK) for end in asked}


def _branches(node: Node) -> Iterator[tuple[list[Node] | None, list[Node]]]:
    """Each condition with what is done where it holds; the last has none where there is an `else`."""
    yield between(node, "if", {"then"}), between(node, "then", {"elif_clause", "else_clause", "fi"})
    for clause in node.named_children:
        if clause.type == "elif_clause":
            yield between(clause, "elif", {"then"}), between(clause, "then", set())
        elif clause.type == "else_clause":
            yield None, between(clause, "else", set())


def for_each(node: Node, state: State, run: Run, *, evaluate_all: Follow, substitute: Substitute) -> set[State]:
    name, body, run = text_of(_field(node, "variable")), _body(node), replace(run, in_loop=True)
    values = node.children_by_field_name("value")
    found: set[State] = set()
    for after, words in Expansion(run=run, substitute=substitute).words(values, state):
        begin = {after.ending(OK)}
        if Many.WORDS in words or not any(child.type == "in" for child in node.children):
            found |= _any_number_of_times(name, body, begin, run, evaluate_all)
        else:
            found |= _for_words(name, body, words, begin, run, evaluate_all)
    return found


def _for_words(
    name: str, body: list[Node], words: Sequence[Field], states: set[State], run: Run, evaluate_all: Follow
) -> set[State]:
    left: set[State] = set()
    for word in words:
        value: Value = ANY if isinstance(word, Many) else word
        ends = evaluate_all(body, {state.having(name, value) for state in states}, run)
        states, out = _round(ends)
        left |= out
    return states | left


def _any_number_of_times(name: str, body: list[Node], states: set[State], run: Run, evaluate_all: Follow) -> set[State]:
    """For as many words as nobody knows."""
    seen, left = set(states), set[State]()
    while states:
        ends = evaluate_all(body, {state.having(name, ANY) for state in states}, run)
        states, out = _round(ends)
        left |= out
        states -= seen
        seen |= states
    return seen | left


def _round(ends: set[State]) -> tuple[set[State], set[State]]:
    """The states that begin the next round, and those that have left the loop."""
    again = {replace(end, goes=Goes.ON) for end in ends if end.goes in {Goes.ON, Goes.CONTINUE}}
    broken = {replace(end, goes=Goes.ON) for end in ends if end.goes is Goes.BREAK}
    return again, broken | {end for end in ends if end.goes in {Goes.EXIT, Goes.RETURN, Goes.FOR_EVER}}


def loop(node: Node, state: State, run: Run, *, evaluate_all: Follow) -> set[State]:
    """`while` and `until`: ends as the last round of its body did; one that comes back to where it was has no end."""
    until = node.children[0].type == "until"
    test, body = between(node, node.children[0].type, {"do_group"}), _body(node)
    run = replace(run, in_loop=True)
    ahead, seen, found = {state.ending(OK)}, set[State](), set[State]()
    for _ in range(ROUNDS):
        if ahead & seen:
            found.add(state.ending(OK).going(Goes.FOR_EVER))
        ahead = ahead - seen
        if not ahead:
            return found
        seen |= ahead
        again: set[State] = set()
        for one in ahead:
            ends = evaluate_all(test, {one}, run.asking())
            found |= {
                replace(end, status=one.status) for end in ends if end.goes is Goes.ON and end.failed is not until
            }
            found |= {end for end in ends if end.goes is not Goes.ON}
            going = {end for end in ends if end.goes is Goes.ON and end.failed is until}
            next_round, out = _round(evaluate_all(body, going, run))
            again |= next_round
            found |= out
        ahead = again
    raise NotFollowedError("too many rounds")


def choice(node: Node, state: State, run: Run, *, evaluate_all: Follow, substitute: Substitute) -> set[State]:
    """`case`: ends in 0 where no pattern fits."""
    expansion = Expansion(run=run, substitute=substitute)
    found: set[State] = set()
    for after, value in expansion.value(node.child_by_field_name("value"), state):
        for item in node.named_children:
            if item.type == "case_item" and (fits := _fits(item, value)) is not False:
                found |= evaluate_all(_commands(item), {after if _has_any(item) else after.ending(OK)}, run)
                if fits:
                    break
        else:
            found.add(after.ending(OK))
    return found


def _commands(item: Node) -> list[Node]:
    if item.children[-1].type in {";&", ";;&"}:
        raise NotFollowedError("a case that falls through")
    return between(item, ")", {";;"})


def _has_any(item: Node) -> bool:
    return any(child.is_named for child in _commands(item))


def _fits(item: Node, value: Value) -> bool | None:
    """Whether one of its patterns fits; None where that is not known."""
    patterns = [text_of(one) for one in item.children_by_field_name("value")]
    if "*" in patterns:
        return True
    plain = [pattern.strip("\"'") for pattern in patterns]
    if not isinstance(value, str) or any("$" in pattern or "`" in pattern for pattern in plain):
        return None
    return any(fnmatchcase(value, pattern) for pattern in plain)


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise NotFollowedError(f"no {name}")
    return found


def _body(node: Node) -> list[Node]:
    return between(_field(node, "body"), "do", {"done"})
