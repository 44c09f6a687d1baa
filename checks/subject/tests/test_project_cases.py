"""Realistic projects: which files make them up, and whether a copy of them is whole, harmless and apart."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.subject import profile, workspace
from checks.subject.profile import Subject
from checks.subject.shared_data import refuse_shared_data
from checks.subject.tests.compose import needs_compose
from checks.subject.tests.projects import laid_out
from stack.driver import detached as copies
from stack.driver.errors import SubjectError
from stack.driver.project import COMPOSE_NAMES, OVERRIDE_NAMES, Config

CASES = Path(__file__).with_name("cases")
LABELS = {"compose-compliance.run": "checks"}


def subject_of(case: Case, base: Path) -> Subject:
    directory = laid_out(case, base)
    named = [str(directory / name) for name in case.get("compose_file", "").split(":")]
    return profile.read(Path(":".join(named)))


def config_of(case: Case, directory: Path) -> Config:
    """What `docker compose config --format json` says of a case in this folder."""
    told: Config = json.loads(text_of(case, "config.json").replace("@DIR@", str(directory)))
    return told


@parametrized(CASES, "compose-files")
def test_which_files_make_up_a_project(case: Case, tmp_path: Path) -> None:
    at = tmp_path / "work" / case.get("project", ".")
    try:
        subject = subject_of(case, tmp_path / "work")
    except SubjectError:
        assert "refused" in accepted(case)
        return
    found = subject.project_in(subject.directory, "judged").files
    assert ", ".join(os.path.relpath(path, at) for path in found) in accepted(case)


@needs_compose
@parametrized(CASES, "compose-says")
def test_what_compose_says_of_a_project(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/somewhere/else")
    subject = subject_of(case, tmp_path / "work")
    found: Any = subject.project_in(subject.directory, "judged").config
    for key in case["path"]:
        found = found[int(key)] if isinstance(found, list) else found[key]
    told = ", ".join(sorted(found)) if isinstance(found, dict) else str(found)
    assert told.replace(str(tmp_path / "work"), "@DIR@") in accepted(case)


@parametrized(CASES, "copy-complete")
def test_a_copy_has_all_that_its_compose_file_needs(case: Case, tmp_path: Path) -> None:
    subject = subject_of(case, tmp_path / "work")
    directory = workspace.place_in(tmp_path / "run" / "copy", subject)
    workspace._copy(subject, directory)
    assert [need for need in case["needs"] if not (directory / need).exists()] == []
    assert all(path.is_relative_to(tmp_path / "run" / "copy") for path in (tmp_path / "run").rglob("*/*"))
    assert [name for name in case.get("needs_not", ()) if (directory / name).exists()] == []


@parametrized(CASES, "copy-shares")
def test_a_copy_writes_to_none_of_the_originals_data(case: Case, tmp_path: Path) -> None:
    subject = subject_of(case, tmp_path / "work")
    directory = workspace.place_in(tmp_path / "run" / "copy", subject)
    workspace._copy(subject, directory)
    config = config_of(case, directory)
    try:
        refuse_shared_data(config, tmp_path / "run" / "copy")
        copies.detached(config, "copy-1", LABELS)
    except SubjectError:
        assert "refused" in accepted(case)
    else:
        assert "allowed" in accepted(case)


@parametrized(CASES, "copy-clashes")
def test_a_copy_can_run_beside_the_original(case: Case) -> None:
    try:
        override = copies.detached(config_of(case, case["folder"]), "copy-1", LABELS)
    except SubjectError:
        assert "refused" in accepted(case)
    else:
        assert "none" in accepted(case)
        assert [word for word in case["must_reset"] if word not in override] == []


@needs_compose
@parametrized(CASES, "copy-clashes")
def test_what_detaches_a_copy_takes_fixed_things_back(case: Case, tmp_path: Path) -> None:
    """By what Compose makes of it."""
    subject = subject_of(case, tmp_path / "work")
    copy = subject.project_in(subject.directory, "copy-1", LABELS, aside=tmp_path)
    try:
        copy.detach()
    except SubjectError:
        assert "refused" in accepted(case)
        return
    assert not re.search(r"172\.30\.|10\.99\.|br-shop|shop-backend|\"container_name\"", copy.as_json())
    published = [port for spec in copy.config["services"].values() for port in spec.get("ports") or ()]
    assert {(port.get("host_ip"), port.get("published")) for port in published} <= {("127.0.0.1", None)}


COMPOSE_AND_OVERRIDES = [*COMPOSE_NAMES, *OVERRIDE_NAMES]


@needs_compose
@effort(derandomize=True, max_examples=12, deadline=None)
@given(st.sets(st.sampled_from(COMPOSE_AND_OVERRIDES), min_size=1), st.sampled_from(["", "below"]), st.booleans())
def test_files_are_those_that_compose_reads(names: set[str], below: str, variable: bool) -> None:
    """Each file has a service of its own, and says last of all which came last: Compose is run in the folder itself."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder, below)
        at.mkdir(exist_ok=True)
        for name in names:
            told = {"services": {name.replace(".", "-"): {"image": "x"}, "last": {"image": name.replace(".", "-")}}}
            Path(folder, name).write_text(json.dumps(told))
        if variable:
            up = "../" if below else ""
            (at / ".env").write_text(f"COMPOSE_FILE={':'.join(up + name for name in sorted(names))}\n")
        compose = ["docker", "compose", "config", "--format", "json"]
        asked = subprocess.run(compose, cwd=at, capture_output=True, text=True, check=False)
        if asked.returncode:
            with pytest.raises(SubjectError):
                profile.read(at)
            return
        subject = profile.read(at)
        ours = subject.project_in(subject.directory, "judged").config["services"]
        assert {name: spec["image"] for name, spec in ours.items()} == {
            name: spec["image"] for name, spec in json.loads(asked.stdout)["services"].items()
        }
