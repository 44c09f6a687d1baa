"""What is wrong in a Dockerfile is told with its line."""

from pathlib import Path

from checks.core.place import Place
from checks.requirements.r1_dockerfile import build_context
from checks.requirements.r1_dockerfile.judge import written_violations
from checks.requirements.r1_dockerfile.observe import lint, read_dockerfile
from checks.subject.profile import Subject
from checks.subject.tests.resolved import resolved

TEXT = """\
# what the service is built from
ARG BASE=python
FROM python:3.13.5-slim AS build
RUN \\
    true
FROM ${BASE}
COPY --from=busybox /bin/busybox /bin/
RUN cd /tmp && true
"""


def test_a_violation_of_a_dockerfile_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text(TEXT)
    config = {"services": {"api": {"build": {"context": str(tmp_path / "app")}}}}
    (sources,) = build_context.in_place(resolved(Subject(compose_file=tmp_path / "compose.yaml"), tmp_path, config))
    found = {one.rule: one.place for one in written_violations(read_dockerfile(sources))}
    final, taken = Place(file="app/Dockerfile", line=6), Place(file="app/Dockerfile", line=7)
    assert found == {"multi-stage": final, "pinned-base": final}
    assert read_dockerfile(sources).places["busybox"] == taken
    assert lint(sources).place == taken
