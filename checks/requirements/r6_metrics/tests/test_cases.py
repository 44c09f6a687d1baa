"""Targets, alerts and exposed text as other projects have them, and what each amounts to."""

import json
from pathlib import Path

from checks.core.registry import objections
from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.requirements.r6_metrics.judge import REQUESTS, Target, Targets
from checks.requirements.r6_metrics.observe import leading_to
from checks.roles.prometheus.client import _target, mentions
from checks.roles.prometheus.exposition import counters

CASES = Path(__file__).parent / "cases"


@parametrized(CASES, "targets")
def test_targets_are_judged_by_where_they_lead(case: Case) -> None:
    told = json.loads(text_of(case, "targets.json"))["data"]["activeTargets"]
    found = leading_to(case["addresses"], [_target(one) for one in told])
    targets = tuple(Target(job=one.job, url=one.url, health=one.health, error=one.error) for one in found)
    broken = objections(Targets(route=case["route"], targets=targets))
    assert (", ".join(sorted(broken)) or "ok") in accepted(case)


@parametrized(CASES, "about-target")
def test_an_alert_is_about_what_it_selects(case: Case) -> None:
    about = mentions(case["alert"], case["query"], case["target"], case.get("records"))
    assert ("yes" if about else "no") in accepted(case)


@parametrized(CASES, "counter")
def test_the_counter_is_named_as_prometheus_does(case: Case) -> None:
    before, after = (counters(text_of(case, f"{name}.txt"), case["content_type"]) for name in ("before", "after"))
    moved = [name for name, value in after.items() if value - before.get(name, 0) == REQUESTS]
    assert (", ".join(moved) or "none") in accepted(case)
