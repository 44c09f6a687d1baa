"""Scrape jobs are read from the file that Prometheus is started with, where that is mounted."""

from dataclasses import replace
from pathlib import Path

import pytest

from checks.roles.prometheus import configuration
from checks.roles.prometheus.configuration import Job
from checks.subject.profile import Subject
from checks.subject.profile_model import Routes
from checks.subject.stack import Files
from checks.subject.tests.resolved import ResolvedProject
from stack.driver.errors import SubjectError

TOLD = """
scrape_configs:
  - job_name: api
    metrics_path: /m
    static_configs: [{targets: ["api:5000"]}]
  - job_name: found
    dns_sd_configs: [{names: [api]}]
"""


def files(folder: Path, text: str, *command: str, target: str = "/etc/prometheus") -> Files:
    (folder / "prometheus.yml").write_text(text)
    volumes = [{"type": "bind", "source": str(folder), "target": target}]
    spec = {"image": "prom/prometheus", "command": list(command), "volumes": volumes}
    project = ResolvedProject(folder, "declared", {"services": {"prometheus": spec}})
    return Files(subject=Subject(compose_file=folder / "compose.yaml"), project=project)


@pytest.mark.parametrize("words", [("--config.file=/p/prometheus.yml",), ("--config.file", "/p/prometheus.yml")])
def test_jobs_are_read_where_they_are_said_to_be(words: tuple[str, ...], tmp_path: Path) -> None:
    assert configuration.jobs(files(tmp_path, TOLD, *words, target="/p"), "prometheus") == (
        Job(name="api", targets=("api:5000",), path="/m", discovers=False),
        Job(name="found", targets=(), path="/metrics", discovers=True),
    )


@pytest.mark.parametrize("text", ["scrape_configs: [1]", "- a", "a: [", "scrape_configs: [{}]"])
def test_what_is_no_configuration_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="is no configuration of Prometheus"):
        configuration.jobs(files(tmp_path, text), "prometheus")


def test_a_file_in_the_image_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="is not mounted"):
        configuration.jobs(files(tmp_path, TOLD, "--config.file=/else.yml"), "prometheus")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TOLD.replace("api:5000", "web:5000"), "/m"),
        (TOLD, ""),  # another service
        ("- a", ""),
    ],
)
def test_the_route_of_the_api_is_that_of_the_job_that_names_it(text: str, path: str, tmp_path: Path) -> None:
    seen = files(tmp_path, text)
    seen.project.config["services"]["web"] = {"image": "shop", "ports": [{"target": 5000}]}
    assert configuration.scraped_at(seen) == path


def test_the_profile_says_where_metrics_are_before_prometheus(tmp_path: Path) -> None:
    seen = files(tmp_path, TOLD.replace("api:5000", "web:5000"))
    seen.project.config["services"]["web"] = {"build": {"context": "/web"}}
    assert configuration.metrics_route(seen) == "/m"
    told = replace(seen, subject=replace(seen.subject, routes=Routes(metrics="/told")))
    assert configuration.metrics_route(told) == "/told"
    assert configuration.metrics_route(files(tmp_path, "- a")) == configuration.USUAL_ROUTE
