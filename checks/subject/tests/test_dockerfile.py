"""A Dockerfile is read as far as its stages, and ours give hadolint nothing to say."""

import subprocess
import sys
from pathlib import Path

import pytest

from checks.subject import dockerfile
from stack.driver.errors import SubjectError
from stack.driver.images.bases import API, HEALER, Own

TEXT = """
# comment
ARG TAG=3.13
ARG BASE="python:${TAG}-slim"
FROM ${BASE} AS Build
ARG BASE=other
RUN --mount=type=bind,from=tools:1.2,target=/t make \\
    # a comment between
    && FROM this is no stage
COPY <<END /file
FROM nowhere
END
FROM --platform=linux/amd64 scratch as spare
FROM $BASE
COPY --chown=1:1 --from=build /a /b
COPY --from=1 --from-nothing /a /b
copy --from=nginx:1.29 /c /d
"""


def test_stages_are_read_through_what_is_not_one() -> None:
    stages = dockerfile.read(TEXT).stages
    assert [(stage.name, stage.base) for stage in stages] == [
        ("build", "python:3.13-slim"),
        ("spare", "scratch"),
        ("", "python:3.13-slim"),
    ]


def test_a_stage_tells_what_it_takes_from() -> None:
    whole = dockerfile.read(TEXT)
    assert whole.final().takes_from == ("build", "1", "nginx:1.29")
    assert whole.earlier(whole.final()) == {"build", "spare", "0", "1"}


def test_every_image_from_elsewhere_is_a_base() -> None:
    assert dockerfile.read(TEXT).bases == ("python:3.13-slim", "tools:1.2", "scratch", "nginx:1.29")


@pytest.mark.parametrize(("target", "base"), [("", "python:3.13-slim"), ("Spare", "scratch")])
def test_the_target_is_the_final_stage(target: str, base: str) -> None:
    assert dockerfile.read(TEXT).final(target).base == base


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("ARG BASE\nFROM ${BASE}", ""),
        ("ARG BASE\nFROM ${BASE:-debian:13}", "debian:13"),
        ("ARG BASE=alpine:3\nFROM ${BASE:-debian:13}", "alpine:3"),
        ("ARG TAG=13\r\nFROM debian:$TAG\r\n", "debian:13"),
    ],
)
def test_a_variable_is_replaced_by_its_default(text: str, base: str) -> None:
    assert dockerfile.read(text).bases == (base,)


@pytest.mark.parametrize("text", ["", "# FROM debian\n", "RUN true\n"])
def test_what_has_no_from_is_refused(text: str) -> None:
    with pytest.raises(SubjectError, match="the Dockerfile"):
        dockerfile.read(text)


@pytest.mark.parametrize("own", [API, HEALER], ids=lambda own: own.name)
def test_ours_are_clean_and_take_in_only_what_is_named(own: Own) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, own.context / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    ignored = (own.context / ".dockerignore").read_text().splitlines()
    assert [line for line in ignored if line and not line.startswith(("#", "!"))] == ["*"]
