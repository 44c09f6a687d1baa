"""Programs that pass on what they are given, and end in 0 whatever that is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.requirements.r7_healthchecks.shell.state import EITHER, Result
from checks.requirements.r7_healthchecks.shell.values import ANY, OK, Field, Many, Value, prefix_of


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Its options with a value, and how many of its words are neither options nor files (a script, two sets ...)."""

    with_value: frozenset[str] = frozenset()
    words: int = 0
    any_files: bool = False  # those that it names are written to
    same: bool = False  # nothing out of nothing


def _filter(with_value: str = "", *, words: int = 0, any_files: bool = False) -> Filter:
    options = frozenset(f"-{letter}" for letter in with_value)
    return Filter(with_value=options, words=words, any_files=any_files, same=True)


FILTERS: Mapping[str, Filter] = {
    "cat": _filter(),
    "head": _filter("nc"),
    "tail": _filter("nc"),
    "cut": _filter("dfcb"),
    "sort": _filter("ktoST"),
    "uniq": _filter("fsw"),
    "tr": _filter(words=2),
    "tee": _filter(any_files=True),
    "sed": _filter("l", words=1),
    "awk": _filter("Fv", words=1),
    "gawk": _filter("Fv", words=1),
    "mawk": _filter("Fv", words=1),
    "rev": _filter(),
    "tac": _filter(),
    "nl": _filter("bwsv"),
    "fold": _filter("w"),
    "wc": Filter(),
    "od": Filter(with_value=frozenset({"-A", "-t", "-N"})),
    "base64": Filter(with_value=frozenset({"-w"})),
    "md5sum": Filter(),
    "sha256sum": Filter(),
    "jq": _filter(words=1),
}
LEAVES = re.compile(r"\bexit\b|\bgetline\b|\bsystem\b")  # an awk program that chooses its status, or runs others
QUITS = re.compile(r"[qQ]\s*\d")  # so does a sed script
UNSAFE = {"sed": ("-e", "-f", "-i", "--expression", "--file", "--in-place"), "awk": ("-f", "-E"), "base64": ("-d",)}
JQ_SAFE = re.compile(r"-[rcMCaSj]+|--(raw-output|compact-output|tab|sort-keys|unbuffered|monochrome-output)")


def filtered(name: str, words: Sequence[Field], given: Value) -> frozenset[Result]:
    """How it ends on what it is given; every way where it reads files, or its script is not known."""
    known = [word for word in words if isinstance(word, str)]
    if len(known) < len(words) and not (FILTERS[name].any_files and Many.WORDS not in words):
        return EITHER
    operands = _operands(FILTERS[name], list(words))
    if not FILTERS[name].any_files and len(operands) > FILTERS[name].words:
        return EITHER
    if not _safe(name, known, operands[0] if operands else "", given):
        return EITHER
    return frozenset({(OK, given if name in {"cat", "tee"} else _passed(FILTERS[name], given))})


def _passed(one: Filter, given: Value) -> Value:
    return "" if one.same and given == "" else ANY


def _operands(one: Filter, words: list[Field]) -> list[Field]:
    found: list[Field] = []
    while words:
        word = words.pop(0)
        if isinstance(word, str) and word.startswith("-") and word != "-":
            words = words[1:] if word in one.with_value else words
        elif word != "-":
            found.append(word)
    return found


def _safe(name: str, words: Sequence[str], script: Field, given: Value) -> bool:
    """Whether nothing that it is told can make it end in anything but 0."""
    if name == "jq":
        return given == "" and all(JQ_SAFE.fullmatch(word) for word in words if word.startswith("-"))
    family = "awk" if name.endswith("awk") else name
    if any(word.startswith(UNSAFE.get(family, ("\0",))) for word in words):
        return False
    rule = {"awk": LEAVES, "sed": QUITS}.get(family)
    return rule is None or (
        bool(prefix_of(script)) and not rule.search(str(script)) if not isinstance(script, Many) else False
    )
