"""What an expression selects, by a parser that follows Prometheus' own grammar: promql-parser, of GreptimeDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from promql_parser import Expr, Matcher, MatchOp, VectorSelector, parse, walk

TELLING = {"job", "instance"}  # the labels that say which target a series is of
OF_TARGETS = re.compile(r"up|scrape_\w+")  # Prometheus' own series of each target, with its labels and no others
MATCHES: Mapping[str, Callable[[str, str], bool]] = {  # a regular expression is of the whole value
    str(MatchOp.Equal): lambda text, value: text == value,
    str(MatchOp.NotEqual): lambda text, value: text != value,
    str(MatchOp.Re): lambda text, value: re.fullmatch(text, value) is not None,
    str(MatchOp.NotRe): lambda text, value: re.fullmatch(text, value) is None,
}
Records = Mapping[str, Sequence[str]]
"""{name of a recorded series: the expressions that make it}."""


def selects(query: str, target: Mapping[str, str], records: Records | None = None) -> bool:
    """Whether an expression selects series of a target by name of its job or its instance, recorded series followed.

    Of the series that Prometheus itself makes of each target every label tells.

    Where the recording rules are not known (None), a name that only a recording rule gives (with colons in it, as
    Prometheus' documentation has it) is taken for one about the target: nothing says otherwise. What the parser does
    not read selects nothing.
    """
    try:
        return _selects(parse(query), target, records, frozenset())
    except ValueError:
        return False


def _selects(expression: Expr, target: Mapping[str, str], records: Records | None, followed: frozenset[str]) -> bool:
    return any(_is_about(selector, target, records, followed) for selector in selectors(expression))


def selectors(expression: Expr) -> list[VectorSelector]:
    found: list[VectorSelector] = []

    def note(one: Expr) -> None:
        if isinstance(one, VectorSelector):
            found.append(one)

    walk(expression, note)
    return found


def _is_about(
    selector: VectorSelector, target: Mapping[str, str], records: Records | None, followed: frozenset[str]
) -> bool:
    ways = [selector.matchers.matchers, *selector.matchers.or_matchers]
    all_tell = OF_TARGETS.fullmatch(selector.name or "") is not None
    telling = [own for way in ways if (own := [one for one in way if all_tell or one.name in TELLING])]
    if telling:
        return any(_all_accept(own, target) for own in telling)
    name = selector.name or ""
    if name in followed or (":" not in name and name not in (records or {})):
        return False
    if records is None:
        return True
    return any(_selects(parse(made), target, records, followed | {name}) for made in records.get(name, ()))


def _all_accept(matchers: Iterable[Matcher], target: Mapping[str, str]) -> bool:
    return all(MATCHES[str(one.op)](one.value, target.get(one.name, "")) for one in matchers)
