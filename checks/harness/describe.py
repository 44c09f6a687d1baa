"""What a run on a project would look at, told before it starts: nothing is built, started or written."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from checks.core import catalog
from checks.core.requirement import Requirement
from checks.core.run import Kind
from checks.core.runner import COMPOSE, RUNNERS
from checks.core.tier import Tier, tier_of
from checks.harness import logins
from checks.harness.coverage import marked
from checks.harness.plan import of_runner
from checks.subject import profile
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.env_file import told_of_example
from checks.subject.role_tables import Role, every_role
from checks.subject.roles import Absent, Finding, Found, Open, Search
from checks.subject.shared_data import refuse_shared_data
from checks.subject.stack import Files, stack_of
from checks.subject.standing import standing
from checks.subject.start import budget
from stack.driver.detached import detached
from stack.driver.errors import SubjectError
from stack.driver.menu import task
from stack.driver.project import Config, seconds_in

OF_ITS_OWN = {"own_stack", "mutated", "unstarted", "on_another_engine"}  # fixtures that start a stack for one check
TIERS = [*Tier]


def described(path: Path, runner: str = COMPOSE) -> str:
    """All of it, as text; raises SubjectError for a project or a profile that cannot be used."""
    if runner not in RUNNERS:
        raise SubjectError(f"nothing is run by `{runner}`", hint=f"there are {', '.join(RUNNERS)}")
    with standing(replace(profile.read(path), runner=runner)) as files:
        return text_of(files)


def text_of(files: Files) -> str:
    """The same of a project that was read."""
    judged = _judged(files.subject.runner)
    parts = [_subject(files), _roles(files), judged, _not_judged(files), _refused(files), _time(files)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _subject(files: Files) -> Iterator[str]:
    file = files.subject.compose_file
    there = file.with_name(PROFILE_NAME).is_file()
    yield f"{file}"
    writes = f"none; {task('init --stack DIR')} writes {PROFILE_NAME}"
    yield f"profile: {PROFILE_NAME if there else writes}"
    if files.unprepared:
        yield f"prepare: `{' '.join(files.subject.prepare)}` is run in each copy, and was not for this"
    else:
        yield from (f"Compose says: {complaint}" for complaint in files.complaint)
    if told := told_of_example(files.project.directory):
        yield told
    yield from (str(waiver) for waiver in files.subject.waivers)


def _roles(files: Files) -> Iterator[str]:
    yield "roles, and why:"
    for role in every_role():
        service, why = _told(files.roles.findings[role])
        yield f"  {role:<11} {service:<15} {why}"
    if isinstance(api := files.roles.findings[Role.API], Found):
        numbers = " or ".join(map(str, files.api_ports(api.service)))
        yield f"  {'':<27} answers HTTP on {numbers or 'a port that its files do not tell'}"
    yield from _others(files)


def _told(found: Finding) -> tuple[str, str]:
    match found:
        case Found(service=service, because=because):
            return service, because
        case Absent(because=because, by_profile=by_profile):
            return "-", f"{PROFILE_NAME}: {because}" if by_profile else because
        case Open() as unclear:
            told = "; ".join(f"{name}: {why}" for name, why in unclear.candidates.items())
            return "?", f"{told or 'no service looks like it'}: say {' or '.join(unclear.lines)}"


def _others(files: Files) -> Iterator[str]:
    looked = Search(config=files.project.config, named=files.subject.roles)
    played = {name for role in every_role() for name in files.candidates(role)}
    others = [name for name in files.services if name not in played]
    told = [f"{name} ({kind})" if (kind := _kind(files, looked, name)) else name for name in others]
    if told:
        yield f"  {'beside':<11} {', '.join(told)}"


def _kind(files: Files, looked: Search, service: str) -> str:
    if service in files.project.one_shots:
        return "ends"
    return looked.kind_of(service) if service in files.project.services else "no replica"


def _judged(runner: str) -> Iterator[str]:
    yield f"checks by tier:  {'':<40}" + "".join(f"{tier:>11}" for tier in TIERS)
    for requirement in catalog.read().requirements:
        counted = Counter(tier_of(Path(inspect.getfile(check))) for check in checks_of(requirement, runner))
        numbers = "".join(f"{counted[tier] or '-':>11}" for tier in TIERS)
        yield f"  {requirement.id:<4} {requirement.title:<50}{numbers}"


def checks_of(requirement: Requirement, runner: str = COMPOSE) -> list[Callable[..., None]]:
    """The checks of a requirement where this one runs the project; one with parameters counts once."""
    return [check for check, marker in marked(requirement, Kind.CHECK) if of_runner(marker, runner)]


def _not_judged(files: Files) -> Iterator[str]:
    yield "not judged, or only in part:"
    lines = [line for requirement in catalog.read().requirements for line in _gaps(files, requirement)]
    lines += _of_no_build(files)
    yield from lines or ["  nothing: all is there that the checks need"]
    yield from _of_other_runners(files.subject.runner)


def _of_other_runners(runner: str) -> Iterator[str]:
    for other in RUNNERS:
        counted: Counter[str] = Counter()
        for requirement in catalog.read().requirements:
            own = {*checks_of(requirement, other)} - {*checks_of(requirement, runner)}
            counted[requirement.id] += len(own)
        if told := ", ".join(f"{count} of {name}" for name, count in counted.items() if count):
            yield f"  not applicable: {told}, which have a meaning with `--runner {other}` alone"


def _of_no_build(files: Files) -> Iterator[str]:
    api = files.roles.findings[Role.API]
    if isinstance(api, Found) and not files.subject.build and not files.services[api.service].get("build"):
        yield f"  R1  undecided: nothing says what the image of `{api.service}` is built from ([build])"


def _gaps(files: Files, requirement: Requirement) -> Iterator[str]:
    for role in map(Role, requirement.needs):
        match files.roles.findings[role]:
            case Absent(because=because, by_profile=True):
                yield f"  {requirement.id}  not applicable: {because}"
                return
            case Absent(because=because):
                yield f"  {requirement.id}  violated: {because} ([roles] {role} = false, with a reason: not applicable)"
                return
            case Open():
                yield f"  {requirement.id}  undecided where it needs the {role}: which service is it?"
    yield from (f"  {requirement.id}  {told}" for told in logins.told(files, requirement))


def _refused(files: Files) -> Iterator[str]:
    if told := [*_refusals(files)]:
        yield "would be refused from the tier built on:"
        yield from (f"  {one}" for one in told)


def _refusals(files: Files) -> Iterator[str]:
    """Why no copy could be started, one reason of each kind."""
    project = files.project
    for look in (
        lambda: refuse_shared_data(project.config, files.subject.root),
        lambda: detached(project.config, project.name, project.labels),
        lambda: stack_of(files.subject, project),
    ):
        try:
            look()
        except SubjectError as problem:
            yield problem.sentence


def _time(files: Files) -> Iterator[str]:
    seconds = budget(files.project.config, files.subject.start_seconds)
    checks = [
        check for requirement in catalog.read().requirements for check in checks_of(requirement, files.subject.runner)
    ]
    own = sum(bool(OF_ITS_OWN & set(inspect.signature(check).parameters)) for check in checks)
    yield "how long:"
    yield f"  a start: at most {seconds:.0f} s, {_whence(files)}"
    yield f"  starts: one for each of three workers, and {own} of checks that want a stack of their own"
    found = {name: bound for name, spec in files.services.items() if (bound := detection_bound(spec))}
    if found:
        told = ", ".join(f"{name} {bound:g} s" for name, bound in found.items())
        yield f"  exercised: each service is frozen several times, which its health check finds within: {told}"
    if blind := [name for name in files.project.services if name not in found]:
        yield f"  no health check in the Compose file: {', '.join(blind)}"


def _whence(files: Files) -> str:
    if files.subject.start_seconds:
        return f"says {PROFILE_NAME}"
    return "as health checks declare, or 120 s; another with [start] seconds"


def detection_bound(spec: Config) -> float:
    """Seconds in which Docker finds a failure by a health check of the Compose file; 0 where it has none."""
    told = spec.get("healthcheck") or {}
    if not told or told.get("disable"):
        return 0.0
    interval, timeout = (seconds_in(str(told.get(name, "30s"))) for name in ("interval", "timeout"))
    return (interval + timeout) * int(told.get("retries", 3))
