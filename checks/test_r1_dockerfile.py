"""R1: a Dockerfile written with best practices, read from the file and from the image that it gives."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from checks.core.evidence import SHORTEST_SECRET, Evidence
from checks.core.verdict import Violation, judges
from checks.requirements.r1_dockerfile import image_layers, lockfiles
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.subject.profile import Role
from stack.driver.errors import NotHealthyError, StackError
from stack.driver.images import bases
from stack.driver.project import Stack, is_named_secret

KILLED = 137
MANY = 20  # what an observation lists at most of files that should not be there
SHELLS = {"sh", "ash", "bash", "dash", "zsh", "ksh"}
LABELS = {"title", "description", "version", "licenses"}
ORIGIN = {"revision", "source"}
OCI = "org.opencontainers.image."
PIN = re.compile(r"@sha256:[0-9a-f]{64}$|:[^/:]*\d[^/:]*$")
# Names that a secret goes by, and secrets that are known by their look.
ASSIGNED = re.compile(r"([\w.-]+)=(?:\"([^\"]*)\"|'([^']*)'|(\S+))")
SECRET_LOOK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}|://[^/\s:@]+:[^/\s@]+@"
)
TOOLS = (
    r"(?:.*-linux-(?:gnu|musl)\w*-)?(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|tcc|ld|as|make|cmake|ninja|meson|cargo|rustc|go|"
    r"javac|mvn|gradle|git|pip|pipx|poetry|pipenv|pdm|hatch|uv|conda|npm|npx|yarn|pnpm|composer|bundle)"
)
TOOL = re.compile(
    rf"(?:^|/)s?bin/{TOOLS}(?:-?\d[\d.]*)?$|/(?:site|dist)-packages/(?:pip|poetry|pipenv|pdm|hatch)/__init__\.py$"
)
CACHE = re.compile(
    r"^var/cache/apt/(?:archives/[^/]+\.deb|[^/]+\.bin)$|^var/lib/apt/lists/(?!lock$|partial/|auxfiles/)."
    r"|^var/cache/(?:apk|dnf|yum|zypp|pacman)/.|(?:^|/)\.cache/.|(?:^|/)\.npm/_cacache/.|(?:^|/)\.cargo/registry/."
    r"|(?:^|/)go/pkg/mod/."
)
GIT_FOLDER = re.compile(r"(?:^|/)\.git(?:/|$)")
STEP = re.compile(r"^#(?P<number>\d+) \[(?P<place>[^\]]+ \d+/\d+|\d+/\d+)\] (?P<word>[A-Z]+)", re.MULTILINE)
CACHED = re.compile(r"^#(?P<number>\d+) CACHED$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What the Dockerfile says: how many stages it has, from which the final one takes, and every base image."""

    stages: int
    takes_from: tuple[str, ...]
    bases: tuple[str, ...]


@judges(Written)
def written_violations(seen: Written) -> list[Violation]:
    found = []
    if seen.stages < 2 or not seen.takes_from:
        told = f"{seen.stages} stages; the final one takes from {', '.join(seen.takes_from) or 'none'}"
        found.append(Violation("multi-stage", seen=told, wanted="a final stage that takes from an earlier one"))
    loose = [base or "(none)" for base in seen.bases if base != "scratch" and not PIN.search(base)]
    if loose or not seen.bases:
        found.append(Violation("pinned-base", seen=loose or "no base", wanted="a digest, or a tag with a version"))
    return found


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What hadolint, of which version, found: 'line N CODE: what it says'."""

    hadolint: str
    findings: tuple[str, ...]


@judges(Linted)
def lint_violations(seen: Linted) -> list[Violation]:
    if seen.hadolint and not seen.findings:
        return []
    told = list(seen.findings) or "nothing was looked at"
    return [Violation("hadolint-clean", seen=told, wanted="no finding")]


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The Python distributions installed in the image, which of them no lock file pins, and the lock files read."""

    installed: tuple[str, ...]
    unlocked: tuple[str, ...]
    locks: tuple[str, ...]


@judges(Dependencies)
def dependency_violations(seen: Dependencies) -> list[Violation]:
    if seen.installed and seen.locks and not seen.unlocked:
        return []
    told = f"of {len(seen.installed)} installed, not in {', '.join(seen.locks) or 'any lock file'}"
    unlocked = f"{', '.join(seen.unlocked) or 'none'} ({told})"
    return [Violation("locked-dependencies", seen=unlocked, wanted="each pinned with its hash")]


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What the image says of itself. `uid` is None for a name that its /etc/passwd does not know.

    Of what it runs only the start is kept, and of secrets only what they are called and where they show.
    """

    user: str
    uid: int | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    on_build: tuple[str, ...]
    labels: tuple[str, ...]
    secrets: tuple[str, ...]
    looked_at: tuple[str, ...]


@judges(Inspected)
def configuration_violations(seen: Inspected) -> list[Violation]:
    found = []
    if seen.uid is None or seen.uid == 0:
        found.append(Violation("non-root-user", seen=seen.user or "(none, so root)", wanted="a user other than root"))
    through_a_shell = [word for word in (seen.entrypoint, seen.command) if is_shell_form(word)]
    if through_a_shell or seen.on_build or not (seen.entrypoint or seen.command):
        told = [*map(list, through_a_shell), *seen.on_build] or "nothing to run"
        found.append(Violation("exec-form", seen=told, wanted="a program and its arguments"))
    if missing := [name for name in sorted(LABELS) if OCI + name not in seen.labels]:
        found.append(Violation("oci-labels", seen=f"missing: {', '.join(missing)}", wanted=sorted(LABELS)))
    elif not {OCI + name for name in ORIGIN} & {*seen.labels}:
        found.append(Violation("oci-labels", seen="neither revision nor source", wanted="one of them"))
    if seen.secrets or not seen.looked_at:
        told = list(seen.secrets) or "nothing was looked at"
        found.append(Violation("no-secret-in-image", seen=told, wanted="none"))
    return found


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Of all the files: tools that a container would see, and caches and git folders in any layer (some of each)."""

    files: int
    tools: tuple[str, ...]
    caches: tuple[str, ...]
    git: tuple[str, ...]


@judges(Contents)
def content_violations(seen: Contents) -> list[Violation]:
    rules = {"no-build-tools": seen.tools, "no-package-caches": seen.caches, "no-git-folder": seen.git}
    if seen.files == 0:
        return [Violation(rule, seen="no file was looked at", wanted="none of the image's files") for rule in rules]
    return [Violation(rule, seen=list(files), wanted="none") for rule, files in rules.items() if files]


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """How the service ended when told to stop, within how many seconds of how many, and whether it came back."""

    status: str
    exit_code: int
    seconds: float
    grace_s: float
    healthy_again: bool


@judges(Stopped)
def stop_violations(seen: Stopped) -> list[Violation]:
    if seen.status == "exited" and seen.exit_code != KILLED and seen.healthy_again:
        return []
    back = "healthy again" if seen.healthy_again else "not healthy again"
    told = f"{seen.status} with {seen.exit_code} after {seen.seconds} s, {back}"
    wanted = f"exited within {seen.grace_s} s, not killed; healthy again"
    return [Violation("stops-on-sigterm", seen=told, wanted=wanted)]


@dataclass(frozen=True, kw_only=True)
class Context:
    """The secrets and data planted in the build context, and which of them a build gets to see."""

    planted: tuple[str, ...]
    let_in: tuple[str, ...]


@judges(Context)
def context_violations(seen: Context) -> list[Violation]:
    if seen.planted and not seen.let_in:
        return []
    told = list(seen.let_in) or "nothing was planted"
    return [Violation("secrets-stay-out-of-the-build", seen=told, wanted="none of them")]


@dataclass(frozen=True, kw_only=True)
class Canaries:
    """The secrets and data planted beside a build, how many layers were searched, and where they were found."""

    planted: tuple[str, ...]
    layers: int
    found: tuple[str, ...]


@judges(Canaries)
def canary_violations(seen: Canaries) -> list[Violation]:
    if seen.planted and seen.layers and not seen.found:
        return []
    told = list(seen.found) or "nothing was planted, or no layer searched"
    return [Violation("canary-in-no-layer", seen=told, wanted="in none")]


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How many steps a rebuild took, and which of them were not from the cache."""

    steps: int
    anew: tuple[str, ...]


@judges(Rebuilt)
def rebuild_violations(seen: Rebuilt) -> list[Violation]:
    if seen.steps and not seen.anew:
        return []
    return [Violation("rebuild-is-cached", seen=list(seen.anew) or "no step", wanted="every step from the cache")]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many files two images have together, and in which they differ, and how (some of them)."""

    files: int
    differing: tuple[str, ...]


@judges(Compared)
def comparison_violations(seen: Compared) -> list[Violation]:
    if seen.files and not seen.differing:
        return []
    told = list(seen.differing) or "no file was compared"
    return [Violation("same-content-twice", seen=told, wanted="no difference")]


def read_dockerfile(sources: Sources) -> Written:
    whole = sources.dockerfile()
    final = whole.final(sources.build.target)
    taken = tuple(name for name in final.takes_from if name.lower() in whole.earlier(final))
    return Written(stages=len(whole.stages), takes_from=taken, bases=whole.bases)


def lint(sources: Sources) -> Linted:
    """hadolint with its defaults: in a folder and a home without any settings, the inline ones of the file excepted."""
    with tempfile.TemporaryDirectory() as nowhere:
        version = _hadolint(nowhere, "--version").stdout.rpartition(" ")[2].strip()
        done = _hadolint(nowhere, "--no-fail", "--format", "json", "-", told=sources.text)
    try:
        findings = [f"line {one['line']} {one['code']}: {one['message']}" for one in json.loads(done.stdout)]
    except ValueError as problem:
        raise StackError("hadolint said nothing that can be read", details=(done.stderr[-300:],)) from problem
    return Linted(hadolint=version, findings=tuple(findings))


def _hadolint(folder: str, *words: str, told: str = "") -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hadolint")
    if not program.is_file():
        raise StackError("hadolint is not here", hint="`.ci/setup` installs it beside the Python that runs this")
    return subprocess.run(
        [program, *words], cwd=folder, env={"HOME": folder}, input=told, capture_output=True, text=True, check=False
    )


def compare_with_locks(image: Saved, sources: Sources) -> Dependencies:
    """What is installed in the image against what the lock files beside the Dockerfile pin."""
    installed, found = lockfiles.installed(image), lockfiles.files(sources.folder)
    if not installed:
        raise StackError("the image holds no Python distribution, so what locks its dependencies cannot be told")
    pinned = {one for path in found for one in lockfiles.pinned(path.read_text(errors="replace"))}
    return Dependencies(
        installed=tuple(sorted(installed)),
        unlocked=tuple(sorted(installed - pinned)),
        locks=tuple(str(path.relative_to(sources.folder)) for path in found),
    )


def look_at_configuration(reference: str, image: Saved, secrets: Mapping[str, str]) -> Inspected:
    """What Docker says of the image, a named user looked up in `image`; `secrets` are those of the stack."""
    config = bases.inspect(reference)["Config"]
    labels: Mapping[str, str] = config.get("Labels") or {}
    places = {
        "environment": tuple(config.get("Env") or ()),
        "labels": tuple(f"{name}={value}" for name, value in labels.items()),
        "history": bases.history(reference),
    }
    user = str(config.get("User") or "")
    return Inspected(
        user=user,
        uid=_uid(user, image.text("etc/passwd")),
        entrypoint=tuple((config.get("Entrypoint") or ())[:2]),
        command=tuple((config.get("Cmd") or ())[:2]),
        on_build=tuple(trigger.partition(" ")[0] for trigger in config.get("OnBuild") or ()),
        labels=tuple(sorted(name for name, value in labels.items() if name.startswith(OCI) and value)),
        secrets=tuple(f"{name} in {place}" for place, lines in places.items() for name in _secrets_in(lines, secrets)),
        looked_at=tuple(place for place, lines in places.items() if lines),
    )


def _uid(user: str, passwd: str) -> int | None:
    name = user.partition(":")[0] or "0"
    known = {fields[0]: int(fields[2]) for line in passwd.splitlines() if len(fields := line.split(":")) > 2}
    return int(name) if name.isdigit() else known.get(name)


def is_shell_form(words: tuple[str, ...]) -> bool:
    """Whether this is what Docker makes of `CMD words`: ["/bin/sh", "-c", "words"]."""
    return len(words) > 1 and PurePosixPath(words[0]).name in SHELLS and words[1].startswith("-") and "c" in words[1]


def _secrets_in(lines: tuple[str, ...], secrets: Mapping[str, str]) -> Iterator[str]:
    """What each secret is called, never what it is."""
    text = "\n".join(lines)
    yield from (name for name, secret in secrets.items() if len(secret) >= SHORTEST_SECRET and secret in text)
    yield from dict.fromkeys(name for name, *values in ASSIGNED.findall(text) if is_named_secret(name, "".join(values)))
    if SECRET_LOOK.search(text):
        yield "something that looks like a key or a login"


def look_inside(image: Saved) -> Contents:
    """Programs as a container would see them; what weighs on every pull, removed again or not, in any layer."""
    anywhere = sorted({path for layer in image.layers for path, file in layer.files.items() if file.kind != "5"})
    return Contents(
        files=len(anywhere),
        tools=tuple(path for path in sorted(image.files) if TOOL.search(path))[:MANY],
        caches=tuple(path for path in anywhere if CACHE.search(path))[:MANY],
        git=tuple(path for path in anywhere if GIT_FOLDER.search(path))[:MANY],
    )


def stop_and_start(stack: Stack, service: str) -> Stopped:
    """Stop the service as `docker stop` does, and start it again."""
    stack.wait_until_healthy()
    grace, started = stack.stop_grace(service), time.monotonic()
    try:
        stack.stop(service)
        seconds, state = time.monotonic() - started, stack.state(service)
    finally:
        stack.start(service)
    return Stopped(
        status=state.status,
        exit_code=state.exit_code,
        seconds=round(seconds, 2),
        grace_s=grace,
        healthy_again=_comes_back(stack),
    )


def _comes_back(stack: Stack) -> bool:
    try:
        stack.wait_until_healthy()
    except NotHealthyError:
        return False
    return True


def plant_and_look_at_context(sources: Sources) -> Context:
    """What of planted secrets and data gets as far as a build."""
    planted = sources.plant()
    with tempfile.TemporaryDirectory(dir=sources.folder.parent) as folder:
        tar = Path(folder) / "context.tar"
        bases.context_of(sources.folder, sources.build.dockerfile, tar)
        return Context(planted=tuple(planted), let_in=tuple(image_layers.search(tar, planted)))


def rebuild(sources: Sources) -> Rebuilt:
    """Build, plant what should not matter, build again."""
    with sources.built():
        sources.plant()
        with sources.built() as again:
            steps = steps_of(again.said)
            return Rebuilt(steps=len(steps), anew=tuple(step for step, cached in steps.items() if not cached))


def steps_of(said: str) -> dict[str, bool]:
    """{'stage 2/5 RUN': was it cached} of what a builder said; where a stage starts from is no step."""
    cached = {seen["number"] for seen in CACHED.finditer(said)}
    steps = [seen for seen in STEP.finditer(said) if seen["word"] != "FROM"]
    return {f"{seen['place']} {seen['word']}": seen["number"] in cached for seen in steps}


@contextmanager
def built_beside_secrets(sources: Sources) -> Iterator[tuple[Saved, Canaries]]:
    """An image built without a cache beside planted secrets and data, and what of them is in its layers."""
    planted = sources.plant()
    with sources.built(no_cache=True) as built:
        twin = image_layers.saved(built.reference, planted)
        found = [f"{name} (as {path})" for layer in twin.layers for name, path in layer.holding.items()]
        told = json.dumps(bases.inspect(built.reference)) + "".join(bases.history(built.reference))
        found += [f"{name} (in configuration or history)" for name, text in planted.items() if text.decode() in told]
        yield twin, Canaries(planted=tuple(planted), layers=len(twin.layers), found=tuple(found))


def compare(one: Saved, other: Saved) -> Compared:
    """Every file that a container would see in either, by all that a layer says of it but its times.

    Times differ, as documented: the builder sets them where SOURCE_DATE_EPOCH is not rewritten into layers, which
    Docker's own image store does not do.
    """
    paths = sorted({*one.files, *other.files})
    differing = [f"{path}: {how}" for path in paths if (how := _difference(path, one, other))]
    return Compared(files=len(paths), differing=tuple(differing[:MANY]))


def _difference(path: str, one: Saved, other: Saved) -> str:
    mine, its = one.files.get(path), other.files.get(path)
    if mine is None or its is None:
        return "in one of them only"
    return ", ".join(name for name, value in vars(mine).items() if vars(its)[name] != value)


@pytest.mark.requirement("R1")
def test_one_stage_builds_and_another_is_shipped_and_every_base_is_pinned(sources: Sources, evidence: Evidence) -> None:
    assert written_violations(evidence.saw(read_dockerfile(sources))) == []


@pytest.mark.requirement("R1")
def test_hadolint_has_nothing_to_say(sources: Sources, evidence: Evidence) -> None:
    assert lint_violations(evidence.saw(lint(sources))) == []


@pytest.mark.requirement("R1")
def test_every_dependency_in_the_image_is_locked(image: Saved, sources: Sources, evidence: Evidence) -> None:
    assert dependency_violations(evidence.saw(compare_with_locks(image, sources))) == []


@pytest.mark.requirement("R1")
def test_the_image_runs_one_program_as_nobody_and_tells_no_secret(
    stack: Stack, image: Saved, evidence: Evidence
) -> None:
    seen = evidence.saw(look_at_configuration(image.reference, image, stack.secrets()))
    assert configuration_violations(seen) == []


@pytest.mark.requirement("R1")
def test_the_image_holds_only_what_runs(image: Saved, evidence: Evidence) -> None:
    assert content_violations(evidence.saw(look_inside(image))) == []


@pytest.mark.requirement("R1")
def test_the_service_stops_when_told_to(stack: Stack, evidence: Evidence) -> None:
    assert stop_violations(evidence.saw(stop_and_start(stack, stack.roles[Role.API]))) == []


@pytest.mark.requirement("R1")
def test_secrets_and_data_do_not_enter_a_build(sources: Sources, evidence: Evidence) -> None:
    assert context_violations(evidence.saw(plant_and_look_at_context(sources))) == []


@pytest.mark.requirement("R1")
def test_a_rebuild_is_all_from_the_cache(sources: Sources, evidence: Evidence) -> None:
    assert rebuild_violations(evidence.saw(rebuild(sources))) == []


@pytest.mark.requirement("R1")
@pytest.mark.long
def test_a_build_beside_secrets_takes_none_in_and_gives_the_same_files(
    image: Saved, sources: Sources, evidence: Evidence
) -> None:
    with built_beside_secrets(sources) as (twin, canaries):
        taken_in = canary_violations(evidence.saw(canaries))
        changed = comparison_violations(evidence.saw(compare(image, twin)))
    assert taken_in + changed == []
