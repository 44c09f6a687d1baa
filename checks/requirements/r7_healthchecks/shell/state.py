"""Where a shell may be: what it has found so far, and how it goes on."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from tree_sitter import Node

from checks.requirements.r7_healthchecks.shell.values import ANY, FAILED, OK, Value

Situation = Literal["down", "error"]
"""What the check asks refuses every connection, or answers everything with an error."""

STEPS = 5000
DEEPEST = 8


class NotFollowedError(Exception):
    """This line does what is not followed here: nothing can be said of it."""


class Goes(StrEnum):
    """How a shell goes on after a command."""

    ON = "on"
    EXIT = "exit"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    FOR_EVER = "for ever"  # until Docker's timeout, which is a failure


@dataclass(frozen=True, kw_only=True)
class State:
    """A moment in the life of a shell."""

    status: Value = OK
    said: Value = ""
    given: Value = ANY
    variables: frozenset[tuple[str, Value]] = frozenset()
    functions: frozenset[tuple[str, Node]] = frozenset()
    options: frozenset[str] = frozenset()
    at_exit: str = ""
    goes: Goes = Goes.ON

    @property
    def failed(self) -> bool:
        return self.status != OK

    def value(self, name: str) -> Value:
        return dict(self.variables).get(name, ANY)  # the container's environment may have it

    def having(self, name: str, value: Value) -> "State":
        return replace(self, variables=frozenset((dict(self.variables) | {name: value}).items()))

    def defining(self, name: str, body: Node) -> "State":
        return replace(self, functions=frozenset((dict(self.functions) | {name: body}).items()))

    def ending(self, status: Value) -> "State":
        return replace(self, status=status)

    def going(self, goes: Goes) -> "State":
        return replace(self, goes=goes)

    def saying(self, text: Value) -> "State":
        return replace(self, said=text)


@dataclass(kw_only=True)
class Budget:
    """How many more steps are followed."""

    steps: int = STEPS

    def spend(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise NotFollowedError("too many ways")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What stays the same while a script is followed.

    `tested` is true where a failure is asked about (`if`, `&&`, `!`), so that `set -e` does not apply; `alone` where
    the script is one command, in whose place the shell is not there any more.
    """

    situation: Situation
    bash: bool
    script: str
    alone: bool = False
    tested: bool = False
    in_loop: bool = False
    in_function: bool = False
    depth: int = 0
    budget: Budget

    def asking(self) -> "Run":
        return replace(self, tested=True)

    def deeper(self) -> "Run":
        if self.depth >= DEEPEST:
            raise NotFollowedError("too deep")
        return replace(self, depth=self.depth + 1)


Result = tuple[Value, Value]
"""How a command ends, and what it writes to its output."""

EITHER: frozenset[Result] = frozenset({(OK, ANY), (FAILED, ANY)})
