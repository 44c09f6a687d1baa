"""Follows a script along every way that it may take (POSIX Shell Command Language, 2.8 and 2.9)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell import builtins, compounds, redirections
from checks.requirements.r7_healthchecks.shell.arithmetic import calculated, stepped
from checks.requirements.r7_healthchecks.shell.conditions import tested
from checks.requirements.r7_healthchecks.shell.expansion import Expansion
from checks.requirements.r7_healthchecks.shell.grammar import every_node, is_one_command, parsed, statements, text_of
from checks.requirements.r7_healthchecks.shell.programs import name_of, outcomes, script_of, unwrapped
from checks.requirements.r7_healthchecks.shell.state import Budget, EITHER, Goes, NotFollowedError, Run, Situation, State
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Field, Value, joined, without_last_lines

Handler = Callable[[Node, State, Run], set[State]]
NEVER = "never"
PROGRAMS_TOO = {"true", "false", "test", "[", "echo", "printf"}  # builtins that are there as programs as well


def ends_of(words: Sequence[str], situation: Situation) -> set[Value]:
    """The statuses in which a command may end: "0", another number, FAILED, or NEVER where it may have no end.

    Raises NotFollowedError where it does what is not followed here.
    """
    run = Run(situation=situation, bash=False, script="", alone=True, budget=Budget())
    return {NEVER if end.goes is Goes.FOR_EVER else end.status for end in _program(words, State(), run)}


def script(text: str, state: State, run: Run) -> set[State]:
    """A shell that is given this script, from its start to its end."""
    root = parsed(text, bash=run.bash)
    here = replace(run.deeper(), script=text, alone=is_one_command(root), tested=False, in_loop=False, in_function=False)
    ends = sequence(list(root.children), {state}, here)
    return {last for end in ends for last in _at_exit(end, here)}


def _at_exit(end: State, run: Run) -> set[State]:
    """A trap for EXIT has the last word where it leaves by `exit`."""
    if not end.at_exit or end.goes is Goes.FOR_EVER:
        return {end}
    root = parsed(end.at_exit, bash=run.bash)
    lasts = sequence(list(root.children), {replace(end, at_exit="", goes=Goes.ON)}, run.asking())
    return {last if last.goes is Goes.EXIT else replace(last, status=end.status) for last in lasts}


def sequence(children: list[Node], states: set[State], run: Run) -> set[State]:
    """Statements one after another; the status of one in the background is 0."""
    for statement, background in statements(children):
        ahead = {state for state in states if state.goes is Goes.ON}
        after = {end for state in ahead for end in evaluate(statement, state, run)}
        if background:
            after = {replace(state, status=OK, said=joined(state.said, ANY)) for state in ahead}
        states = (states - ahead) | after
    return states


def evaluate(node: Node, state: State, run: Run) -> set[State]:
    run.budget.spend()
    if node.type not in HANDLERS:
        raise NotFollowedError(f"{node.type} is not followed")
    return HANDLERS[node.type](node, state, run)


def _left(states: Iterable[State], run: Run) -> set[State]:
    """Under `set -e` a failure that nobody asks about ends the shell."""
    return {
        replace(state, goes=Goes.EXIT)
        if state.goes is Goes.ON and state.failed and "errexit" in state.options and not run.tested
        else state
        for state in states
    }


def apart(children: list[Node], state: State, run: Run) -> set[State]:
    """A shell of its own for these: gives its status and what it said, and nothing else of it."""
    begin = replace(state, said="", goes=Goes.ON, at_exit="")
    return {
        replace(end, goes=end.goes if end.goes is Goes.FOR_EVER else Goes.ON)
        for end in sequence(children, {begin}, replace(run, in_loop=False))
    }


def _substitute(children: list[Node], state: State, run: Run) -> set[State]:
    ends = apart(children, state, run)
    if any(end.goes is Goes.FOR_EVER for end in ends):
        raise NotFollowedError("a command substitution may not come to an end")
    return {state.ending(end.status).saying(without_last_lines(end.said)) for end in ends}


def _list(node: Node, state: State, run: Run) -> set[State]:
    left, connector, right = (child for child in node.children if child.type not in {"comment", "\n"})
    return _either(evaluate(left, state, run.asking()), connector.type, lambda end: evaluate(right, end, run))


def _either(ends: set[State], connector: str, follow: Callable[[State], set[State]]) -> set[State]:
    found: set[State] = set()
    for end in ends:
        goes_on = end.goes is Goes.ON and end.failed is (connector == "||")
        found |= follow(end) if goes_on else {end}
    return found


def _negated(node: Node, state: State, run: Run) -> set[State]:
    ends = evaluate(node.named_children[-1], state, run.asking())
    return {_flipped(end) if end.goes is Goes.ON else end for end in ends}


def _flipped(end: State) -> State:
    return end.ending(OK if end.failed else "1")


def _pipeline(node: Node, state: State, run: Run) -> set[State]:
    parts = [child for child in node.named_children if child.type != "comment"]
    if parts[0].type == "negated_command":  # `!` is of the whole pipeline
        ends = _piped([parts[0].named_children[-1], *parts[1:]], state, run.asking())
        return {_flipped(end) if end.goes is Goes.ON else end for end in ends}
    return _left(_piped(parts, state, run), run)


def _piped(parts: Sequence[Node], state: State, run: Run) -> set[State]:
    """Each command in a shell of its own, reading what the one before it says."""
    *before, last = parts
    flows = {Flow(given=state.given)}
    for part in before:
        flows = {flow.through(end) for flow in flows for end in apart([part], replace(state, given=flow.given), run)}
    found = set()
    for flow in flows:
        for end in apart([last], replace(state, given=flow.given), run):
            status = flow.worst if "pipefail" in state.options and not end.failed else end.status
            goes = flow.through(end).goes
            found.add(replace(state, status=status, said=joined(state.said, end.said), goes=goes))
    return found


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What the next command of a pipeline is given, and the status of the last one that failed."""

    given: Value
    worst: Value = OK
    goes: Goes = Goes.ON

    def through(self, end: State) -> "Flow":
        goes = end.goes if end.goes is Goes.FOR_EVER else self.goes
        return Flow(given=end.said, worst=end.status if end.failed else self.worst, goes=goes)


def _subshell(node: Node, state: State, run: Run) -> set[State]:
    ends = apart(list(node.children), state, run)
    return _left({replace(state, status=end.status, said=joined(state.said, end.said), goes=end.goes) for end in ends}, run)


def _group(node: Node, state: State, run: Run) -> set[State]:
    if node.children[0].type != "((":
        return sequence(list(node.children), {state}, run)
    number = calculated(node, state)
    known = isinstance(number, str)
    statuses = {"1" if number == "0" else OK} if known else {OK, "1"}
    return _left({stepped(node, state).ending(status) for status in statuses}, run)


def _function(node: Node, state: State, _: Run) -> set[State]:
    body = node.child_by_field_name("body")
    name = node.child_by_field_name("name")
    if body is None or name is None:
        raise NotFollowedError("a function without a body")
    return {state.ending(OK).defining(text_of(name), body)}


def _redirected(node: Node, state: State, run: Run) -> set[State]:
    """The grammar gives `a || b >file` as a whole that is redirected; the shell redirects its last command alone."""
    body, redirects = node.child_by_field_name("body"), node.children_by_field_name("redirect")
    if (here := next((one for one in redirects if one.type == "heredoc_redirect"), None)) is not None:
        return _with_more_behind(here, _redirecting(body, redirects, state, run), run)
    return _redirecting(body, redirects, state, run)


def _redirecting(body: Node | None, redirects: list[Node], state: State, run: Run) -> set[State]:
    if body is not None and body.type == "list":
        left, connector, right = (child for child in body.children if child.type not in {"comment", "\n"})
        return _either(
            evaluate(left, state, run.asking()),
            connector.type,
            lambda end: _redirecting(right, redirects, end, run),
        )
    if body is not None and body.type == "negated_command":
        ends = _redirecting(body.named_children[-1], redirects, state, run.asking())
        return {_flipped(end) if end.goes is Goes.ON else end for end in ends}
    expansion = Expansion(run=run, substitute=_substitute)
    found = set()
    for plan in redirections.plans(redirects, state, expansion):
        inner = replace(plan.state, said="", given=plan.given)
        ends = {inner.ending(plan.status)} if body is None or plan.status != OK else evaluate(body, inner, run)
        found |= {replace(end, given=state.given, said=joined(state.said, plan.heard(end.said))) for end in ends}
    return _left(found, run)


def _with_more_behind(here: Node, ends: set[State], run: Run) -> set[State]:
    """`cat <<EOF || exit 1` and `cat <<EOF | grep x`: what stands on the line behind the here-document's word."""
    operator, right = here.child_by_field_name("operator"), here.child_by_field_name("right")
    if operator is not None and right is not None:
        return _either(ends, operator.type, lambda end: evaluate(right, end, run))
    piped = [child for child in here.children if child.type == "pipeline"]
    if not piped:
        return ends
    parts = piped[0].named_children
    return {last for end in ends for last in _left(_piped(parts, replace(end, given=end.said, said=""), run), run)}


def _assigned(nodes: Sequence[Node], state: State, run: Run) -> set[State]:
    """Assignments alone end as the last command substitution in them does."""
    expansion = Expansion(run=run, substitute=_substitute)
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


def _assignment(node: Node, state: State, run: Run) -> set[State]:
    nodes = [node] if node.type == "variable_assignment" else node.named_children
    return _left(_assigned(nodes, state, run), run)


def _declaration(node: Node, state: State, run: Run) -> set[State]:
    """`export X=$(...)` ends in 0 whatever the command substitution ends in."""
    assignments = [child for child in node.named_children if child.type == "variable_assignment"]
    return {end.ending(OK) for end in _assigned(assignments, state, run)}


def _bracket(node: Node, state: State, run: Run) -> set[State]:
    """`[ ... ]` is a command like others: what the grammar makes of its words is undone."""
    operands = [leaf for child in node.children[1:-1] for leaf in _operands(child)]
    expansion = Expansion(run=run, substitute=_substitute)
    double = node.children[0].type == "[["
    found = set()
    for _, words in expansion.words(operands, state):
        statuses = frozenset({OK, FAILED}) if double and _has_pattern(operands) else tested(words)
        found |= {state.ending(status) for status in statuses}
    return _left(found, run)


def _operands(node: Node) -> list[Node]:
    if node.type in {"binary_expression", "unary_expression", "parenthesized_expression"}:
        return [leaf for child in node.children for leaf in _operands(child)]
    return [node]


def _has_pattern(operands: Sequence[Node]) -> bool:
    return any(text_of(one) in {"=~", "&&", "||"} or one.type in {"regex", "extglob_pattern"} for one in operands)


def _command(node: Node, state: State, run: Run) -> set[State]:
    parts = [child for child in node.children if child.type not in {"comment", "\n"}]
    assignments = [part for part in parts if part.type == "variable_assignment"]
    here = [part for part in parts if part.type == "herestring_redirect"]
    words = [part for part in parts if part.is_named and part not in (*assignments, *here)]
    if here:
        return _redirected_here(here, words, assignments, state, run)
    expansion = Expansion(run=run, substitute=_substitute)
    found: set[State] = set()
    for own in _assigned(assignments, state, run) if assignments else {state}:
        for after, fields in expansion.words(words, replace(own, status=state.status)):
            found |= _called(fields, replace(after, variables=state.variables), run)
    return _left(found, run)


def _redirected_here(here: list[Node], words: list[Node], own: list[Node], state: State, run: Run) -> set[State]:
    expansion = Expansion(run=run, substitute=_substitute)
    found: set[State] = set()
    for after, told in expansion.value(here[-1].named_children[-1], state):
        given = replace(after, given=joined(told, "\n"))
        for end, fields in expansion.words(words, given):
            found |= {replace(last, given=state.given) for last in _called(fields, end, run)}
    return _left(found, run) if not own else found


def _called(words: Sequence[Field], state: State, run: Run) -> set[State]:
    """A command with its words: a function, a builtin, or a program."""
    if not words:
        return {state}
    name = words[0]
    if isinstance(name, str) and (body := dict(state.functions).get(name)) is not None:
        ends = evaluate(body, state, replace(run.deeper(), in_function=True, in_loop=False))
        return {replace(end, goes=Goes.ON) if end.goes is Goes.RETURN else end for end in ends}
    if isinstance(name, str) and name in builtins.BUILTINS:
        return builtins.BUILTINS[name](list(words[1:]), state, run)
    match words:
        case ["eval", *rest]:
            return _evaluated(rest, state, run)
        case ["exec", _, *_]:
            return {replace(end, goes=Goes.EXIT) for end in _program(words[1:], state, replace(run, alone=True))}
    return _program(words, state, run)


def _evaluated(words: Sequence[Field], state: State, run: Run) -> set[State]:
    known = [word for word in words if isinstance(word, str)]
    if len(known) < len(words):
        raise NotFollowedError("what eval is given is not known")
    root = parsed(" ".join(known), bash=run.bash)
    return sequence(list(root.children), {state.ending(OK)}, run.deeper())


def _program(words: Sequence[Field], state: State, run: Run) -> set[State]:
    command = unwrapped(words)
    if (inner := script_of(command, state.given)) is not None:
        within = replace(run, bash=inner.bash, alone=False)
        begin = State(given=state.given, options=inner.options)
        ends = script(inner.text, begin, within)
        return {_after(state, end.status, end.said, forever=end.goes is Goes.FOR_EVER) for end in ends}
    if (name := name_of(command)) in PROGRAMS_TOO:
        return _as_builtin(name, command[1:], state, run)
    results = outcomes(command, state.given, run) if command else EITHER
    return {_after(state, status, said) for status, said in results}


def _as_builtin(name: str, words: list[Field], state: State, run: Run) -> set[State]:
    if name != "[":
        return builtins.BUILTINS[name](words, state, run)
    return builtins.BUILTINS["test"](words[:-1], state, run) if words[-1:] == ["]"] else {state.ending(FAILED)}


def _after(state: State, status: Value, said: Value, *, forever: bool = False) -> State:
    goes = Goes.FOR_EVER if forever else state.goes
    return replace(state, status=status, said=joined(state.said, said), goes=goes)


def _unset(_: Node, state: State, __: Run) -> set[State]:
    return {replace(state, status=OK, variables=frozenset())}


HANDLERS: Mapping[str, Handler] = {
    "command": _command,
    "declaration_command": _declaration,
    "test_command": _bracket,
    "variable_assignment": _assignment,
    "variable_assignments": _assignment,
    "list": _list,
    "pipeline": _pipeline,
    "negated_command": _negated,
    "redirected_statement": _redirected,
    "subshell": _subshell,
    "compound_statement": _group,
    "function_definition": _function,
    "unset_command": _unset,
    "if_statement": lambda node, state, run: compounds.condition(node, state, run, evaluate_all=sequence),
    "for_statement": lambda node, state, run: compounds.for_each(
        node, state, run, evaluate_all=sequence, substitute=_substitute
    ),
    "while_statement": lambda node, state, run: compounds.loop(node, state, run, evaluate_all=sequence),
    "case_statement": lambda node, state, run: compounds.choice(
        node, state, run, evaluate_all=sequence, substitute=_substitute
    ),
}
