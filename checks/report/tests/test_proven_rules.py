"""Page and summary say at which tier each rule was proven, and not of one whose mutation nobody noticed."""

from dataclasses import replace

from checks.core.judging import judged
from checks.core.results import JudgedRule, Result
from checks.core.tests.sample_run import FAILING, PASSING
from checks.core.tier import Tier
from checks.core.verdict import Verdict
from checks.report.report_html import as_html
from checks.report.summary_md import as_markdown
from checks.report.words import proven_rules

RULES = (
    JudgedRule(name="kill-keeps", verdict=Verdict.PROVEN, tier=Tier.EXERCISED),
    JudgedRule(name="redis-keeps-the-data", verdict=Verdict.PROVEN, tier=Tier.DECLARED),
    JudgedRule(name="down-up-keeps", verdict=Verdict.UNDECIDED, tier=None),
)


def with_rules(result: Result) -> Result:
    first, *others = result.requirements
    return replace(result, requirements=(replace(first, rules=RULES), *others))


def test_the_summary_says_the_tier_of_each_rule() -> None:
    told = as_markdown(with_rules(judged(PASSING)))
    assert "- **R3** proven, declared: `redis-keeps-the-data` · exercised: `kill-keeps`" in told.splitlines()


def test_the_page_says_the_tier_of_each_rule() -> None:
    page = as_html(with_rules(judged(PASSING)))
    for name, tier in (("redis-keeps-the-data", "declared"), ("kill-keeps", "exercised")):
        assert f'<code class="quiet">{name}</code> <span class="quiet">{tier}</span></li>' in page
    assert '<code class="quiet">down-up-keeps</code></li>' in page


def test_a_rule_whose_mutation_nobody_noticed_is_not_proven() -> None:
    requirement = judged(FAILING).requirements[0]
    (missed,) = [one for one in requirement.mutations if not one.noticed]
    assert missed.objects
    rules = (*RULES, JudgedRule(name=missed.objects, verdict=Verdict.PROVEN, tier=Tier.RUNNING))
    assert proven_rules(replace(requirement, rules=rules)) == {
        "kill-keeps": "exercised",
        "redis-keeps-the-data": "declared",
    }
