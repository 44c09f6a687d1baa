"""A subject is read from where it stands, with its profile, whose faults are told by line."""

import os
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from checks.core.requirement import Reading
from checks.core.waiver import Waiver
from checks.subject.compose_files import COMPOSE_NAMES, PROFILE_NAME
from checks.subject.profile import Build, Credential, Routes, read
from checks.subject.profile_model import PROFILE, SCHEMA, schema
from checks.subject.roles import Role
from stack import SHIPPED
from stack.driver.errors import SubjectError


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
        ("prepare = [", "line 1: invalid value in `prepare = [`"),
        ("prepare = []\nleave_out == []", "line 2: invalid value in `leave_out == []`"),
        (b"prepare = ['\xff']", "can't decode byte 0xff"),
        ("\n\n# roles\n[role]\napi = 'web'", "line 4: unknown key `role`; did you mean `roles`?"),
        ("nothing = 1", "line 1: unknown key `nothing`; there are `prepare`, `leave_out`, "),
        ("prepare = 1", "line 1: `prepare` is to be a list of texts"),
        ("leave_out = [\n  'data',\n  3,\n]", "line 1: `leave_out.1` is to be a text"),
        ("roles = 1", "line 1: `roles` is to be a table"),
        ("[roles]\nreddis = 'db'", "line 2: unknown key `roles.reddis`; did you mean `roles.redis`?"),
        ("[roles]\napi = true", "line 2: `roles.api` is to be a text or false"),
        ("[roles]\nprometheus = false", "line 2: `roles.prometheus = false` needs `reasons.prometheus`"),
        (
            "[roles]\nredis = 'a'\nreasons = { redis = 'b' }",
            "line 3: `roles.reasons.redis` is for a role that is `false`",
        ),
        ("[routes]\ndelete = '/x'", "line 2: unknown key `routes.delete`; there are `set`, `get`, "),
        ("[routes]\nmethod = 'GET'", "line 2: `routes.method` is to be `POST`, `PUT` or `PATCH`"),
        ("[routes]\nhealth = 'healthz'", "line 2: `routes.health` is to be a path that begins with `/`"),
        ("[routes]\nport = 70000", "line 2: `routes.port` is to be 65535 or less"),
        ("\n[credentials.app]\nuser = 'app'", "line 2: `[credentials.app]` needs `password_file`"),
        ("[credentials]\napp = 'app'", "line 2: `credentials.app` is to be a table"),
        ("[healthcheck]\nreading = 'deep'", "line 2: `healthcheck.reading` is to be `readiness` or `liveness`"),
        ("healthcheck = 'readiness'", "line 1: `healthcheck` is to be a table"),
        ("[build]\ndockerfile = 'x'", "line 1: `[build]` needs `context`"),
        ("[start]\nsecond = 3", "line 2: unknown key `start.second`; did you mean `start.seconds`?"),
        ("[start]\nseconds = 0", "line 2: `start.seconds` is to be more than 0"),
        (
            "[waivers.images-carry-versions]\nuntil = 2027-01-31",
            "line 1: `[waivers.images-carry-versions]` needs `reason`",
        ),
        ("[waivers.x]\nreason = 'r'\nuntil = 'soon'", "line 3: `waivers.x.until` is to be a date, such as 2027-01-31"),
    ],
)
def test_a_damaged_profile_is_told_in_a_sentence(tmp_path: Path, profile: str | bytes, told: str) -> None:
    with pytest.raises(SubjectError) as refused:
        read(project(tmp_path, profile))
    assert PROFILE_NAME in refused.value.sentence
    assert told in refused.value.sentence


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SubjectError) as refused:
        read(project(tmp_path, "[start]\nsecond = 3\n[routes]\n\nport = 'x'\n"))
    told = (refused.value.sentence.partition("used: ")[2], *refused.value.details)
    assert told == (
        "line 2: unknown key `start.second`; did you mean `start.seconds`?",
        "line 5: `routes.port` is to be a whole number",
    )


def test_a_role_that_nobody_plays_has_its_reason(tmp_path: Path) -> None:
    found = read(project(tmp_path, "[roles]\nprometheus = false\nreasons = { prometheus = 'the platform scrapes' }"))
    assert (found.roles, found.absent) == ({}, {Role.PROMETHEUS: "the platform scrapes"})


def test_a_rule_is_waived_with_a_reason_until_a_day(tmp_path: Path) -> None:
    found = read(project(tmp_path, "[waivers.pinned-base]\nreason = 'next month'\nuntil = 2027-01-31\n"))
    (waiver,) = found.waivers
    assert waiver == Waiver(rule="pinned-base", reason="next month", until="2027-01-31")
    assert waiver.counts_on(date(2027, 1, 31))
    assert not waiver.counts_on(date(2027, 2, 1))


def test_an_app_has_paths_and_bodies_of_its_own(tmp_path: Path) -> None:
    profile = """
        [routes]
        set = "/items/{id}"
        get = "/items/{id}/raw"
        method = "PUT"
        body = { item = { text = "{data}" } }
        answer = { text = "{data}" }
    """
    routes = read(project(tmp_path, profile)).routes
    assert (routes.stores_at("one"), routes.reads_at("one")) == ("/items/one", "/items/one/raw")
    assert routes.written("one", "{id}") == {"item": {"text": "{id}"}}
    assert routes.shows({"text": "two", "more": 1}, "one", "two")
    assert not routes.shows({"text": "three"}, "one", "two")
    assert not routes.shows(["two"], "one", "two")


def test_without_a_profile_the_routes_are_the_contracts() -> None:
    routes = Routes()
    assert (routes.stores_at("one"), routes.reads_at("one")) == ("/set", "/get/one")
    assert routes.written("one", "two") == {"id": "one", "data": "two"}
    assert routes.shows({"one": "two"}, "one", "two")
    assert not routes.shows({"one": "three"}, "one", "two")


def test_the_schema_that_editors_use_is_the_models() -> None:
    """`GOLDEN=write pytest checks/subject/tests` writes it."""
    if os.environ.get("GOLDEN") == "write":
        SCHEMA.write_text(schema(), "utf-8")
    assert SCHEMA.read_text("utf-8") == schema()


def test_the_profile_that_the_page_shows_can_be_read() -> None:
    page = (Path(__file__).parents[1] / "README.md").read_text()
    (shown,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = PROFILE.validate_python(tomllib.loads(shown))
    assert found.routes == Routes(port=8000, metrics="/metrics")
    assert set(found.credentials) == {"app", "auditor", "health"}


def test_the_shipped_profile_names_the_schema() -> None:
    first = (SHIPPED / PROFILE_NAME).read_text().splitlines()[0]
    assert (SHIPPED / first.removeprefix("#:schema ")).resolve() == SCHEMA


@pytest.mark.parametrize(("name", "told"), [("missing", "no such directory"), ("", "it holds none of compose.yaml")])
def test_what_is_no_compose_project_is_refused(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(SubjectError, match=told):
        read(tmp_path / name)


def test_the_shipped_stack_is_a_subject_like_any_other() -> None:
    assert set(read(SHIPPED).credentials) == {"app", "auditor", "health"}
    assert read(SHIPPED).reading is Reading.READINESS
