"""Roles are found by evidence, an absent one is an answer, and what is not clear is asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.core.tests.cases import Case, accepted, parametrized, text_of
from checks.core.verdict import NotApplicableError
from checks.subject.ports import http_ports, published
from checks.subject.role_tables import every_role
from checks.subject.roles import Absent, Found, Role, Search, find_roles
from stack.driver.errors import SubjectError
from stack.driver.project import Config

CASES = Path(__file__).with_name("cases")
API = {"image": "shop-api:1", "ports": [{"target": 5000, "published": "5000"}]}
REDIS = {"image": "registry.example/library/redis:8.0"}
PROMETHEUS = {"image": "prom/prometheus:v2.53.3", "ports": [{"target": 9090}]}
WORKER = {"image": "shop-worker:1"}


def config(**services: dict[str, Any]) -> dict[str, Any]:
    return {"services": services}


def config_of(case: Case) -> Config:
    """What `docker compose config --format json` says of a case, where it stands."""
    told: Config = json.loads(text_of(case, "config.json").replace("@DIR@", str(case["folder"])))
    return told


@parametrized(CASES, "roles")
def test_which_service_is_which(case: Case) -> None:
    found = find_roles(config_of(case), {})
    assert ", ".join(f"{role}={found[role]}" for role in sorted(found)) in accepted(case)


@parametrized(CASES, "api-port")
def test_on_which_port_the_api_answers(case: Case) -> None:
    assert str(http_ports(config_of(case), case["service"])[0]) in accepted(case)


def test_roles_are_found_by_looking() -> None:
    found = find_roles(config(web=API, cache=REDIS, metrics=PROMETHEUS, worker=WORKER), {})
    assert found == {Role.API: "web", Role.REDIS: "cache", Role.PROMETHEUS: "metrics"}


@pytest.mark.parametrize(
    "service",
    [
        {"image": "valkey/valkey:8"},
        {"image": "docker.dragonflydb.io/dragonflydb/dragonfly:v1.27"},
        {"image": "redis/redis-stack-server:7.4.0-v0"},
        {"image": "docker.io/bitnami/redis@sha256:" + 64 * "0"},
        {"image": "localhost:5000/redis"},
        {"image": "redis", "command": ["/etc/redis.conf"]},
        {"image": "redis", "command": ["sh", "-c", "exec redis-server --port 6380"]},
        {"image": "redis", "command": ["sh", "/start.sh"]},
        {"image": "alpine", "entrypoint": ["redis-server", "/etc/redis.conf"]},
        {"image": "alpine", "command": ["redis-server"], "ports": [{"target": 6379}]},
        {"image": "redis", "ports": [{"target": 6379}]},
        {"build": {"dockerfile_inline": "ARG V=8\nFROM redis:${V}-alpine\n"}},
        {"build": {"dockerfile_inline": "FROM alpine AS x\nFROM --platform=linux/amd64 redis:8 AS base\nFROM base\n"}},
    ],
)
def test_redis_is_known_by_its_image_or_its_command(service: dict[str, Any]) -> None:
    assert find_roles(config(web=API, it=service, metrics=PROMETHEUS), {})[Role.REDIS] == "it"


@pytest.mark.parametrize(
    "service",
    [
        {"image": "redis.example/prometheus/shop:1"},
        {"image": "oliver006/redis_exporter"},
        {"image": "bitnami/redis-exporter:1"},
        {"image": "redis/redisinsight:2"},
        {"image": "bitnami/redis-sentinel"},
        {"image": "shop/my-redis-thing"},
        {"image": "redis", "command": ["redis-cli", "-h", "cache", "ping"]},
        {"image": "redis", "command": ["redis-server", "/sentinel.conf", "--sentinel"]},
        {"image": "shop", "command": ["./wait-for", "redis-server", "--", "echo"]},
        {"image": "redis", "deploy": {"replicas": 0}},
    ],
)
def test_what_only_has_redis_in_its_name_is_none(service: dict[str, Any]) -> None:
    found = find_roles(config(web=API | {"build": {}}, it=service, metrics=PROMETHEUS), {})
    assert isinstance(found.findings[Role.REDIS], Absent)
    assert Role.REDIS not in found
    with pytest.raises(NotApplicableError, match="needs a Redis: no service runs"):
        found[Role.REDIS]


def test_a_role_that_the_profile_leaves_out_has_its_reason() -> None:
    found = find_roles(
        config(web=API, cache=REDIS, metrics=PROMETHEUS), {}, {Role.PROMETHEUS: "the platform scrapes it"}
    )
    with pytest.raises(NotApplicableError) as refused:
        found[Role.PROMETHEUS]
    assert str(refused.value) == "the platform scrapes it"


@pytest.mark.parametrize(
    ("services", "role", "told"),
    [
        ({"web": API, "shop": API}, Role.API, "which service is the api? 2 services look like it (web, shop)"),
        ({"db": {"image": "postgres"}}, Role.API, "which service is the api? no service looks like it"),
        (
            {"web": API, "one": REDIS, "two": REDIS},
            Role.REDIS,
            "which service is the redis? 2 services look like it (one, two)",
        ),
    ],
)
def test_what_is_not_clear_is_asked_by_who_needs_it(services: dict[str, Any], role: Role, told: str) -> None:
    found = find_roles(config(**services), {})
    with pytest.raises(SubjectError) as refused:
        found[role]
    assert refused.value.sentence == told
    assert f'[roles] {role} = "' in refused.value.hint
    assert {*found} == {one for one in every_role() if isinstance(found.findings[one], Found)} != set(every_role())


def test_a_named_role_settles_what_looking_cannot() -> None:
    services = config(web=API, shop=API, cache=REDIS, metrics=PROMETHEUS)
    assert find_roles(services, {Role.API: "shop"})[Role.API] == "shop"


def test_a_service_named_for_one_role_is_not_taken_for_another() -> None:
    services = config(web=API, one=REDIS, two=REDIS, metrics=PROMETHEUS)
    assert find_roles(services, {Role.API: "one"})[Role.REDIS] == "two"


def test_a_role_named_for_a_service_that_is_not_there_is_refused() -> None:
    with pytest.raises(SubjectError, match="names `gone` as api, and there is no such service"):
        find_roles(config(web=API, cache=REDIS, metrics=PROMETHEUS), {Role.API: "gone"})


def test_who_is_scraped_is_the_api(tmp_path: Path) -> None:
    told = tmp_path / "prometheus.yml"
    told.write_text("- targets: ['shop:8000', 'localhost:9090'] # not web:5000\n")
    prometheus = PROMETHEUS | {"volumes": [{"type": "bind", "source": str(told), "target": "/etc/prometheus.yml"}]}
    services = config(web=API, shop={"image": "shop"}, metrics=prometheus)
    found = find_roles(services, {}).findings[Role.API]
    assert found == Found(service="shop", because="metrics scrapes it (prometheus.yml)")


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("nginx", "upstream app { server shop; }\nlocation /web/ { proxy_pass http://app; }"),
        ("nginx:1.27", "location / { proxy_pass http://shop:8000; } # proxy_pass http://web;"),
        ("caddy", "example.com {\n  reverse_proxy shop:8000\n}"),
        ("haproxy:3", "backend b\n  server one shop:8000 check"),
        ("traefik", "url: http://shop:8000/"),
        ("nginx", "uwsgi_pass shop:8000;"),
    ],
)
def test_behind_a_proxy_is_who_it_leads_to(image: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "proxy.conf").write_text(text)
    mounted = [{"type": "bind", "source": str(tmp_path / "conf"), "target": "/etc/conf"}]
    proxy = {"image": image, "ports": [{"target": 80}], "volumes": mounted}
    found = find_roles(config(proxy=proxy, shop={"image": "s"}, web=WORKER), {}).findings[Role.API]
    assert found == Found(service="shop", because="proxy leads to it (proxy.conf)")


def test_who_tells_a_proxy_of_itself_is_led_to() -> None:
    labels = {
        "traefik.http.routers.shop.rule": "Host(`x`)",
        "traefik.http.services.shop.loadbalancer.server.port": "9000",
    }
    services = config(proxy={"image": "traefik:v3"}, shop={"image": "s", "labels": labels}, web=WORKER)
    looked = Search(config=services, named={})
    assert find_roles(services, {})[Role.API] == "shop"
    assert [link.port for link in looked.leads("shop")] == [9000]


def test_of_app_and_frontend_the_one_with_redis_is_the_api() -> None:
    front = {"build": {"context": "/front"}, "ports": [{"target": 3000}]}
    back = {"build": {"context": "/back"}, "ports": [{"target": 8000}], "depends_on": {"cache": {}}}
    assert find_roles(config(front=front, back=back, cache=REDIS), {})[Role.API] == "back"


PUBLISHED = {"build": {"context": "/it"}, "ports": [{"target": 80}]}
ON_REDIS: dict[str, Any] = {"depends_on": {"cache": {}}}


def built(*lines: str) -> dict[str, Any]:
    return {"build": {"context": "/it", "dockerfile_inline": "\n".join(("FROM python:3.13-slim", *lines))}}


@pytest.mark.parametrize(
    ("services", "api"),
    [
        ({"shown": PUBLISHED | {"command": ["nodemon", "x.js"]}, "app": PUBLISHED | ON_REDIS}, "app"),
        ({"front": PUBLISHED | {"depends_on": {"app": {}}}, "app": built("EXPOSE 8000") | ON_REDIS}, "app"),
        ({"worker": built() | ON_REDIS, "app": PUBLISHED | {"depends_on": {"worker": {}}}}, "app"),
        ({"flower": PUBLISHED | built("CMD celery -A tasks flower") | ON_REDIS, "app": PUBLISHED}, "app"),
        ({"app": PUBLISHED | built("CMD uvicorn a:b"), "other": PUBLISHED}, "app"),
        (
            {
                "keeping": {"image": "shop", "healthcheck": {"test": ["CMD-SHELL", "pgrep keeper"]}},
                "app": {"image": "shop", "healthcheck": {"test": ["CMD", "curl", "-f", "localhost:80/"]}} | ON_REDIS,
            },
            "app",
        ),
    ],
)
def test_of_several_the_better_evidence_decides(services: dict[str, Any], api: str) -> None:
    assert find_roles(config(**services, cache=REDIS), {})[Role.API] == api


def test_using_redis_says_nothing_alone() -> None:
    found = find_roles(config(one={"image": "a"}, two={"image": "b"} | ON_REDIS, cache=REDIS), {})
    with pytest.raises(SubjectError, match="2 services look like it"):
        found[Role.API]


def test_workers_and_jobs_are_not_the_api() -> None:
    worker = {"build": {"context": "/back"}, "command": ["celery", "-A", "app", "worker"]}
    job = {"build": {"context": "/back"}, "command": ["python", "manage.py", "migrate"]}
    web = {"build": {"context": "/back"}, "depends_on": {"seed": {"condition": "service_completed_successfully"}}}
    seed = {"build": {"context": "/back"}, "ports": [{"target": 1}]}
    assert find_roles(config(worker=worker, job=job, web=web, seed=seed), {})[Role.API] == "web"


@pytest.mark.parametrize(
    "line",
    [
        "alembic upgrade head && uvicorn app.main:app --host 0.0.0.0",
        "python manage.py migrate --noinput && python manage.py collectstatic --noinput && gunicorn shop.wsgi",
        "python manage.py migrate; python manage.py runserver 0.0.0.0:8000",
        "celery -A app worker & exec hypercorn app:app",
    ],
)
def test_a_job_before_its_server_leaves_it_the_api(line: str) -> None:
    web = {"build": {"context": "/back"}, "command": ["sh", "-c", line]}
    assert find_roles(config(web=web, cache=REDIS), {})[Role.API] == "web"


def test_jobs_one_after_another_are_not_the_api() -> None:
    jobs = {"build": {"context": "/back"}, "command": ["sh", "-c", "alembic upgrade head && python manage.py migrate"]}
    with pytest.raises(SubjectError, match="no service looks like it"):
        find_roles(config(jobs=jobs), {})[Role.API]


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        ({"command": ["gunicorn", "-w", "2", "--bind", "0.0.0.0:8001", "app:app"]}, (8001,)),
        ({"command": ["sh", "-c", "alembic upgrade head && uvicorn app:app --port=8002"]}, (8002,)),
        (
            {"command": ["python", "-m", "debugpy", "--listen", "0.0.0.0:5678", "-m", "flask", "run", "-p", "8003"]},
            (8003,),
        ),
        ({"command": ["python", "manage.py", "runserver", "0.0.0.0:8004"]}, (8004,)),
        ({"environment": {"PORT": "8005", "REDIS_PORT": "6379"}}, (8005,)),
        ({"ports": [{"target": 8006}, {"target": 53, "protocol": "udp"}, {"target": 9229}]}, (8006,)),
        ({"ports": [{"target": 5678}]}, (5678,)),
        ({"command": ["uvicorn", "app:app"]}, (8000,)),
        ({"expose": ["8007", "8008/tcp"]}, (8007, 8008)),
        ({}, ()),
    ],
)
def test_where_the_files_say_that_a_service_listens(service: dict[str, Any], ports: tuple[int, ...]) -> None:
    assert http_ports(config(web=service), "web") == ports


def test_published_ports_are_those_of_the_container() -> None:
    service = {"ports": [{"target": 5000, "published": "15000"}, {"target": "9000"}]}
    assert (list(published(service)), list(published({}))) == ([5000, 9000], [])
