"""What must object when a Dockerfile, or the image that it gives, falls short of best practices."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from checks.core.evidence import Evidence
from checks.core.registry import objections
from checks.harness.fixtures import Mutated
from checks.requirements.r1_dockerfile import container, image_layers, judge, lockfiles, observe
from checks.requirements.r1_dockerfile.build_context import Sources
from checks.requirements.r1_dockerfile.container import Layers
from checks.requirements.r1_dockerfile.image_layers import Saved
from checks.subject import mutation
from checks.subject.mutation import laid_over
from checks.subject.profile import Build
from checks.subject.roles import Role
from checks.subject.stack import Files, Stack
from stack.driver.errors import StackError
from stack.driver.images import inspect

MAIN = "/app/service/main.py"
SHELLS: dict[str, dict[str, object]] = {
    "more-than-exec": {"entrypoint": ["sh", "-c", "date; exec python3 -m service"]},
    "wrapped": {"entrypoint": [], "command": ["tini", "--", "bash", "-ec", "python3 -m service &"]},
    "inline-node": {"entrypoint": ["node", "--eval=serve()"], "command": []},
    "split-by-env": {"entrypoint": ["env", "-S", "sh -c serve"], "command": []},
    "behind-others": {"entrypoint": ["unshare", "-r", "sh", "-c", "date; serve"], "command": []},
    "inline": {"entrypoint": ["python3", "-I", "-c", "print()"], "command": []},
}
ELSEWHERE: dict[str, dict[str, object]] = {  # programs that lie on a volume, and what has the service run them
    "command": {"entrypoint": ["python3", "/srv/code/main.py"], "command": []},
    "folder": {"entrypoint": ["python3", "-m", "service"], "command": [], "working_dir": "/srv/code"},
    "python": {"environment": {"PYTHONPATH": "/srv/code"}},
    "loader": {"environment": {"LD_PRELOAD": "/srv/code/other.so"}},
}
FAKE = "only there to be found"


@pytest.mark.mutation(objects="multi-stage")
def test_a_single_stage_is_noticed(sources: Sources, evidence: Evidence) -> None:
    last = sources.text.rindex("\nFROM ")
    before = sources.text[: sources.text.index("\nFROM ")]
    rewrite(sources, before + re.sub(r"--from=\S+ ", "", sources.text[last:]))
    assert objections(evidence.saw(observe.read_dockerfile(sources))) == {"multi-stage"}


@pytest.mark.mutation(objects="pinned-base")
def test_a_base_without_a_version_is_noticed(sources: Sources, evidence: Evidence) -> None:
    rewrite(sources, f"{sources.text}COPY --from=python /etc /python\n")
    assert objections(evidence.saw(observe.read_dockerfile(sources))) == {"pinned-base"}


@pytest.mark.mutation(objects="hadolint-clean")
def test_a_finding_of_hadolint_is_noticed(sources: Sources, evidence: Evidence) -> None:
    rewrite(sources, f"{sources.text}RUN cd /tmp\n")
    assert objections(evidence.saw(observe.lint(sources))) == {"hadolint-clean"}


@pytest.mark.mutation(objects="locked-dependencies")
def test_a_dependency_without_a_version_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    lock = next(path for path in lockfiles.files(sources.folder) if "==" in path.read_text())
    lock.write_text(lock.read_text().replace("==", ">=", 1))
    assert objections(evidence.saw(observe.compare_with_locks(image, sources))) == {"locked-dependencies"}


@pytest.mark.mutation(objects="non-root-user")
def test_root_is_noticed(stack: Stack, image: Saved, sources: Sources, evidence: Evidence) -> None:
    with built_on(image, sources, "USER root") as reference:
        seen = evidence.saw(observe.look_at_configuration(reference, image, stack.secrets()))
    assert objections(seen) == {"non-root-user"}


@pytest.mark.mutation(objects="exec-form")
def test_a_shell_form_is_noticed(stack: Stack, image: Saved, sources: Sources, evidence: Evidence) -> None:
    with built_on(image, sources, "ENTRYPOINT python3 -m service") as reference:
        seen = evidence.saw(observe.look_at_configuration(reference, image, stack.secrets()))
    assert objections(seen) == {"exec-form"}


@pytest.mark.mutation(objects="container-non-root")
@pytest.mark.parametrize("user", ["0:0", "root"])
def test_a_container_to_be_started_as_root_is_noticed(files: Files, evidence: Evidence, user: str) -> None:
    with laid_over(files, services={files.roles[Role.API]: {"user": user}}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"container-non-root"}


@pytest.mark.mutation(objects="container-non-root")
def test_a_container_that_runs_as_root_is_noticed(unstarted: Mutated, layers: Layers, evidence: Evidence) -> None:
    seen = evidence.saw(container.look_at_container(alone(unstarted(api_as_root)), layers))
    assert seen.users == (0,)
    assert objections(seen) == {"container-non-root"}


@pytest.mark.mutation(objects="container-exec-form")
@pytest.mark.parametrize("how", SHELLS)
def test_a_container_told_a_program_is_noticed(files: Files, evidence: Evidence, how: str) -> None:
    with laid_over(files, services={files.roles[Role.API]: SHELLS[how]}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"container-exec-form"}


@pytest.mark.mutation(objects="runs-what-was-built")
def test_sources_mounted_over_the_image_are_noticed(files: Files, evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FAKE)
    mount = {"type": "bind", "source": str(tmp_path), "target": str(PurePosixPath(MAIN).parent)}
    with laid_over(files, services={files.roles[Role.API]: {"volumes": [mount]}}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="runs-what-was-built")
def test_a_program_as_a_setting_is_noticed(files: Files, evidence: Evidence) -> None:
    given = {files.roles[Role.API]: {"configs": [{"source": "sabotage", "target": MAIN}]}}
    with laid_over(files, services=given, configs={"sabotage": {"content": FAKE}}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="runs-what-was-built")
def test_an_interpreter_as_a_setting_is_noticed(files: Files, evidence: Evidence) -> None:
    given = {files.roles[Role.API]: {"configs": [{"source": "sabotage", "target": "/usr/bin/python3"}]}}
    with laid_over(files, services=given, configs={"sabotage": {"content": FAKE}}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="runs-what-was-built")
@pytest.mark.parametrize("how", ELSEWHERE)
def test_programs_on_a_volume_are_noticed(files: Files, evidence: Evidence, how: str) -> None:
    given = {files.roles[Role.API]: {**ELSEWHERE[how], "volumes": ["sabotage:/srv/code"]}}
    with laid_over(files, services=given, volumes={"sabotage": {}}) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="runs-what-was-built")
def test_an_image_that_is_pulled_over_the_built_is_noticed(files: Files, evidence: Evidence) -> None:
    given = {files.roles[Role.API]: {"image": "shop/api:1", "build": {"context": "."}, "pull_policy": "always"}}
    with laid_over(files, services=given) as sabotaged:
        assert objections(evidence.saw(container.read_container(sabotaged))) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="runs-what-was-built")
def test_a_program_mounted_over_the_images_is_noticed(unstarted: Mutated, layers: Layers, evidence: Evidence) -> None:
    stack = unstarted(mutation.service_with("probe.sh", "for Docker: ", "for Docker, or so: "))
    seen = evidence.saw(container.look_at_container(alone(stack), layers))
    assert objections(seen) == {"runs-what-was-built"}


@pytest.mark.mutation(objects="oci-labels")
def test_a_missing_label_is_noticed(stack: Stack, image: Saved, sources: Sources, evidence: Evidence) -> None:
    with built_on(image, sources, f'LABEL {judge.OCI}version=""') as reference:
        seen = evidence.saw(observe.look_at_configuration(reference, image, stack.secrets()))
    assert objections(seen) == {"oci-labels"}


@pytest.mark.mutation(objects="no-secret-in-image")
@pytest.mark.parametrize("lines", [("ENV API_TOKEN=none-of-worth",), ("ARG API_TOKEN=none-of-worth", "WORKDIR /tmp")])
def test_a_secret_in_the_image_is_noticed(
    stack: Stack, image: Saved, sources: Sources, evidence: Evidence, lines: tuple[str, ...]
) -> None:
    with built_on(image, sources, *lines) as reference:
        seen = evidence.saw(observe.look_at_configuration(reference, image, stack.secrets()))
    assert objections(seen) == {"no-secret-in-image"}


@pytest.mark.mutation(objects="no-build-tools")
def test_a_compiler_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    assert objections(evidence.saw(look_inside_with(image, sources, "/usr/bin/gcc"))) == {"no-build-tools"}


@pytest.mark.mutation(objects="no-package-caches")
def test_a_package_cache_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    seen = evidence.saw(look_inside_with(image, sources, "/var/cache/apt/archives/gcc_14_amd64.deb"))
    assert objections(seen) == {"no-package-caches"}


@pytest.mark.mutation(objects="no-git-folder")
def test_a_git_folder_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    assert objections(evidence.saw(look_inside_with(image, sources, "/app/.git/HEAD"))) == {"no-git-folder"}


@pytest.mark.mutation(objects="stops-on-sigterm")
def test_a_shell_that_keeps_sigterm_to_itself_is_noticed(mutated: Mutated, evidence: Evidence) -> None:
    stack = mutated(shell_as_first_process)
    assert objections(evidence.saw(observe.stop_and_start(stack, stack.roles[Role.API]))) == {"stops-on-sigterm"}


@pytest.mark.mutation(objects="secrets-stay-out-of-the-build")
def test_a_missing_dockerignore_is_noticed(sources: Sources, evidence: Evidence) -> None:
    (sources.folder / ".dockerignore").unlink()
    assert objections(evidence.saw(observe.plant_and_look_at_context(sources))) == {"secrets-stay-out-of-the-build"}


@pytest.mark.mutation(objects="canary-in-no-layer")
def test_a_planted_secret_in_a_layer_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    with observe.built_beside_secrets(on(image, sources, "COPY . /everything")) as (_, canaries):
        assert objections(evidence.saw(canaries)) == {"canary-in-no-layer"}


@pytest.mark.mutation(objects="rebuild-is-cached")
def test_a_step_that_data_beside_it_changes_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    seen = evidence.saw(observe.rebuild(on(image, sources, "COPY . /everything")))
    assert objections(seen) == {"rebuild-is-cached"}


@pytest.mark.mutation(objects="same-content-twice")
def test_a_time_in_a_file_is_noticed(image: Saved, sources: Sources, evidence: Evidence) -> None:
    timed = on(image, sources, "RUN date +%s%N > /tmp/built-at")
    with timed.built() as first, timed.built(no_cache=True) as second:
        seen = evidence.saw(observe.compare(image_layers.saved(first.reference), image_layers.saved(second.reference)))
    assert objections(seen) == {"same-content-twice"}


def rewrite(sources: Sources, text: str) -> None:
    """Raises StackError where the mutation changed nothing."""
    if text == sources.text:
        raise StackError("the mutation took no hold of the Dockerfile")
    sources.dockerfile_path.write_text(text)


def on(image: Saved, sources: Sources, *lines: str) -> Sources:
    """The image with more instructions, everything let in: what a mutated Dockerfile gives, without its minutes."""
    for ignoring in sources.folder.glob("*.dockerignore"):
        ignoring.unlink()
    (sources.folder / "Sabotaged").write_text("\n".join([f"FROM {image.reference}", *lines, ""]))
    return replace(sources, build=Build(context=sources.build.context, dockerfile="Sabotaged"), arguments={})


@contextmanager
def built_on(image: Saved, sources: Sources, *lines: str) -> Iterator[str]:
    with on(image, sources, *lines).built() as built:
        yield built.reference


def look_inside_with(image: Saved, sources: Sources, path: str) -> judge.Contents:
    (sources.folder / "fake").write_text(FAKE)
    with built_on(image, sources, f"COPY fake {path}") as reference:
        return observe.look_inside(image_layers.saved(reference))


def alone(stack: Stack) -> Stack:
    """The api and nobody else is started: it waits for Redis, and can be looked at meanwhile."""
    stack.runner.recreate(stack.roles[Role.API])
    return stack


def api_as_root(stack: Stack) -> None:
    """Root that may read what is another's, so that it finds its password and is well."""
    mutation.override(stack, Role.API, user="0:0", cap_add=["DAC_OVERRIDE"])


def shell_as_first_process(stack: Stack) -> None:
    """What an entrypoint in shell form amounts to: a shell that is told to stop, and does not pass it on."""
    config = inspect.inspect(stack.runner.images[stack.roles[Role.API]].reference)["Config"]
    program = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    entrypoint = ["/bin/sh", "-c", '"$$@"; exit', "sh", *(word.replace("$", "$$") for word in program)]
    stack.project.override(json.dumps({"services": {stack.roles[Role.API]: {"entrypoint": entrypoint, "command": []}}}))
