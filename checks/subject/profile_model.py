"""What `compliance.toml` may say, as a validated model. Every key is optional; its JSON Schema is made from this."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from checks.core.requirement import Reading
from checks.subject.role_tables import every_role, product

SCHEMA = Path(__file__).with_name("compliance.schema.json")
STRICT = ConfigDict(extra="forbid")
Text = Annotated[str, Field(min_length=1)]
Route = Annotated[str, Field(pattern="^/")]
Json = dict[str, Any] | list[Any] | str | int | float | bool


def _told(description: str) -> Any:  # noqa: ANN401 - pydantic's own type for it is Any
    return Field(description=description)


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """Why nobody is to play a role: what `[roles]` has beside a key for each role."""

    reasons: Annotated[
        dict[str, Text], _told("Of each role that is `false`, why: what needs it is then not applicable.")
    ] = field(default_factory=dict)


def _roles_told() -> type[Reasons]:
    """The table `[roles]`, with a key for each role that there is."""
    what = "Which service plays which role, where looking does not tell; `false` with a reason where nobody is to."
    value = Text | Literal[False] | None
    keys = [(role, Annotated[value, _told(product(role).told)], field(default=None)) for role in every_role()]
    own = {"__pydantic_config__": STRICT, "__doc__": what}
    return make_dataclass("RolesTold", keys, bases=(Reasons,), namespace=own, frozen=True, kw_only=True)


if TYPE_CHECKING:
    RolesTold = Reasons
else:
    RolesTold = _roles_told()


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A Redis login: the user, the file its password is in (relative to the subject), the prefix of its keys."""

    __pydantic_config__ = STRICT

    user: Annotated[Text, _told("The user.")]
    password_file: Annotated[Text, _told("The file that its password is in, relative to the Compose file.")]
    keys: Annotated[str, _told("The prefix of the keys that it may touch.")] = ""


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Paths and bodies of the service under test; `{id}` and `{data}` stand for an item's id and what is stored."""

    __pydantic_config__ = STRICT

    set: Annotated[Route, _told("Where an item is stored; it may name `{id}`.")] = "/set"
    get: Annotated[Route, _told("Where it is read back: names `{id}`, or has the id put behind it.")] = "/get/"
    metrics: Annotated[
        Route | None, _told("Where Prometheus finds the metrics; left out, where it is told to scrape them.")
    ] = None
    health: Annotated[Route, _told("The health route.")] = "/healthcheck"
    method: Annotated[Literal["POST", "PUT", "PATCH"], _told("How an item is stored.")] = "POST"
    body: Annotated[Json, _told("The JSON that stores an item.")] = field(
        default_factory=lambda: {"id": "{id}", "data": "{data}"}
    )
    answer: Annotated[Json, _told("What the JSON that reads it back has in it, or more.")] = field(
        default_factory=lambda: {"{id}": "{data}"}
    )
    port: Annotated[
        int | None, Field(ge=1, le=65535, description="The port of its container, where several could be it.")
    ] = None

    def stores_at(self, key: str) -> str:
        """The path that stores an item."""
        return self.set.replace("{id}", key)

    def reads_at(self, key: str) -> str:
        """The path that reads an item back."""
        return self.get.replace("{id}", key) if "{id}" in self.get else self.get + key

    def written(self, key: str, data: str) -> Json:
        """What is sent to store an item."""
        return _filled(self.body, {"{id}": key, "{data}": data})

    def shows(self, answer: Json, key: str, data: str) -> bool:
        """Whether what was read back has the item in it."""
        return _within(_filled(self.answer, {"{id}": key, "{data}": data}), answer)


@dataclass(frozen=True, kw_only=True)
class Build:
    """What the service's image is built from: a folder (relative to the Compose file) and the Dockerfile in it."""

    __pydantic_config__ = STRICT

    context: Annotated[Text, _told("The folder, relative to the Compose file.")]
    dockerfile: Annotated[Text, _told("The Dockerfile, relative to that folder.")] = "Dockerfile"
    target: Annotated[str, _told("The stage to build; the last one unless told otherwise.")] = ""


@dataclass(frozen=True, kw_only=True)
class HealthTold:
    """How the health route is to be read."""

    __pydantic_config__ = STRICT

    reading: Annotated[
        Reading | None,
        _told("`readiness`: 503 while Redis is away. `liveness`: 200 whenever it is called."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Start:
    """How long the project may take to come up."""

    __pydantic_config__ = STRICT

    seconds: Annotated[float | None, Field(gt=0, description="From `up` to the last service being healthy.")] = None


@dataclass(frozen=True, kw_only=True)
class WaiverTold:
    """A rule that the owner sets aside for a while: shown as waived, and never proven."""

    __pydantic_config__ = STRICT

    reason: Annotated[Text, _told("Why.")]
    until: Annotated[date, _told("The last day on which it counts, as a date: 2027-01-31.")]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the checks need to know of a project and cannot see from outside."""

    __pydantic_config__ = STRICT

    prepare: Annotated[tuple[Text, ...], _told("A command to run in each fresh copy before it starts.")] = ()
    leave_out: Annotated[tuple[Text, ...], _told("Names and patterns that a fresh copy starts without.")] = ()
    roles: RolesTold = field(default_factory=RolesTold)
    credentials: Annotated[
        Mapping[str, Credential], _told("Logins to Redis: `app`, `auditor` (who may read its settings), `health`.")
    ] = field(default_factory=dict)
    routes: Routes = field(default_factory=Routes)
    healthcheck: HealthTold = field(default_factory=HealthTold)
    build: Build | None = None
    start: Start = field(default_factory=Start)
    waivers: Annotated[Mapping[str, WaiverTold], _told("{rule: why it is set aside, and until when}.")] = field(
        default_factory=dict
    )


PROFILE = TypeAdapter(Profile)


def _filled(template: Json, values: Mapping[str, str]) -> Json:
    """A template of JSON with its placeholders filled in, in names too."""
    match template:
        case dict():
            return {str(_filled(name, values)): _filled(inside, values) for name, inside in template.items()}
        case list():
            return [_filled(inside, values) for inside in template]
        case str():
            for placeholder, value in values.items():
                template = template.replace(placeholder, value)
    return template


def _within(wanted: Json, seen: Json) -> bool:
    """Whether JSON has in it what is wanted: an object may have more fields, and all else is the same."""
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and all(name in seen and _within(wanted[name], seen[name]) for name in wanted)
    return wanted == seen


def schema() -> str:
    """The JSON Schema of a profile, which editors complete and check it by."""
    made = PROFILE.json_schema(mode="validation")
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "compliance.toml"}
    return json.dumps(made, indent=2) + "\n"
