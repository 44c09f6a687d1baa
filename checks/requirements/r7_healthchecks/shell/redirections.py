"""Where a command reads from, and who hears what it says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.expansion import Expansion
from checks.requirements.r7_healthchecks.shell.grammar import text_of
from checks.requirements.r7_healthchecks.shell.state import NotFollowedError, State
from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Many, Value, joined, prefix_of

Ear = Literal["output", "errors", "nobody"]
OUT = {">", ">>", ">|"}
CONNECTIONS = ("/dev/tcp/", "/dev/udp/")  # of bash: opening them connects


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a command runs: what it is given, where its output and its errors go; `status` where it does not run."""

    state: State
    given: Value
    output: Ear = "output"
    errors: Ear = "errors"
    status: Value = OK

    def heard(self, said: Value) -> Value:
        """What of it is heard by whoever reads the output."""
        told = said if self.output == "output" else ""
        return joined(told, ANY) if self.errors == "output" else told


def plans(redirects: Sequence[Node], state: State, expansion: Expansion) -> Iterator[Plan]:
    """Every way in which these redirections may come out."""
    ahead = [Plan(state=state, given=state.given)]
    for node in redirects:
        ahead = [after for plan in ahead for after in _plan(node, plan, expansion)]
    yield from ahead


def _plan(node: Node, plan: Plan, expansion: Expansion) -> Iterator[Plan]:
    if plan.status != OK:
        yield plan
    elif node.type == "heredoc_redirect":
        yield replace(plan, given=_document(node))
    elif node.type == "herestring_redirect":
        for state, value in expansion.value(node.named_children[-1], plan.state):
            yield replace(plan, state=state, given=joined(value, "\n"))
    else:
        yield from _file(node, plan, expansion)


def _document(node: Node) -> Value:
    """The text of a here-document, where nothing in it is expanded."""
    body = next((child for child in node.children if child.type == "heredoc_body"), None)
    if body is None:
        return ""
    start = next(text_of(child) for child in node.children if child.type == "heredoc_start")
    plain = start[:1] in {"'", '"', "\\"} or not any(mark in text_of(body) for mark in "$`\\")
    return text_of(body) if plain else ANY


def _file(node: Node, plan: Plan, expansion: Expansion) -> Iterator[Plan]:
    descriptor = next((text_of(child) for child in node.children if child.type == "file_descriptor"), "")
    kind = next(child.type for child in node.children if not child.is_named)
    target = node.children_by_field_name("destination")
    for state, words in expansion.words(target, plan.state):
        word: Value = ANY if len(words) != 1 or isinstance(words[0], Many) else words[0]
        here = replace(plan, state=replace(state, status=plan.state.status))
        if prefix_of(word).startswith(CONNECTIONS):
            yield from _connection(here, expansion, reading=kind == "<")
        elif kind == "<":
            yield from _read(here, word, descriptor)
        else:
            yield _written(here, kind, descriptor or "1", word)


def _connection(plan: Plan, expansion: Expansion, *, reading: bool) -> Iterator[Plan]:
    """It fails where nobody listens; a service that answers with errors does listen."""
    if not expansion.run.bash:
        raise NotFollowedError("/dev/tcp is bash's alone")
    if expansion.run.situation == "down":
        yield replace(plan, status=FAILED)
    else:
        yield replace(plan, given=ANY if reading else plan.given, output=plan.output if reading else "nobody")


def _read(plan: Plan, word: Value, descriptor: str) -> Iterator[Plan]:
    """A file that is read may be the service's sign of life: it is there, or not."""
    if word == "/dev/null":
        yield replace(plan, given="")
    else:
        yield replace(plan, given=plan.given if descriptor not in {"", "0"} else ANY)
        yield replace(plan, status=FAILED)


def _written(plan: Plan, kind: str, descriptor: str, word: Value) -> Plan:
    """That a file can be written to says nothing of the service, and is taken as given."""
    if kind in {"&>", "&>>"}:
        return replace(plan, output="nobody", errors="nobody")
    ears: dict[Value, Ear] = {"1": plan.output, "2": plan.errors}
    ear: Ear = "nobody" if kind in OUT else ears.get(word, "nobody")
    if kind == ">&" and word not in ears and word != "-":
        return replace(plan, output="nobody", errors="nobody")
    return replace(plan, output=ear) if descriptor == "1" else replace(plan, errors=ear) if descriptor == "2" else plan
