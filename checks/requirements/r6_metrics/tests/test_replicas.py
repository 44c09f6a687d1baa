"""Every replica of the app is to be scraped."""

import json
from pathlib import Path

from checks.core.registry import objections
from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.requirements.r6_metrics.judge import Target, Targets
from checks.requirements.r6_metrics.observe import _targets
from checks.roles.prometheus.client import Prometheus, ScrapeTarget, _target

CASES = Path(__file__).with_name("cases")


class Answering(Prometheus):
    """One that answers what a case holds."""

    def __init__(self, case: Case) -> None:
        super().__init__("127.0.0.1:1")
        object.__setattr__(self, "told", json.loads(text_of(case, "targets.json"))["data"])

    def targets(self) -> list[ScrapeTarget]:
        return [_target(one) for one in self.told["activeTargets"]]  # type: ignore[attr-defined]


@parametrized(CASES, "targets")
def test_every_replica_is_scraped(case: Case) -> None:
    found = _targets(Answering(case), set(case["addresses"]))
    targets = tuple(Target(job=one.job, url=one.url, health=one.health, error=one.error) for one in found)
    objected = objections(Targets(route=case["route"], targets=targets))
    assert (", ".join(sorted(objected)) or "ok") in accepted(case)
