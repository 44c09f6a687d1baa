"""Prometheus finds every task of a service that has several."""

import yaml

from stack import SHIPPED
from stack.ops.scraping import of_tasks

SHIPPED_FILE = (SHIPPED / "prometheus" / "prometheus.yml").read_text()


def jobs(configuration: str, *services: str) -> dict[str, dict[str, object]]:
    return {job["job_name"]: job for job in yaml.safe_load(of_tasks(configuration, services))["scrape_configs"]}


def test_each_task_of_the_api_is_scraped_as_often_as_one_was() -> None:
    api = jobs(SHIPPED_FILE, "api", "prometheus", "redis")["api"]
    looked_up = {"names": ["tasks.api"], "type": "A", "port": 5000, "refresh_interval": "5s"}
    assert api["dns_sd_configs"] == [looked_up]
    assert "static_configs" not in api
    assert (api["metrics_path"], api["scrape_interval"]) == ("/prom-metrics", "2s")


def test_it_scrapes_itself_and_nobody_who_is_not_there() -> None:
    found = jobs(SHIPPED_FILE, "api", "prometheus", "redis")
    assert list(found) == ["api", "prometheus"]
    assert found["prometheus"]["static_configs"] == [{"targets": ["127.0.0.1:9090"]}]


def test_everything_else_of_the_file_stays() -> None:
    before, after = yaml.safe_load(SHIPPED_FILE), yaml.safe_load(of_tasks(SHIPPED_FILE, ["api"]))
    assert {**before, "scrape_configs": ()} == {**after, "scrape_configs": ()}
