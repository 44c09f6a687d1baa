"""What Compose would read of this machine for a stranger is refused before anything of his starts."""

from pathlib import Path

import pytest

from checks.harness import trusting
from checks.subject import profile
from checks.subject.trust import UntrustedError

PLAIN = "services: {web: {image: shop, %s}}"
READING = {
    "env-file": PLAIN % "env_file: %s",
    "env-file-by-its-path": PLAIN % "env_file: [{path: %s, required: false}]",
    "label-file": PLAIN % "label_file: %s",
    "home": PLAIN % "env_file: '${HOME}/secret'",
    "tilde": PLAIN % "env_file: ~/secret",
    "extends": PLAIN % "extends: {file: %s, service: web}",
    "include": "include: [%s]\nservices: {web: {image: shop}}",
    "include-variables": "include: [{path: ./more.yaml, env_file: %s}]\nservices: {web: {image: shop}}",
}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of this machine, in the home of who runs this."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = tmp_path / "home" / "secret"
    file.parent.mkdir()
    file.write_text("services: {web: {image: other}}\n")
    return file


def project(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "others" / "project"
    (folder / ".git").mkdir(parents=True)  # it ends here
    (folder / "more.yaml").write_text("services: {more: {image: shop}}")
    (folder / "compose.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("how", READING)
def test_what_compose_would_read_is_refused(how: str, outside: Path, tmp_path: Path) -> None:
    text = READING[how]
    folder = project(tmp_path, text % outside if "%s" in text else text)
    with pytest.raises(UntrustedError) as refused:
        trusting.require(profile.read(folder))
    assert f"env_file, label_file, include or extends: {outside} (outside-files)" in refused.value.details


def test_variables_that_are_a_link_out_are_refused(outside: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, "services: {web: {image: shop}}")
    (folder / ".env").symlink_to(outside)
    with pytest.raises(UntrustedError, match="nothing was started"):
        trusting.require(profile.read(folder))


def test_files_of_the_project_are_left_in_peace(tmp_path: Path) -> None:
    folder = project(tmp_path, f"include: [more.yaml]\n{PLAIN % 'env_file: deploy/.env'}")
    (folder / "deploy").mkdir()
    (folder / "deploy" / ".env").write_text("A=b\n")
    trusting.require(profile.read(folder))
