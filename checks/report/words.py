"""The same words in every output."""

import json
import re

from markupsafe import Markup, escape

from checks.core.results import Result
from checks.core.run import Record
from checks.core.verdict import Json, Verdict, Violation
from checks.report import timing

SLOWEST_SHOWN = 5
SHOWN_FROM = 0.05  # seconds; less is 0.0
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sentence(report: Result) -> str:
    """Say in one sentence what the run amounts to."""
    decisive = [found.id for found in report.requirements if found.verdict is report.verdict]
    of = f" ({', '.join(decisive)})" if decisive else ""
    why = f": {report.reasons[0]}" if report.reasons and not decisive else ""
    return f"verdict: {report.verdict}{of}{why}"


def title(name: str) -> str:
    """Read a test's name as the sentence that it is."""
    words, bracket, case = name.partition("::")[2].removeprefix("test_").partition("[")
    return words.replace("_", " ") + (f" [{case}" if bracket else "")


def prose(text: str) -> Markup:
    """Escape a sentence, and set what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def printable(text: str) -> str:
    """Spell out the characters that no terminal, page or XML parser should be given."""
    return UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def compact(value: Json) -> str:
    """Write JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


def anchor(name: str) -> str:
    """Give the place on the page where a test stands."""
    return re.sub(r"\W+", "-", name).strip("-")


def columns(value: Json) -> list[str]:
    """Give the columns of what can be shown as a table: several records with the same flat fields."""
    rows = value if isinstance(value, list) and len(value) > 1 else []
    fields = list(rows[0]) if rows and isinstance(rows[0], dict) else []
    fit = all(isinstance(row, dict) and list(row) == fields and all(map(flat, row.values())) for row in rows)
    return fields if fit else []


def flat(value: Json) -> bool:
    """Tell what can be shown in a line: a plain value, or a list of such."""
    inside = value if isinstance(value, list) else [value]
    return not any(isinstance(one, dict | list) for one in inside)


def tally(report: Result) -> str:
    """Count what was judged."""
    checks = [check.verdict is Verdict.PROVEN for found in report.requirements for check in found.checks]
    mutations = [mutation.noticed for found in report.requirements for mutation in found.mutations]
    told = [f"{len(report.requirements)} of {len(report.catalog.requirements)} requirements judged"]
    told += [f"{sum(checks)} of {len(checks)} checks proven"] if checks else []
    told += [f"{sum(mutations)} of {len(mutations)} mutations noticed"] if mutations else []
    return ", ".join(told)


def where_the_time_went(report: Result) -> str:
    """Say in one line what the run's seconds were spent on, and how far tests ran side by side."""
    spent = timing.spent(report)
    waited = f" ({spent.waiting:.1f} s of it waiting)" if spent.waiting else ""
    clock = f", in {spent.wall:.1f} s: {spent.at_a_time:.1f} at a time" if spent.wall and spent.at_a_time else ""
    return f"{spent.working + spent.waiting:.1f} s of tests{waited} and {spent.setup:.1f} s of set-up{clock}"


def by_test(report: Result) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in report.records:
        found.setdefault(record.name, []).append(record)
    return found


def of_it(test: timing.Timed) -> str:
    told = {"set-up": test.setup, "waiting": test.waiting}
    some = [f"{name} {seconds:.1f} s" for name, seconds in told.items() if seconds >= SHOWN_FROM]
    return f" ({', '.join(some)})" if some else ""


def indented(text: str) -> str:
    return " " * 19 + text


def objection(violation: Violation) -> str:
    return f"{violation.rule}: seen {_short(violation.seen)}, wanted {_short(violation.wanted)}"


def _short(value: Json, limit: int = 200) -> str:
    text = compact(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cell(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", " ".join(text.split()))
