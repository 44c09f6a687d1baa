"""Changes to files that have a project keep the rules of R6."""

from __future__ import annotations

import json

import yaml

from checks.core.verdict import Violation
from checks.roles.prometheus.configuration import metrics_route
from checks.subject import yaml_edit
from checks.subject.draft import Draft, NoPatchError, remedies
from checks.subject.roles import Found, Role

NAME, VOLUME = "prometheus", "prometheus-data"
CONFIGURATION = """\
global:
  scrape_interval: 5s
scrape_configs:
  - job_name: {api}
    metrics_path: {route}
    static_configs:
      - targets: ["{api}:{port}"]
"""
SERVICE = """\
{name}:
  image: prom/prometheus:v2.53.3
  volumes:
    - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
    - {volume}:/prometheus
  restart: unless-stopped
  healthcheck:
    test: ["CMD", "promtool", "check", "healthy", "--url=http://127.0.0.1:9090"]
    interval: 5s
    timeout: 3s
    retries: 3"""


@remedies("target-up")
def add_a_prometheus(draft: Draft, _: Violation) -> None:
    """One of its own, that scrapes the api; where there is one, what it is to scrape stands in its configuration."""
    files, api = draft.files, draft.files.roles.findings[Role.API]
    if files.role(Role.PROMETHEUS) is not None:
        raise NoPatchError("its configuration is to get a job, beside those that it has")
    if not isinstance(api, Found):
        raise NoPatchError("which service is the api is not known")
    ports = files.api_ports(api.service)
    configuration = files.subject.directory / "prometheus.yml"
    if not ports or configuration.exists() or NAME in files.services:
        raise NoPatchError(f"on which port `{api.service}` answers is not known, or a `{NAME}` is there already")
    told = CONFIGURATION.format(api=api.service, route=metrics_route(files), port=ports[0])
    draft.write(configuration, told)
    _add_service(draft, api.service)


def _add_service(draft: Draft, api: str) -> None:
    path = draft.holding("services", api)[0]
    text = draft.text(path)
    services = yaml_edit.node_at(text, ("services",))
    column = services.start_mark.column if services else 0
    if not isinstance(services, yaml.MappingNode) or services.flow_style or not column:
        raise NoPatchError("its services are written in one line")
    name, *lines = [*SERVICE.format(name=NAME, volume=VOLUME).splitlines(), *_as_of(draft, api)]
    body = "\n".join(f"{' ' * column}{line}" for line in lines)
    draft.write(path, _with_volume(yaml_edit.with_key(text, ("services",), name.rstrip(":"), f"\n{body}")))


def _as_of(draft: Draft, api: str) -> list[str]:
    """In the networks and profiles that the api is in, so that it reaches it."""
    spec = draft.files.services[api]
    told = {"networks": list(spec.get("networks") or {}), "profiles": list(spec.get("profiles") or ())}
    return [f"  {key}: {json.dumps(names)}" for key, names in told.items() if names not in ([], ["default"])]


def _with_volume(text: str) -> str:
    if yaml_edit.node_at(text, ("volumes",)) is None:
        return f"{text.rstrip()}\nvolumes:\n  {VOLUME}: {{}}\n"
    return yaml_edit.with_key(text, ("volumes",), VOLUME, "{}")
