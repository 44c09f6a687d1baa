"""The words of a shell's line, as the grammar of tree-sitter-bash reads it: nothing is expanded, and nothing run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

BASH = Language(tree_sitter_bash.language())
BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
IN_QUOTES = re.compile(r'\\([$`"\\])')
WORDS = {"command_name", "word", "string", "raw_string", "ansi_c_string", "concatenation", "number", "simple_expansion",
         "expansion", "command_substitution", "arithmetic_expansion"}  # fmt: skip


def commands_in(script: str, *, awaited: bool = False) -> Iterator[tuple[str, ...]]:
    """The words of each simple command, the assignments in front of it included, wherever it stands in the script.

    Quotes are taken off; a variable or `$(...)` stays as it is written. What the grammar does not read is left out, and
    what is sent to the background, if only what the shell waits for is `awaited`.
    """
    for node in _every(Parser(BASH).parse(script.encode()).root_node, awaited=awaited):
        if node.type in {"command", "declaration_command"}:
            yield tuple(_words([child for child in node.children if child.type in {*WORDS, "variable_assignment"}]))
        elif node.type == "variable_assignment" and node.parent and node.parent.type not in _WITH_ASSIGNMENTS:
            yield (_word(node),)


def _words(nodes: list[Node]) -> list[str]:
    """One for each node; what stands together is one word (the grammar ends one at an escaped `;`)."""
    found: list[str] = []
    end = -1
    for node in nodes:
        if node.start_byte == end:
            found[-1] += _word(node)
        else:
            found.append(_word(node))
        end = node.end_byte
    return found


_WITH_ASSIGNMENTS = {"command", "declaration_command"}


def _every(node: Node, *, awaited: bool) -> Iterator[Node]:
    """A node and all below it, in their order; if only the `awaited`, not into what stands before a `&`."""
    ahead = [node]
    while ahead:
        found = ahead.pop()
        yield found
        ahead += [one for one in reversed(found.children) if not (awaited and _in_background(one))]


def _in_background(node: Node) -> bool:
    return node.next_sibling is not None and node.next_sibling.type == "&"


def _word(node: Node) -> str:
    text = (node.text or b"").decode()
    match node.type:
        case "raw_string":
            return text[1:-1]
        case "string":
            return IN_QUOTES.sub(r"\1", text[1:-1])
        case "word":
            return BACKSLASH.sub(r"\1", text)
        case "command_name" | "concatenation" | "variable_assignment":
            return _joined(node, text)
    return text


def _joined(node: Node, text: str) -> str:
    """The parts of one word, with whatever stands between them (`=` of an assignment)."""
    told, at = "", node.start_byte
    whole = text.encode()
    for child in node.children:
        told += whole[at - node.start_byte : child.start_byte - node.start_byte].decode() + _word(child)
        at = child.end_byte
    return told + whole[at - node.start_byte :].decode()
