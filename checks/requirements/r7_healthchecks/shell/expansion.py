"""What becomes of the words of a command: variables, command substitutions, arithmetic, quotes."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.arithmetic import calculated
from checks.requirements.r7_healthchecks.shell.grammar import text_of
from checks.requirements.r7_healthchecks.shell.state import Run, State
from checks.requirements.r7_healthchecks.shell.values import ANY, Field, Many, Some, Value, joined

Substitute = Callable[[list[Node], State, Run], set[State]]
"""Follows the commands of a command substitution, and gives status and output of each way."""

GLOB = re.compile(r"[*?\[]")
ESCAPED = re.compile(r"\\(\n|.)", re.DOTALL)
ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\\n])')


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a word; `splits` where the shell makes several words of it."""

    value: Value
    splits: bool = False


Pieces = tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """Expands words; a command substitution is followed by whoever follows commands."""

    run: Run
    substitute: Substitute

    def words(self, nodes: Sequence[Node], state: State) -> Iterator[tuple[State, tuple[Field, ...]]]:
        """Every way in which these words may come out."""
        if not nodes:
            yield state, ()
            return
        for after, pieces in self.pieces(nodes[0], state):
            for last, others in self.words(nodes[1:], after):
                yield last, (*fields(pieces), *others)

    def values(self, nodes: Sequence[Node], state: State) -> Iterator[tuple[State, tuple[Field, ...]]]:
        """The same for words of which none is split: those between `[[` and `]]`."""
        if not nodes:
            yield state, ()
            return
        for after, value in self.value(nodes[0], state):
            for last, others in self.values(nodes[1:], after):
                yield last, (value, *others)

    def value(self, node: Node | None, state: State) -> Iterator[tuple[State, Value]]:
        """The same for what is not split: the right side of an assignment, what `case` looks at."""
        if node is None:
            yield state, ""
            return
        for after, pieces in self.pieces(node, state):
            yield after, whole(pieces)

    def pieces(self, node: Node, state: State, *, quoted: bool = False) -> Iterator[tuple[State, Pieces]]:
        if (literal := _literal(node)) is not None:
            yield state, (literal,)
            return
        match node.type:
            case "string":
                yield from self._string(node, state)
            case "concatenation" | "command_name":
                yield from self._parts(list(node.children), state, quoted=quoted)
            case "simple_expansion" | "expansion":
                yield state, (Piece(value=_variable(node, state), splits=not quoted),)
            case "arithmetic_expansion":
                yield state, (Piece(value=calculated(node, state)),)
            case "command_substitution":
                for end in self.substitute(list(node.children), state, self.run):
                    yield state.ending(end.status), (Piece(value=end.said, splits=not quoted),)
            case _:
                yield state, (Piece(value=ANY, splits=True),)

    def _parts(self, nodes: list[Node], state: State, *, quoted: bool) -> Iterator[tuple[State, Pieces]]:
        if not nodes:
            yield state, ()
            return
        for after, pieces in self.pieces(nodes[0], state, quoted=quoted):
            for last, others in self._parts(nodes[1:], after, quoted=quoted):
                yield last, (*pieces, *others)

    def _string(self, node: Node, state: State) -> Iterator[tuple[State, Pieces]]:
        """In double quotes; blanks between two expansions are in no node of their own."""
        inside = node.children[1:-1]
        for after, pieces in self._parts(inside, state, quoted=True):
            yield after, (Piece(value=""), *pieces) if _is_whole(node, inside) else (Piece(value=ANY),)


def _literal(node: Node) -> Piece | None:
    """What stands for itself, without its quotes; None for what has to be evaluated."""
    if node.type in {"word", "extglob_pattern", "number", "test_operator", "special_variable_name", "regex"}:
        return _unquoted(text_of(node))
    if node.type == "raw_string":
        return Piece(value=text_of(node)[1:-1])
    if node.type == "string_content":
        return Piece(value=ESCAPED_IN_QUOTES.sub(_without_backslash, text_of(node)))
    return None


def _is_whole(node: Node, inside: list[Node]) -> bool:
    """Whether the nodes in a string leave nothing out between them."""
    return sum(child.end_byte - child.start_byte for child in inside) == node.end_byte - node.start_byte - 2


def fields(pieces: Pieces) -> tuple[Field, ...]:
    """The words that one word becomes."""
    if len(pieces) == 1 and pieces[0].splits:
        value = pieces[0].value
        if isinstance(value, str):
            return tuple(value.split())
        return (value,) if value.number else (Many.WORDS,)
    return (whole(pieces),)


def whole(pieces: Pieces) -> Value:
    value: Value = ""
    for piece in pieces:
        value = joined(value, piece.value)
    return value


def _variable(node: Node, state: State) -> Value:
    """`$x`, `${x}`, and `${x:-otherwise}` where x is known."""
    named = [child for child in node.children if child.is_named]
    name = text_of(named[0]) if named else ""
    if name == "?":
        return state.status
    if len(node.children) > len(named) + (1 if node.type == "simple_expansion" else 2):  # with an operator
        known = state.value(name)
        return known if isinstance(known, str) and known and _has_default(node) else ANY
    return state.value(name)


def _has_default(node: Node) -> bool:
    return any(child.type in {":-", "-"} for child in node.children)


def _unquoted(text: str) -> Piece:
    literal = ESCAPED.sub(lambda found: "" if found[1] == "\n" else found[1], text)
    if glob := GLOB.search(text):
        return Piece(value=Some(prefix=text[: glob.start()], may_be_empty=False))
    return Piece(value=literal)


def _without_backslash(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]
