"""Follows a script along every way that it may take (POSIX Shell Command Language, 2.8 and 2.9)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell import builtins, compounds, redirections
from checks.requirements.r7_healthchecks.shell.arithmetic import calculated, stepped
from checks.requirements.r7_healthchecks.shell.conditions import tested
from checks.requirements.r7_healthchecks.shell.expansion import Expansion
from checks.requirements.r7_healthchecks.shell.grammar import is_one_command, parsed, statements
from checks.requirements.r7_healthchecks.shell.programs import name_of, outcomes, script_of, unwrapped
from checks.requirements.r7_healthchecks.shell.state import (
    EITHER,
    Budget,
    Goes,
    NotFollowedError,
    Run,
    Situation,
    State,
)
from checks.requirements.r7_healthchecks.shell.steps import (
    PROGRAMS_TOO,
    Flow,
    after_program,
    as_builtin,
    assigned,
    either,
    flipped,
    function,
    has_pattern,
    left_by,
    operands,
    unset,
)
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Field, Value, joined, without_last_lines

Handler = Callable[[Node, State, Run], set[State]]
NEVER = "never"


def ends_of(words: Sequence[str], situation: Situation) -> set[Value]:
    """The statuses in which a command may end: "0", another number, FAILED, or NEVER where it may have no end.

    Raises NotFollowedError where it does what is not followed here.
    """
    run = Run(situation=situation, bash=False, script="", alone=True, budget=Budget())
    return {NEVER if end.goes is Goes.FOR_EVER else end.status for end in _program(words, State(), run)}


def script(text: str, state: State, run: Run) -> set[State]:
    """A shell that is given this script, from its start to its end."""
    root = parsed(text, bash=run.bash)
    inside = replace(run.deeper(), tested=False, in_loop=False, in_function=False)
    here = replace(inside, script=text, alone=is_one_command(root))
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


def apart(children: list[Node], state: State, run: Run) -> set[State]:
    """A shell of its own for these: gives its status and what it said, and nothing else of it."""
    begin = replace(state, said="", goes=Goes.ON, at_exit="")
    ends = sequence(children, {begin}, replace(run, in_loop=False))
    if any(end.at_exit for end in ends):
        raise NotFollowedError("a trap of a shell inside the shell")
    return {replace(end, goes=end.goes if end.goes is Goes.FOR_EVER else Goes.ON) for end in ends}


def _substitute(children: list[Node], state: State, run: Run) -> set[State]:
    ends = apart(children, state, run)
    if any(end.goes is Goes.FOR_EVER for end in ends):
        raise NotFollowedError("a command substitution may not come to an end")
    return {state.ending(end.status).saying(without_last_lines(end.said)) for end in ends}


def _expansion(run: Run) -> Expansion:
    return Expansion(run=run, substitute=_substitute)


def _list(node: Node, state: State, run: Run) -> set[State]:
    left, connector, right = (child for child in node.children if child.type not in {"comment", "\n"})
    return either(evaluate(left, state, run.asking()), connector.type, lambda end: evaluate(right, end, run))


def _negated(node: Node, state: State, run: Run) -> set[State]:
    ends = evaluate(node.named_children[-1], state, run.asking())
    return {flipped(end) if end.goes is Goes.ON else end for end in ends}


def _pipeline(node: Node, state: State, run: Run) -> set[State]:
    parts = [child for child in node.named_children if child.type != "comment"]
    if parts[0].type == "negated_command":  # `!` is of the whole pipeline
        ends = _piped([parts[0].named_children[-1], *parts[1:]], state, run.asking())
        return {flipped(end) if end.goes is Goes.ON else end for end in ends}
    return left_by(_piped(parts, state, run), run)


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


def _subshell(node: Node, state: State, run: Run) -> set[State]:
    ends = apart(list(node.children), state, run)
    after = {replace(state, status=end.status, said=joined(state.said, end.said), goes=end.goes) for end in ends}
    return left_by(after, run)


def _group(node: Node, state: State, run: Run) -> set[State]:
    if node.children[0].type != "((":
        return sequence(list(node.children), {state}, run)
    number = calculated(node, state)
    statuses = {"1" if number == "0" else OK} if isinstance(number, str) else {OK, "1"}
    return left_by({stepped(node, state).ending(status) for status in statuses}, run)


def _redirected(node: Node, state: State, run: Run) -> set[State]:
    """The grammar gives `a || b >file` as a whole that is redirected; the shell redirects its last command alone."""
    body, redirects = node.child_by_field_name("body"), node.children_by_field_name("redirect")
    if (here := next((one for one in redirects if one.type == "heredoc_redirect"), None)) is not None:
        return _with_more_behind(here, _redirecting(body, redirects, state, run), run)
    return _redirecting(body, redirects, state, run)


def _redirecting(body: Node | None, redirects: list[Node], state: State, run: Run) -> set[State]:
    if body is not None and body.type == "list":
        left, connector, right = (child for child in body.children if child.type not in {"comment", "\n"})
        begun = evaluate(left, state, run.asking())
        return either(begun, connector.type, lambda end: _redirecting(right, redirects, end, run))
    if body is not None and body.type == "negated_command":
        ends = _redirecting(body.named_children[-1], redirects, state, run.asking())
        return {flipped(end) if end.goes is Goes.ON else end for end in ends}
    found = set()
    for plan in redirections.plans(redirects, state, _expansion(run)):
        inner = replace(plan.state, said="", given=plan.given)
        ends = {inner.ending(plan.status)} if body is None or plan.status != OK else evaluate(body, inner, run)
        found |= {replace(end, given=state.given, said=joined(state.said, plan.heard(end.said))) for end in ends}
    return left_by(found, run)


def _with_more_behind(here: Node, ends: set[State], run: Run) -> set[State]:
    """`cat <<EOF || exit 1` and `cat <<EOF | grep x`: what stands on the line behind the here-document's word."""
    operator, right = here.child_by_field_name("operator"), here.child_by_field_name("right")
    if operator is not None and right is not None:
        return either(ends, operator.type, lambda end: evaluate(right, end, run))
    piped = [child for child in here.children if child.type == "pipeline"]
    if not piped:
        return ends
    parts = piped[0].named_children
    return {last for end in ends for last in left_by(_piped(parts, replace(end, given=end.said, said=""), run), run)}


def _assignment(node: Node, state: State, run: Run) -> set[State]:
    nodes = [node] if node.type == "variable_assignment" else node.named_children
    return left_by(assigned(nodes, state, _expansion(run)), run)


def _declaration(node: Node, state: State, run: Run) -> set[State]:
    """`export X=$(...)` ends in 0 whatever the command substitution ends in."""
    assignments = [child for child in node.named_children if child.type == "variable_assignment"]
    return {end.ending(OK) for end in assigned(assignments, state, _expansion(run))}


def _bracket(node: Node, state: State, run: Run) -> set[State]:
    """`[ ... ]` is a command like others: what the grammar makes of its words is undone."""
    leaves = [leaf for child in node.children[1:-1] for leaf in operands(child)]
    double = node.children[0].type == "[["
    expansion, found = _expansion(run), set()
    for _, words in (expansion.values if double else expansion.words)(leaves, state):
        statuses: frozenset[Value] = frozenset({OK, FAILED}) if double and has_pattern(leaves) else tested(words)
        found |= {state.ending(status) for status in statuses}
    return left_by(found, run)


def _command(node: Node, state: State, run: Run) -> set[State]:
    parts = [child for child in node.children if child.type not in {"comment", "\n"}]
    assignments = [part for part in parts if part.type == "variable_assignment"]
    here = [part for part in parts if part.type == "herestring_redirect"]
    words = [part for part in parts if part.is_named and part not in (*assignments, *here)]
    if here:
        return _redirected_here(here, words, assignments, state, run)
    expansion = _expansion(run)
    found: set[State] = set()
    for own in assigned(assignments, state, _expansion(run)) if assignments else {state}:
        for after, fields in expansion.words(words, replace(own, status=state.status)):
            found |= _called(fields, replace(after, variables=state.variables), run)
    return left_by(found, run)


def _redirected_here(here: list[Node], words: list[Node], own: list[Node], state: State, run: Run) -> set[State]:
    expansion = _expansion(run)
    found: set[State] = set()
    for after, told in expansion.value(here[-1].named_children[-1], state):
        given = replace(after, given=joined(told, "\n"))
        for end, fields in expansion.words(words, given):
            found |= {replace(last, given=state.given) for last in _called(fields, end, run)}
    return left_by(found, run) if not own else found


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
    return sequence(list(parsed(" ".join(known), bash=run.bash).children), {state.ending(OK)}, run.deeper())


def _program(words: Sequence[Field], state: State, run: Run) -> set[State]:
    command = unwrapped(words)
    if (inner := script_of(command, state.given)) is not None:
        begin = State(given=state.given, options=inner.options)
        ends = script(inner.text, begin, replace(run, bash=inner.bash, alone=False))
        return {after_program(state, end.status, end.said, forever=end.goes is Goes.FOR_EVER) for end in ends}
    if (name := name_of(command)) in PROGRAMS_TOO:
        return as_builtin(name, command[1:], state, run)
    results = outcomes(command, state.given, run) if command else EITHER
    return {after_program(state, status, said) for status, said in results}


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
    "function_definition": function,
    "unset_command": unset,
    "if_statement": lambda node, state, run: compounds.condition(node, state, run, evaluate_all=sequence),
    "for_statement": lambda node, state, run: compounds.for_each(
        node, state, run, evaluate_all=sequence, substitute=_substitute
    ),
    "while_statement": lambda node, state, run: compounds.loop(node, state, run, evaluate_all=sequence),
    "case_statement": lambda node, state, run: compounds.choice(
        node, state, run, evaluate_all=sequence, substitute=_substitute
    ),
}
