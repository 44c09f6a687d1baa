"""Ask Prometheus, stop the service and wait for the alert."""

import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from checks.faults import operator, process
from checks.requirements.r6_metrics.judge import (
    LATE_SECONDS,
    SCRAPES,
    Alarm,
    ConfigurationCheck,
    Promtool,
    Rhythm,
    SamplesKept,
    Target,
    Targets,
)
from checks.roles.prometheus.client import Alert, Prometheus, ScrapeTarget
from checks.roles.prometheus.configuration import metrics_route
from checks.subject.plain_text import plain_text
from checks.subject.roles import Role
from checks.subject.stack import Stack
from stack.driver import docker, wait
from stack.driver.errors import OutOfTimeError, StackError

SCRAPES_SECONDS = 90.0  # for a target to be scraped, at the usual intervals
LONGEST_ALERT = 600.0  # no check waits longer than that for a rule's `for`
KEPT_SECONDS = 60.0  # of samples that are looked up again


def look_at_targets(stack: Stack) -> Targets:
    """The targets once each of them is up, or was scraped in vain twice, or when the time is over."""
    prometheus, addresses = Prometheus.of(stack), _addresses(stack)
    in_vain: dict[str, set[str]] = {}

    def settled(found: list[ScrapeTarget]) -> bool:
        for one in found:
            if one.health == "down":
                in_vain.setdefault(one.url, set()).add(one.last_scrape)
        return bool(found) and all(one.health == "up" or len(in_vain.get(one.url, ())) > 1 for one in found)

    found = wait.until(lambda: _targets(prometheus, addresses), settled, within=SCRAPES_SECONDS, every=0.5).value
    return Targets(
        route=metrics_route(stack),
        targets=tuple(Target(job=one.job, url=one.url, health=one.health, error=one.error) for one in found),
    )


def check_configuration(stack: Stack) -> ConfigurationCheck:
    """Have promtool check what Prometheus was started with; warnings of its lint count. And run what tests it has."""
    flags = Prometheus.of(stack).ask("status/flags")
    scratch = str(flags["storage.tsdb.path"])  # all else may be read-only
    return ConfigurationCheck(
        checked=_promtool(stack, str(flags["config.file"]), scratch, "check", "config", "--lint=all", "--lint-fatal"),
        tested=tuple(_promtool(stack, file, scratch, "test", "rules") for file in _files_of_rule_tests(stack)),
    )


def _promtool(stack: Stack, file: str, scratch: str, *words: str) -> Promtool:
    exit_code, said = docker.run_inside(
        stack.runner.container(stack.roles[Role.PROMETHEUS]).id, "promtool", *words, file, TMPDIR=scratch
    )
    return Promtool(file=file, exit_code=exit_code, said=tuple(filter(None, map(str.strip, said.splitlines()))))


def _files_of_rule_tests(stack: Stack) -> list[str]:
    """Where they are in the container: what promtool can test has `rule_files` and `tests`."""
    volumes = stack.project.config["services"][stack.roles[Role.PROMETHEUS]].get("volumes") or ()
    mounts = {Path(one["source"]): PurePosixPath(one["target"]) for one in volumes if one["type"] == "bind"}
    return [
        str(target / file.relative_to(source))
        for source, target in mounts.items()
        for file in ([source] if source.is_file() else sorted([*source.glob("*.yml"), *source.glob("*.yaml")]))
        if _is_of_rule_tests(file)
    ]


def _is_of_rule_tests(file: Path) -> bool:
    try:
        told = plain_text(file)
    except (OSError, ValueError):  # what cannot be read, promtool cannot run
        return False
    return all(re.search(rf"^{key}:", told, re.MULTILINE) for key in ("rule_files", "tests"))


def look_at_rhythm(stack: Stack, *, stalled_intervals: float = 0.0) -> Rhythm:
    """The latest scrapes since Prometheus started, one of them at least from after this call."""
    prometheus = Prometheus.of(stack)
    target, started = _target(stack, prometheus), prometheus.started_at()
    if stalled_intervals:
        with process.frozen(stack, stack.roles[Role.PROMETHEUS]):
            time.sleep(stalled_intervals * target.interval)
    called = time.time()
    scrapes = wait.until(
        lambda: [at for at in prometheus.samples(target.series, (SCRAPES + 2) * target.interval) if at > started],
        lambda scrapes: len(scrapes) >= SCRAPES and scrapes[-1] > called,
        within=(SCRAPES + 2) * target.interval + LATE_SECONDS,
        every=0.5,
    ).value
    return Rhythm(series=target.series, interval_s=target.interval, scrapes=tuple(scrapes[-SCRAPES:]))


def stop_the_service(stack: Stack) -> Alarm:
    """Stop the service by hand until an alert that names it fires, start it, and wait until that is over."""
    prometheus, service = Prometheus.of(stack), stack.roles[Role.API]
    target = _target(stack, prometheus)
    look = target.interval + target.timeout + prometheus.evaluation_interval()  # until Prometheus knows
    before = _names(wait.until(lambda: prometheus.alerts(target), _none, within=look, every=0.5).value)
    with operator.stopped(stack, service):
        fire = _first_to_fire(lambda: [one for one in prometheus.alerts(target) if one.name not in before], look)
    resolve_bound = look + max((alert.keeps_firing + alert.evaluated_every for alert in fire.value), default=0.0)
    resolve = wait.until(
        lambda: _firing(prometheus.alerts(target)) & _names(fire.value),
        _none, within=resolve_bound + LATE_SECONDS, every=0.5,
    )  # fmt: skip
    return Alarm(
        service=service,
        active_before=tuple(sorted(before)),
        fired=tuple(sorted(_names(fire.value))),
        phases={name: round(seen.seconds, 3) for name, seen in (("fire", fire), ("resolve", resolve)) if seen.reached},
        bound_s=look + min((alert.waits + alert.evaluated_every for alert in fire.value), default=0.0),
        resolve_bound_s=resolve_bound,
    )


def _first_to_fire(alerts: Callable[[], list[Alert]], look: float) -> wait.Seen[list[Alert]]:
    """Those that fire first; given the time in which one must be pending, then what the quickest of these declares."""
    pending = wait.until(alerts, bool, within=look + LATE_SECONDS, every=0.5)
    if not pending.reached:
        return pending
    waits = min(alert.waits + alert.evaluated_every for alert in pending.value)
    if waits > LONGEST_ALERT:
        raise StackError(f"alert `{pending.value[0].name}` waits for {waits:.0f} s, longer than a check does")
    fired = wait.until(
        lambda: [alert for alert in alerts() if alert.firing], bool, within=waits + LATE_SECONDS, every=0.5
    )
    return replace(fired, seconds=pending.seconds + fired.seconds)


def restart_prometheus(stack: Stack) -> SamplesKept:
    """Look up the samples of the last minute, restart Prometheus in the ordinary way, look the same minute up again."""
    prometheus, service = Prometheus.of(stack), stack.roles[Role.PROMETHEUS]
    target, started = _target(stack, prometheus), stack.runner.incarnation(service)
    span = max(KEPT_SECONDS, 2 * target.interval)
    until = time.time()
    before = prometheus.samples(target.series, span, until=until)
    stack.runner.restart(service)
    after = Prometheus.of(stack).samples(target.series, span, until=until)
    return SamplesKept(
        series=target.series,
        came_back_anew=stack.runner.incarnation(service) != started,
        samples=len(before),
        lost=len(set(before) - set(after)),
    )


def _names(alerts: Iterable[Alert]) -> set[str]:
    return {alert.name for alert in alerts}


def _firing(alerts: Iterable[Alert]) -> set[str]:
    return _names(alert for alert in alerts if alert.firing)


def _none(found: Collection[object]) -> bool:
    return not found


def _addresses(stack: Stack) -> set[str]:
    """Every name and address under which the service and its replicas are known in their networks."""
    replicas = stack.runner.replicas(stack.roles[Role.API])
    networks = [network for one in replicas for network in (one.network_settings.networks or {}).values()]
    return {name for network in networks for name in (*(network.aliases or ()), network.ip_address) if name}


def _targets(prometheus: Prometheus, addresses: set[str]) -> list[ScrapeTarget]:
    return leading_to(addresses, prometheus.targets())


def leading_to(addresses: Collection[str], targets: Iterable[ScrapeTarget]) -> list[ScrapeTarget]:
    """Those that are scraped at one of these: relabelling decides that, and not the address that was discovered."""
    known = {address.lower() for address in addresses}  # as a URL's host is
    return [one for one in targets if (urlsplit(one.url).hostname or "").removesuffix(".") in known]


def _target(stack: Stack, prometheus: Prometheus) -> ScrapeTarget:
    """The target that leads to the service, scraped once at least; raises StackError where there is none."""
    addresses = _addresses(stack)
    scraped = wait.until(
        lambda: [one for one in _targets(prometheus, addresses) if one.health != "unknown"],
        bool, within=SCRAPES_SECONDS, every=0.5,
    ).value  # fmt: skip
    if not scraped:
        raise OutOfTimeError("Prometheus has scraped no target that leads to the service")
    return scraped[0]
