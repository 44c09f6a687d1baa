"""A mutation takes hold on the files of a copy, or says that it could not."""

from pathlib import Path

import pytest

from checks.subject import mutation
from checks.subject.tests.resolved import FIRST_OVERRIDE, shipped_copy, texts
from stack.driver.errors import StackError


def test_a_mutated_service_is_mounted_over_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = shipped_copy(tmp_path)
    monkeypatch.setattr(mutation, "file_in_image", lambda _, service, path: f"# {service} {path}\nreturn 503\n")
    mutation.service_with("app.py", "503", "404")(stack)
    assert texts(stack)["app.py"] == "# api /app/service/app.py\nreturn 404\n"
    assert '"./app.py:/app/service/app.py:ro"' in texts(stack)[FIRST_OVERRIDE]
    with pytest.raises(StackError, match="and it is there 0 times"):
        mutation.service_with("app.py", "200", "404")(stack)


@pytest.mark.parametrize("copies", [0, 2])
def test_a_mutation_that_cannot_take_hold_says_so(copies: int, tmp_path: Path) -> None:
    stack = shipped_copy(tmp_path)
    configuration = stack.project.directory / "prometheus" / "prometheus.yml"
    text = configuration.read_text()
    configuration.unlink()
    for number in range(copies):
        (stack.project.directory / f"prometheus-{number}.yml").write_text(text)
    with pytest.raises(StackError, match=f"and {copies} have it"):
        mutation.edit(stack, "metrics_path: /prom-metrics", "metrics_path: /another")
    assert [path.read_text() for path in stack.project.directory.glob("prometheus-*.yml")] == [text] * copies
