"""Shell scripts as tree-sitter-bash reads them."""

from collections.abc import Iterator
from itertools import pairwise

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from checks.requirements.r7_healthchecks.shell.state import NotFollowedError

BASH = Language(tree_sitter_bash.language())
BASH_ALONE = {"&>", "&>>", "|&", "[[", "((", "<<<", "function"}  # other shells read these as something else

RESERVED = {"{", "}", "!", "if", "then", "elif", "else", "fi", "do", "done", "while", "until", "for", "case", "esac"}


def parsed(script: str, *, bash: bool) -> Node:
    """The tree of a script; raises NotFollowedError for one that is not read as a whole, or only by bash."""
    root = Parser(BASH).parse(script.encode()).root_node
    if root.has_error:
        raise NotFollowedError("the grammar does not read it")
    if any(node.type == "command_name" and text_of(node) in RESERVED for node in every_node(root)):
        raise NotFollowedError("the grammar takes a reserved word for a command")  # it does in `! { a; }`
    if not bash and any(node.type in BASH_ALONE for node in every_node(root)):
        raise NotFollowedError("shells differ about it")
    return root


def every_node(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from every_node(child)


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def is_one_command(root: Node) -> bool:
    """Whether a script is one simple command, for which a shell makes way (`exec`)."""
    found = [child for child in root.children if child.type != "comment"]
    if len(found) == 1 and found[0].type == "redirected_statement":
        found = [child for child in found[0].children if child.type != "file_redirect"]
    return len(found) == 1 and found[0].type == "command"


def statements(children: list[Node]) -> Iterator[tuple[Node, bool]]:
    """Each statement, and whether it is sent into the background."""
    found = [child for child in children if child.is_named and child.type != "comment"]
    background = {before.id for before, child in pairwise(children) if child.type == "&"}
    for statement in found:
        yield statement, statement.id in background


def between(node: Node, first: str, last: set[str]) -> list[Node]:
    """The children behind one keyword and before the next."""
    found: list[Node] = []
    inside = False
    for child in node.children:
        if inside and child.type in last:
            break
        if inside:
            found.append(child)
        inside = inside or child.type == first
    return found
