"""A subject is read from where it stands, its roles are found by looking, and nothing is guessed in silence."""

from pathlib import Path
from typing import Any

import pytest

from checks.core.requirement import Reading
from checks.subject.compose_files import COMPOSE_NAMES, PROFILE_NAME
from checks.subject.profile import Build, Credential, Routes, read
from checks.subject.roles import Role, find_roles, published
from stack import SHIPPED
from stack.driver.errors import SubjectError

API = {"image": "shop-api:1", "ports": [{"target": 5000, "published": "5000"}]}
REDIS = {"image": "registry.example/library/redis:8.0"}
PROMETHEUS = {"image": "prom/prometheus:v2.53.3", "ports": [{"target": 9090}]}
WORKER = {"image": "shop-worker:1"}


def config(**services: dict[str, Any]) -> dict[str, Any]:
    return {"services": services}


def project(directory: Path, profile: str | bytes = "", name: str = "compose.yaml") -> Path:
    (directory / name).write_text("services: {}\n")
    if profile:
        content = profile.encode() if isinstance(profile, str) else profile
        (directory / PROFILE_NAME).write_bytes(content)
    return directory


@pytest.mark.parametrize("name", COMPOSE_NAMES)
def test_a_directory_is_read_by_any_name_of_its_compose_file(tmp_path: Path, name: str) -> None:
    assert read(project(tmp_path, name=name)).compose_file == tmp_path / name


def test_a_compose_file_is_read_by_its_own_name(tmp_path: Path) -> None:
    found = read(project(tmp_path, name="stack.test.yaml") / "stack.test.yaml")
    assert (found.compose_file.name, found.directory) == ("stack.test.yaml", tmp_path)


def test_of_two_compose_files_the_preferred_one_is_read(tmp_path: Path) -> None:
    for name in COMPOSE_NAMES:
        project(tmp_path, name=name)
    assert read(tmp_path).compose_file.name == "compose.yaml"


def test_without_a_profile_nothing_is_named(tmp_path: Path) -> None:
    found = read(project(tmp_path))
    assert (found.prepare, found.roles, found.credentials, found.routes) == ((), {}, {}, Routes())
    assert (found.reading, found.build) == (None, None)


def test_a_profile_names_what_cannot_be_seen(tmp_path: Path) -> None:
    profile = """
        prepare = ["make", "all"]
        leave_out = ["data"]
        [roles]
        api = "web"
        [routes]
        set = "/items"
        [healthcheck]
        reading = "liveness"
        [build]
        context = "../service"
        [credentials.app]
        user = "app"
        password_file = "secrets/app"
    """
    found = read(project(tmp_path, profile))
    assert (found.prepare, found.leave_out, found.roles) == (("make", "all"), ("data",), {Role.API: "web"})
    assert (found.routes, found.reading) == (Routes(set="/items"), Reading.LIVENESS)
    assert found.build == Build(context="../service", dockerfile="Dockerfile")
    assert found.credentials == {"app": Credential(user="app", password_file="secrets/app", keys="")}  # noqa: S106


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("prepare = [", "cannot be used"),
        (b"prepare = ['\xff']", "cannot be used"),
        ("prepared = ['make']", "unknown key `prepared`"),
        ("prepare = 1", "cannot be used"),
        ("roles = 1", "cannot be used"),
        ("[roles]\ndatabase = 'db'", "'database'"),
        ("[routes]\ndelete = '/x'", "'delete'"),
        ("[credentials.app]\nuser = 'app'", "'password_file'"),
        ("[credentials.app]\nuser = 'app'\npassword_file = 'x'\npassword = 'y'", "'password'"),
        ("[credentials]\napp = 'app'", "cannot be used"),
        ("[healthcheck]\nreading = 'deep'", "'deep'"),
        ("[healthcheck]\nroute = '/x'", "'route'"),
        ("healthcheck = 'readiness'", "cannot be used"),
        ("[build]\ndockerfile = 'x'", "'context'"),
        ("[build]\ncontext = 1", "`build` is to be a table of strings"),
    ],
)
def test_a_damaged_profile_is_told_in_a_sentence(tmp_path: Path, profile: str | bytes, told: str) -> None:
    with pytest.raises(SubjectError) as refused:
        read(project(tmp_path, profile))
    assert PROFILE_NAME in refused.value.sentence
    assert told in refused.value.sentence


@pytest.mark.parametrize(("name", "told"), [("missing", "no such directory"), ("", "it holds none of compose.yaml")])
def test_what_is_no_compose_project_is_refused(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(SubjectError, match=told):
        read(tmp_path / name)


def test_the_shipped_stack_is_a_subject_like_any_other() -> None:
    assert set(read(SHIPPED).credentials) == {"app", "auditor", "health"}
    assert read(SHIPPED).reading is Reading.READINESS


def test_roles_are_found_by_looking() -> None:
    found = find_roles(config(web=API, cache=REDIS, metrics=PROMETHEUS, worker=WORKER), {})
    assert found == {Role.API: "web", Role.REDIS: "cache", Role.PROMETHEUS: "metrics"}


@pytest.mark.parametrize(
    "service",
    [
        {"image": "valkey/valkey:8"},
        {"image": "alpine", "entrypoint": ["redis-server", "/etc/redis.conf"]},
        {"image": "alpine", "command": ["redis-server"], "ports": [{"target": 6379}]},
        {"image": "redis", "ports": [{"target": 6379}]},
    ],
)
def test_redis_is_known_by_its_image_or_its_command(service: dict[str, Any]) -> None:
    assert find_roles(config(web=API, it=service, metrics=PROMETHEUS), {})[Role.REDIS] == "it"


def test_a_registry_whose_name_has_redis_in_it_is_no_redis() -> None:
    web = API | {"image": "redis.example/prometheus/shop:1"}
    assert find_roles(config(web=web, cache=REDIS, metrics=PROMETHEUS), {})[Role.API] == "web"


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ({"web": API, "shop": API}, "which service is the api? 2 services look like it (web, shop)"),
        ({"worker": WORKER}, "which service is the api? no service looks like it"),
        ({"web": API, "one": REDIS, "two": REDIS}, "which service is the redis? 2 services look like it (one, two)"),
        ({"web": API, "cache": REDIS}, "which service is the prometheus? no service looks like it"),
    ],
)
def test_a_role_that_is_not_exactly_one_service_is_asked_for(services: dict[str, Any], told: str) -> None:
    with pytest.raises(SubjectError) as refused:
        find_roles(config(**services), {})
    assert refused.value.sentence == told
    assert "[roles]" in refused.value.hint


def test_a_named_role_settles_what_looking_cannot() -> None:
    services = config(web=API, shop=API, cache=REDIS, metrics=PROMETHEUS)
    assert find_roles(services, {Role.API: "shop"})[Role.API] == "shop"


def test_a_service_named_for_one_role_is_not_taken_for_another() -> None:
    services = config(web=API, one=REDIS, two=REDIS, metrics=PROMETHEUS)
    assert find_roles(services, {Role.API: "one"})[Role.REDIS] == "two"


def test_a_role_named_for_a_service_that_is_not_there_is_refused() -> None:
    with pytest.raises(SubjectError, match="names `gone` as api, and there is no such service"):
        find_roles(config(web=API, cache=REDIS, metrics=PROMETHEUS), {Role.API: "gone"})


def test_published_ports_are_those_of_the_container() -> None:
    service = {"ports": [{"target": 5000, "published": "15000"}, {"target": "9000"}]}
    assert (list(published(service)), list(published({}))) == ([5000, 9000], [])
