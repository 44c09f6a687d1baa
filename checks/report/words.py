"""The same words in every output."""

import json
import re
from collections import Counter

from markupsafe import Markup, escape

from checks.core.pressure import figures
from checks.core.results import JudgedCheck, JudgedRequirement, JudgedWaiver, Result
from checks.core.run import Record
from checks.core.verdict import Json, Verdict, Violation
from checks.report import timing

SLOWEST_SHOWN = 5
SHOWN_FROM = 0.05  # seconds; less is 0.0
UNPRINTABLE = re.compile(  # with what turns the order of letters (U+202E) or a line into two
    "[^\t\n\r\x20-~\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)


def sentence(report: Result) -> str:
    """Say in one sentence what the run amounts to."""
    decisive = [found.id for found in report.requirements if found.verdict is report.verdict]
    of = f" ({', '.join(decisive)})" if decisive else ""
    why = f": {report.reasons[0]}" if report.reasons and not decisive else ""
    return f"verdict: {report.verdict}{of}{why}"


def waiver(one: JudgedWaiver) -> str:
    """Say of a waiver what it sets aside, and whether it does."""
    told = f"`{one.rule}`, until {one.until}: {one.reason}"
    match one.state:
        case "counts":
            return f"waived is {told}"
        case "expired":
            return f"a waiver is over and does not count: {told}"
        case "unused":
            return f"a waiver is not needed, for nothing violated it: {told}"


def proven_rules(requirement: JudgedRequirement) -> dict[str, str]:
    """{rule: the tier that it was proven at} of a requirement; not of one whose mutation nobody noticed."""
    doubtful = {mutation.objects for mutation in requirement.mutations if not mutation.noticed}
    proven = [rule for rule in requirement.rules if rule.verdict is Verdict.PROVEN and rule.name not in doubtful]
    return {rule.name: str(rule.tier or "no tier") for rule in proven}


def set_aside(check: JudgedCheck, violation: Violation) -> str:
    """Mark what is waived of a check's violations."""
    return " (waived)" if violation.rule in check.waived else ""


def prose(text: str) -> Markup:
    """Escape a sentence, and set what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def printable(text: str) -> str:
    """Spell out the characters that no terminal, page or XML parser should be given."""
    return UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def compact(value: Json) -> str:
    """Write JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


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
    waived = sum(check.verdict is Verdict.WAIVED for found in report.requirements for check in found.checks)
    told += [f"{waived} waived"] if waived else []
    told += [f"{sum(mutations)} of {len(mutations)} mutations noticed"] if mutations else []
    return ", ".join(told)


def where_the_time_went(report: Result) -> str:
    """Say in one line what the run's seconds were spent on, and how far tests ran side by side."""
    spent = timing.spent(report)
    waited = f" ({spent.waiting:.1f} s of it waiting)" if spent.waiting else ""
    clock = f", in {spent.wall:.1f} s: {spent.at_a_time:.1f} at a time" if spent.wall and spent.at_a_time else ""
    return f"{spent.working + spent.waiting:.1f} s of tests{waited} and {spent.setup:.1f} s of set-up{clock}"


def what_the_machine_did(report: Result) -> str:
    """Say in one line how busy it was over the run, and how many verdicts that took a second try for."""
    if report.run is None or report.run.pressure is None:
        return ""
    again = sum(test.first_try is not None for found in report.requirements for test in timing.judged(found))
    tried = f"; {again} tried again, alone, since it starved" if again else ""
    return f"tasks waited for {figures(report.run.pressure)}{tried}"


def second_try(first: str) -> str:
    """Say of a verdict that it is that of a second try, and why there was one."""
    return f"this is what a second try says, alone; the first was {first}"


def causes(report: Result) -> dict[str, dict[str, int]]:
    """{reason: {requirement: how many of its checks}} of what keeps more than one check from a verdict."""
    found: dict[str, Counter[str]] = {}
    for requirement in report.requirements:
        for check in requirement.checks:
            if check.verdict in (Verdict.UNDECIDED, Verdict.NOT_APPLICABLE) and check.reason:
                found.setdefault(check.reason, Counter())[requirement.id] += 1
    return {reason: dict(counts) for reason, counts in found.items() if counts.total() > 1}


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


def stands_at(violation: Violation) -> str:
    """Where it stands in the subject's files, behind the words for it; '' of what only a running stack shows."""
    return f" ({violation.place})" if violation.place else ""


def _short(value: Json, limit: int = 200) -> str:
    text = compact(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cell(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", " ".join(text.split()))
