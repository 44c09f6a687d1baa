"""Variables in a word of a Dockerfile, filled in as BuildKit does (its shell/lex.go): quotes, escapes, `${name:-word}`.

BuildKit's own lexer is to be had in Go alone; `sh` knows all of this but `${name/pattern/text}`, and the tests ask it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

NAME = re.compile(r"[A-Za-z_]\w*|\d+", re.ASCII)
OPERATORS = (":-", ":+", ":?", "-", "+", "?", "##", "#", "%%", "%", "//", "/")


def filled_in(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """The word with its variables replaced; raises ValueError for what BuildKit refuses."""
    return _Reader(text=word, values=values, escape=escape).until("")


@dataclass(kw_only=True)
class _Reader:
    """Reads a word from left to right; `at` is how far it came."""

    text: str
    values: Mapping[str, str]
    escape: str
    at: int = 0

    def until(self, stop: str, *, raw: bool = False) -> str:
        """What stands before `stop`, filled in; '' stops at the end. Raw escapes are kept, for a pattern."""
        told: list[str] = []
        while self.at < len(self.text):
            one = self._next()
            if one == stop:
                return "".join(told)
            told.append(self._special(one, raw=raw))
        if stop:
            raise ValueError(f"`{stop}` is missing in `{self.text}`")
        return "".join(told)

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def _special(self, one: str, *, raw: bool) -> str:
        if one == "'":
            return self._single_quoted()
        if one == '"':
            return self._double_quoted()
        if one == "$":
            return self._variable()
        if one == self.escape:
            return (one if raw else "") + self._next()
        return one

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise ValueError(f"a single quote is missing in `{self.text}`")
        quoted, self.at = self.text[self.at : end], end + 1
        return quoted

    def _double_quoted(self) -> str:
        told: list[str] = []
        while self.at < len(self.text):
            one = self._next()
            if one == '"':
                return "".join(told)
            if one == self.escape and self.text[self.at : self.at + 1] in {'"', "$", self.escape}:
                told.append(self._next())
            else:
                told.append(self._variable() if one == "$" else one)
        raise ValueError(f"a double quote is missing in `{self.text}`")

    def _variable(self) -> str:
        """Behind a `$`."""
        if self.text.startswith("{", self.at):
            self.at += 1
            return self._braced()
        return self.values.get(name, "") if (name := self._name()) else "$"

    def _name(self) -> str:
        found = NAME.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def _braced(self) -> str:
        """Behind a `${`."""
        name = self._name()
        if self.text.startswith("}", self.at) and name:
            self.at += 1
            return self.values.get(name, "")
        operator = next((one for one in OPERATORS if self.text.startswith(one, self.at)), "")
        if not name or not operator:
            raise ValueError(f"`{self.text}` has a substitution that BuildKit does not know")
        self.at += len(operator)
        if operator in {"/", "//"}:
            return self._replaced(self.values.get(name, ""), everywhere=operator == "//")
        word = self.until("}", raw=operator[0] in "#%")
        if operator[0] in "#%":
            return _trimmed(self.values.get(name, ""), operator, word)
        return self._chosen(name, operator, word)

    def _chosen(self, name: str, operator: str, word: str) -> str:
        there = bool(self.values.get(name)) if operator.startswith(":") else name in self.values
        if operator.endswith("+"):
            return word if there else ""
        if not there and operator.endswith("?"):
            raise ValueError(f"{name}: {word or 'is not allowed to be unset or empty'}")
        return self.values[name] if there else word

    def _replaced(self, value: str, *, everywhere: bool) -> str:
        pattern, text = self.until("/", raw=True), self.until("}", raw=True)
        return re.sub(_expression(pattern), lambda _: text, value, count=0 if everywhere else 1, flags=re.DOTALL)


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """Without what the pattern matches at the front (`#`) or the end (`%`): the shortest, or with two the longest."""
    lengths = range(len(value) + 1) if len(operator) == 1 else range(len(value), -1, -1)
    expression = re.compile(_expression(pattern), re.DOTALL)
    for length in lengths:
        front, end = (value[:length], value[length:]) if "#" in operator else (value[len(value) - length :], value)
        if expression.fullmatch(front):
            return end if "#" in operator else value[: len(value) - length]
    return value


def _expression(pattern: str) -> str:
    """A pattern of `*` and `?` as a regular expression; what is escaped stands for itself."""
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    known = {"*": ".*", "?": "."}
    return "".join(known.get(piece) or re.escape(piece.removeprefix("\\") or "\\") for piece in pieces)
