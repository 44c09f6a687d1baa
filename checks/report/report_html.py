"""report.html: the result for people, one page, readable without scripts."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from checks.core.results import Result
from checks.report import durations, pressed, timing
from checks.report.findings import findings
from checks.report.naming import anchor, spoken, title
from checks.report.words import (
    by_test,
    columns,
    compact,
    flat,
    printable,
    prose,
    proven_rules,
    second_try,
    tally,
    waiver,
    what_the_machine_did,
    where_the_time_went,
)


def as_html(report: Result) -> str:
    """Show the result to people: one page, whole in itself, readable without scripts."""
    environment = Environment(
        loader=PackageLoader("checks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        compact=compact,
        title=title,
        prose=prose,
        columns=columns,
        flat=flat,
        anchor=anchor,
        second_try=second_try,
        spoken=spoken,
    )
    template = environment.get_template("report.html.j2")
    slowest = timing.slowest_first(report)
    page = template.render(
        report=report,
        catalogue=report.catalog.by_id,
        judged={requirement.id: requirement for requirement in report.requirements},
        to_do=list(dict.fromkeys((found.requirement, found.rule, found.snippet) for found in findings(report))),
        seen=by_test(report),
        proven={requirement.id: proven_rules(requirement) for requirement in report.requirements},
        slowest=slowest,
        bars={bar.label: bar for bar in timing.split(slowest).bars},
        tally=tally(report),
        waivers=list(map(waiver, report.waivers)),
        spent=where_the_time_went(report),
        machine=what_the_machine_did(report),
        pressed=pressed.lanes(report),
        colours={**durations.colours(report), "set-up": 0, "working": 1, "waiting": 2},
        durations=durations,
        times=timing,
    )
    return printable(page)
