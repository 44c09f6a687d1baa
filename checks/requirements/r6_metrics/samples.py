"""Observations for R6 as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r6_metrics.judge import (
    LATE_SECONDS,
    REQUESTS,
    Aimed,
    Alarm,
    ConfigurationCheck,
    Counted,
    Promtool,
    Rhythm,
    SamplesKept,
    ScrapeJob,
    Scraping,
    Target,
    Targets,
)

UP = Target(job="api", url="http://api:5000/prom-metrics", health="up", error="")
DOWN = replace(UP, health="down", error="server returned HTTP status 404 Not Found")
SCRAPED = Targets(route="/prom-metrics", targets=(UP,))
JOB = ScrapeJob(job="api", target="api:5000", path="/prom-metrics")
NAMED = Scraping(prometheus="prometheus", api="api", route="/prom-metrics", leading=(JOB,))
AIMED = Aimed(prometheus="prometheus", api="api", jobs=3, leading=1)
MOVED = Counted(requests=REQUESTS, series="requests_total{}", exposed=float(REQUESTS), in_prometheus=float(REQUESTS))
WRITES = replace(MOVED, kind="writes")
CHECKED = Promtool(
    file="/etc/prometheus/prometheus.yml",
    exit_code=0,
    said=("Checking /etc/prometheus/prometheus.yml", "SUCCESS: 1 rule files found"),
)
TESTED = Promtool(
    file="/etc/prometheus/rules_test.yml",
    exit_code=0,
    said=("Unit Testing:  /etc/prometheus/rules_test.yml", "SUCCESS"),
)
CLEAN = ConfigurationCheck(checked=CHECKED, tested=(TESTED,))
REGULAR = Rhythm(series="up{}", interval_s=2.0, scrapes=(100.0, 102.0, 104.9, 106.0))
FIRED = {"fire": 13.0, "resolve": 1.0}
ALARMED = Alarm(
    service="api",
    active_before=(),
    fired=("ServiceDown",),
    phases=FIRED,
    bound_s=16.0,
    resolve_bound_s=6.0,
)
KEPT = SamplesKept(series="up{}", came_back_anew=True, samples=12, lost=0)

PASSING: tuple[object, ...] = (
    SCRAPED,
    NAMED,
    AIMED,
    MOVED,
    CLEAN,
    replace(CLEAN, tested=()),
    REGULAR,
    ALARMED,
    replace(ALARMED, active_before=("HighErrorRate",)),
    KEPT,
)

FAILING: dict[str, tuple[object, ...]] = {
    "target-up": (
        replace(SCRAPED, targets=(DOWN,)),
        replace(SCRAPED, targets=(DOWN, UP)),  # one of two replicas
        replace(SCRAPED, targets=(replace(DOWN, health="unknown"),)),
        replace(AIMED, leading=0),
        Aimed(prometheus="", api="api", jobs=0, leading=0),
    ),
    "scrapes-the-metrics-route": (
        replace(NAMED, leading=(replace(JOB, path="/metrics"),)),
        replace(SCRAPED, targets=(replace(UP, url=f"{UP.url}/"),)),
        replace(SCRAPED, targets=(UP, replace(UP, url="http://api:5000/other"))),
    ),
    "scraped-by-one-job": (
        replace(SCRAPED, targets=(UP, replace(UP, job="again"))),
        replace(NAMED, leading=(JOB, replace(JOB, job="again"))),
    ),
    "counter-moves-exactly": (
        replace(MOVED, in_prometheus=REQUESTS + 1.0),
        replace(MOVED, in_prometheus=REQUESTS - 1.0),
        replace(MOVED, in_prometheus=None),
        replace(MOVED, exposed=2.0 * REQUESTS),
    ),
    "configuration-clean": (
        replace(CLEAN, checked=replace(CHECKED, exit_code=1)),
        replace(CLEAN, checked=replace(CHECKED, said=(*CHECKED.said, "1 duplicate rule(s) found."))),
        replace(CLEAN, checked=replace(CHECKED, said=CHECKED.said[:1])),
    ),
    "rule-tests-pass": (
        replace(CLEAN, tested=(TESTED, replace(TESTED, exit_code=1))),
        replace(CLEAN, tested=(replace(TESTED, said=()), TESTED)),
    ),
    "interval-honoured": (
        replace(REGULAR, scrapes=(100.0, 102.0, 105.1, 106.0)),
        replace(REGULAR, scrapes=(100.0, 100.9, 102.0, 104.0)),
        replace(REGULAR, scrapes=REGULAR.scrapes[1:]),
    ),
    "alert-fires": (
        replace(ALARMED, fired=(), phases={}),
        replace(ALARMED, fired=(), phases={"resolve": 0.0}, active_before=("ServiceDown",)),
        replace(ALARMED, phases=FIRED | {"fire": ALARMED.bound_s + LATE_SECONDS + 0.1}),
    ),
    "alert-resolves": (
        replace(ALARMED, phases={"fire": 13.0}),
        replace(ALARMED, phases=FIRED | {"resolve": ALARMED.resolve_bound_s + LATE_SECONDS + 0.1}),
    ),
    "samples-survive-restart": (replace(KEPT, lost=1), replace(KEPT, lost=12)),
}

VACUOUS: tuple[object, ...] = (
    replace(NAMED, leading=()),
    Aimed(prometheus="", api="", jobs=0, leading=0),
    Targets(route="/prom-metrics", targets=()),
    replace(MOVED, requests=0, in_prometheus=0.0),
    replace(MOVED, series="", in_prometheus=None),
    replace(CLEAN, checked=replace(CHECKED, said=())),
    replace(REGULAR, scrapes=()),
    replace(ALARMED, fired=(), phases={}, bound_s=0.0),
    replace(KEPT, came_back_anew=False),
    replace(KEPT, samples=0),
)
