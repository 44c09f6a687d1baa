"""Read a Dockerfile, look into its image, build it again."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.requirements.r1_dockerfile import image_layers, lockfiles
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.requirements.r1_dockerfile.image_secrets import secrets_in
from checks.requirements.r1_dockerfile.judge import (
    OCI,
    Canaries,
    Compared,
    Contents,
    Context,
    Dependencies,
    Inspected,
    Linted,
    Rebuilt,
    Stopped,
    Written,
)
from checks.requirements.r1_dockerfile.leftovers import kind_of
from checks.requirements.r1_dockerfile.shell_form import start_of
from checks.subject.stack import Stack
from stack.driver.errors import NotHealthyError, StackError, SubjectError
from stack.driver.images import build, inspect

NOT_READ = "DL1000"  # hadolint's own parser, which is not BuildKit's, gave up
COMMENT = re.compile(
    r"^[ \t]*#(?!!|[ \t]*(?:hadolint|syntax|escape|check|shellcheck)\b)[^\n]*$", re.MULTILINE | re.IGNORECASE
)
FOLDER = "5"  # what tar calls one
MANY = 20  # what an observation lists at most of files that should not be there
STEP = re.compile(r"^#(?P<number>\d+) \[(?P<place>[^\]]+ \d+/\d+|\d+/\d+)\] (?P<word>[A-Z]+)", re.MULTILINE)
CACHED = re.compile(r"^#(?P<number>\d+) CACHED$", re.MULTILINE)


def read_dockerfile(sources: Sources) -> Written:
    whole = sources.dockerfile()
    final = whole.final(sources.build.target)
    bases = whole.images(whole.needed(final))
    lines = {"": final.line, **{name: line for name in bases if (line := whole.line_of(name))}}
    places = {name: place for name, line in lines.items() if (place := sources.place(line))}
    return Written(stages=len(whole.stages), takes_from=whole.taken_from(final), bases=bases, places=places)


def lint(sources: Sources) -> Linted:
    """hadolint with its defaults: in a folder and a home without any settings, the inline ones of the file excepted.

    It fails on a comment behind a here-document, which BuildKit reads: it is then asked without comments.
    """
    with tempfile.TemporaryDirectory() as nowhere:
        version = _hadolint(nowhere, "--version").stdout.rpartition(" ")[2].strip()
        told = _findings(nowhere, sources.text)
        if _not_read(told):
            told = _findings(nowhere, COMMENT.sub("", sources.text))
    if (why := _not_read(told)) and sources.dockerfile():
        raise SubjectError(f"hadolint cannot read this Dockerfile: {why}")
    findings = [f"line {one['line']} {one['code']}: {one['message']}" for one in told]
    place = sources.place(told[0]["line"]) if told else None
    return Linted(hadolint=version, findings=tuple(findings), place=place)


def _findings(folder: str, text: str) -> list[dict[str, Any]]:
    done = _hadolint(folder, "--no-fail", "--format", "json", "-", told=text)
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError as problem:
        raise StackError("hadolint said nothing that can be read", details=(done.stderr[-300:],)) from problem
    return told


def _not_read(told: list[dict[str, Any]]) -> str:
    """Why hadolint could not read a file, '' where it could."""
    return next((f"line {one['line']}: {one['message']}" for one in told if one["code"] == NOT_READ), "")


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
        raise SubjectError("the image holds no Python distribution, so what locks its dependencies cannot be told")
    pinned = frozenset(one for path in found for one in lockfiles.pinned(lockfiles.text_of(path)))
    return Dependencies(
        installed=tuple(sorted(installed)),
        unlocked=tuple(sorted(lockfiles.unlocked(installed, pinned))),
        locks=tuple(str(path.relative_to(sources.folder)) for path in found),
    )


def look_at_configuration(reference: str, image: Saved, secrets: Mapping[str, str]) -> Inspected:
    """What Docker says of the image, a named user looked up in `image`; `secrets` are those of the stack."""
    config = inspect.inspect(reference)["Config"]
    labels: Mapping[str, str] = config.get("Labels") or {}
    places = {
        "environment": tuple(config.get("Env") or ()),
        "labels": tuple(f"{name}={value}" for name, value in labels.items()),
        "history": inspect.history(reference),
    }
    user = str(config.get("User") or "")
    return Inspected(
        user=user,
        uid=_uid(user, image.text("etc/passwd")),
        entrypoint=start_of(tuple(config.get("Entrypoint") or ())),
        command=start_of(tuple(config.get("Cmd") or ())),
        on_build=tuple(trigger.partition(" ")[0] for trigger in config.get("OnBuild") or ()),
        labels=tuple(sorted(name for name, value in labels.items() if name.startswith(OCI) and value)),
        secrets=tuple(f"{name} in {place}" for place, lines in places.items() for name in secrets_in(lines, secrets)),
        looked_at=tuple(place for place, lines in places.items() if lines),
    )


def _uid(user: str, passwd: str) -> int | None:
    name = user.partition(":")[0] or "0"
    known = {fields[0]: int(fields[2]) for line in passwd.splitlines() if len(fields := line.split(":")) > 2}
    return int(name) if name.isdigit() else known.get(name)


def look_inside(image: Saved) -> Contents:
    """Programs as a container would see them; what weighs on every pull, removed again or not, in any layer."""
    anywhere = sorted({path for layer in image.layers for path, file in layer.files.items() if file.kind != FOLDER})
    return Contents(
        files=len(anywhere),
        tools=tuple(path for path in sorted(image.files) if kind_of(path) == "tool")[:MANY],
        caches=tuple(path for path in anywhere if kind_of(path) == "cache")[:MANY],
        git=tuple(path for path in anywhere if kind_of(path) == "git")[:MANY],
    )


def stop_and_start(stack: Stack, service: str) -> Stopped:
    """Stop the service as `docker stop` does, and start it again."""
    stack.runner.wait_until_healthy()
    grace, started = stack.runner.stop_grace(service), time.monotonic()
    try:
        stack.runner.stop(service)
        seconds, state = time.monotonic() - started, stack.runner.state(service)
    finally:
        stack.runner.start(service)
    return Stopped(
        status=state.status,
        exit_code=state.exit_code,
        seconds=round(seconds, 2),
        grace_s=grace,
        healthy_again=_comes_back(stack),
    )


def _comes_back(stack: Stack) -> bool:
    try:
        stack.runner.wait_until_healthy()
    except NotHealthyError:
        return False
    return True


def plant_and_look_at_context(sources: Sources) -> Context:
    """What of planted secrets and data gets as far as a build."""
    planted = sources.plant()
    with tempfile.TemporaryDirectory(dir=sources.folder.parent) as folder:
        tar = Path(folder) / "context.tar"
        build.context_of(sources.folder, sources.build.dockerfile, tar)
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
        told = json.dumps(inspect.inspect(built.reference)) + "".join(inspect.history(built.reference))
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
