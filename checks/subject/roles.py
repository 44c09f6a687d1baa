"""Which service plays which role, found by evidence: never by a piece of a name, and absent is an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from checks.core.verdict import NotApplicableError
from checks.subject.compose_files import PROFILE_NAME
from checks.subject.health_checks import declared_test
from checks.subject.image_recipe import base_of, recipe_of
from checks.subject.links import Link, labelled, links_to
from checks.subject.programs import arguments_of, programs_of, started_by, words_of
from checks.subject.role_tables import Kind, Product, bystanders, every_role, product
from checks.subject.role_tables import Role as Role  # this is where others know it from
from stack.driver.errors import SubjectError
from stack.driver.project import Config, replicas_of

PROXY, HEALER = "proxy", "healer"  # kinds of services beside an app
STRONG = ("scraped", "led to", "published", "built")  # evidence of being the api, the strongest first
ANSWERS = ("asked", "serves", "exposes", "as built")  # it answers somebody, which a worker does not
USES_REDIS = "uses Redis"  # tells the app from a frontend beside it, and says nothing alone
OVER_HTTP = re.compile(r"https?://|\b(?:curl|wget)\b")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A service plays the role, and why that is thought."""

    service: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Absent:
    """Nobody plays the role: as it looks, or as the profile says, which gives its reason."""

    because: str
    by_profile: bool = False


@dataclass(frozen=True, kw_only=True)
class Open:
    """Several could play the role ({service: why}), or one has to and none looks like it: who needs it asks."""

    role: Role
    candidates: Mapping[str, str]

    @property
    def question(self) -> SubjectError:
        """To be asked of the project's owner, with the line of the profile that answers it."""
        names = ", ".join(self.candidates)
        seen = f"{len(self.candidates)} services look like it ({names})" if names else "no service looks like it"
        return SubjectError(
            f"which service is the {self.role}? {seen}",
            details=tuple(f"{service}: {why}" for service, why in self.candidates.items()),
            hint=f"name it in {PROFILE_NAME}: {' or '.join(self.lines)}",
        )

    @property
    def lines(self) -> list[str]:
        """The lines of the profile that would answer it."""
        return [f'[roles] {self.role} = "{service}"' for service in self.candidates or ("...",)]


Finding = Found | Absent | Open


class Roles(Mapping[Role, str]):
    """{role: service}. One that nobody plays raises NotApplicableError when asked for, an open one SubjectError."""

    def __init__(self, findings: Mapping[Role, Finding]) -> None:
        self.findings = findings

    def __getitem__(self, role: Role) -> str:
        match self.findings[role]:
            case Found(service=service):
                return service
            case Absent(because=because, by_profile=by_profile):
                raise NotApplicableError(because if by_profile else f"needs a {product(role).title}: {because}")
            case Open() as unclear:
                raise unclear.question

    def __contains__(self, role: object) -> bool:
        """Whether one service plays it; raises SubjectError where that is not known."""
        match self.findings.get(role) if isinstance(role, Role) else None:
            case Open() as unclear:
                raise unclear.question
            case found:
                return isinstance(found, Found)

    def __iter__(self) -> Iterator[Role]:
        return (role for role, found in self.findings.items() if isinstance(found, Found))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def find_roles(config: Config, named: Mapping[Role, str], absent: Mapping[Role, str] | None = None) -> Roles:
    """As the profile says (`absent`: {role: why nobody plays it}), else by looking at what the files say.

    Raises SubjectError where the profile names a service that is not there.
    """
    for role, service in named.items():
        if service not in config["services"]:
            raise SubjectError(f"{PROFILE_NAME} names `{service}` as {role}, and there is no such service")
    return Roles(Search(config=config, named=named, absent=absent or {}).findings)


@dataclass(frozen=True, kw_only=True)
class Search:
    """The search for who plays which role in a resolved Compose file."""

    config: Config
    named: Mapping[Role, str]
    absent: Mapping[Role, str] = field(default_factory=dict)

    @cached_property
    def findings(self) -> Mapping[Role, Finding]:
        """What is found of each role."""
        return {role: self._finding(role) for role in every_role()}

    @cached_property
    def proxies(self) -> tuple[str, ...]:
        """The services in front of others."""
        return tuple(name for name in self.config["services"] if self.kind_of(name) == PROXY)

    def kind_of(self, service: str) -> str:
        """What a service is that plays none of the roles, for all that is known of its image and program; '' if not."""
        spec = self.config["services"][service]
        return next((kind for kind, known in bystanders().items() if _looks(known, spec)), "")

    def playing(self, role: Role) -> dict[str, str]:
        """{service: why} of those that are known by the table of a role."""
        services = self.config["services"]
        table, taken = product(role), {name for one, name in self.named.items() if one != role}
        seen = {
            name: plays(table, services[name]) for name in services if name not in taken and replicas_of(services[name])
        }
        return {name: why for name, why in seen.items() if why and not self.kind_of(name)}

    def _finding(self, role: Role) -> Finding:
        if role in self.named:
            return Found(service=self.named[role], because=f"{PROFILE_NAME} says so")
        if role in self.absent:
            return Absent(because=self.absent[role], by_profile=True)
        candidates = self._apis() if role == Role.API else self._leading(role)
        if len(candidates) > 1 or (not candidates and role == Role.API):
            return Open(role=role, candidates=candidates)
        for service, why in candidates.items():
            return Found(service=service, because=why)
        return Absent(because=product(role).without)

    def _leading(self, role: Role) -> dict[str, str]:
        """Those of a role that follow no other, where there are any."""
        found, table = self.playing(role), product(role)
        return {name: why for name, why in found.items() if not _follows(table, self.config["services"][name])} or found

    def _apis(self) -> dict[str, str]:
        """{service: why} of those that the evidence leaves, the strongest first: each piece decides where it can."""
        pieces = {name: self._evidence(name) for name in self._unknown()}
        left = [name for name in pieces if not self._is_in_front(name, pieces)]
        for piece in STRONG:
            left = [name for name in left if piece in pieces[name]] or left
        if all(pieces[name].keys() - {USES_REDIS} for name in left):
            left = [name for name in left if USES_REDIS in pieces[name]] or left
        for piece in ANSWERS:
            left = [name for name in left if piece in pieces[name]] or left
        return {name: "; ".join(pieces[name].values()) or "no other service could be it" for name in left}

    def _is_in_front(self, service: str, pieces: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether it depends on one that answers and uses Redis, which it does not itself: a frontend of that one."""
        behind = set(self.config["services"][service].get("depends_on") or ()) & pieces.keys()
        answer = {
            name for name in behind if USES_REDIS in pieces[name] and pieces[name].keys() & {*ANSWERS, *STRONG[:3]}
        }
        return USES_REDIS not in pieces[service] and bool(answer)

    def _unknown(self) -> list[str]:
        """The services that are of no known kind, are to go on running, and run no worker or job."""
        services = self.config["services"]
        roles = [role for role in every_role() if role != Role.API]
        others = {name for role in roles for name in self.playing(role)} | {*self.named.values()}
        jobs = {
            name
            for spec in services.values()
            for name, how in (spec.get("depends_on") or {}).items()
            if how.get("condition") == "service_completed_successfully"
        }
        return [
            name
            for name, spec in services.items()
            if name not in others | jobs and not self.kind_of(name) and replicas_of(spec) and not _is_a_client(spec)
        ]

    def _evidence(self, service: str) -> dict[str, str]:
        """{piece: in words} of what speaks for a service being the api."""
        spec = self.config["services"][service]
        scraped, led = self.scrapes(service), self.leads(service)
        ports = ", ".join(str(port["target"]) for port in spec.get("ports") or ())
        server = next((name for name in programs_of(spec) if name in product(Role.API).programs), "")
        uses = sorted(set(spec.get("depends_on") or ()) & set(self.playing(Role.REDIS)))
        found = {
            "scraped": f"{scraped[0].by} scrapes it ({scraped[0].where})" if scraped else "",
            "led to": f"{led[0].by} leads to it ({led[0].where})" if led else "",
            "published": f"it publishes {ports}" if ports else "",
            "built": "it is built here" if spec.get("build") else "",
            "asked": "its health check asks it over HTTP" if OVER_HTTP.search(" ".join(declared_test(spec))) else "",
            "serves": f"it runs {server}" if server else "",
            "exposes": f"it exposes {exposed}" if (exposed := _exposed(spec)) else "",
            "as built": "it runs what its image is built to run" if started_by(spec) and not words_of(spec) else "",
            USES_REDIS: f"it depends on {uses[0]}" if uses else "",
        }
        return {piece: words for piece, words in found.items() if words}

    def scrapes(self, service: str) -> list[Link]:
        """Where a Prometheus of the project names it."""
        return links_to(self.config, service, self.playing(Role.PROMETHEUS))

    def leads(self, service: str) -> list[Link]:
        """Where a proxy of the project names it, or it tells one of itself."""
        found = links_to(self.config, service, self.proxies)
        return found + [link for proxy in self.proxies[:1] for link in labelled(self.config, service, proxy)]


def plays(table: Product, spec: Config) -> str:
    """Why a service is what the table describes; '' where it is not."""
    programs, words = programs_of(spec), arguments_of(spec)
    if table.unlike & {*words, *programs}:
        return ""
    if running := [name for name in programs if name in table.programs]:
        return f"it runs {running[0]}"
    if table.clients & set(programs):
        return ""
    if table.image(str(spec.get("image") or "")):
        return f"its image is {spec['image']}"
    if table.image(base := base_of(spec)):
        return f"its image is built from {base}"
    return ""


def _follows(table: Product, spec: Config) -> bool:
    told = {f"{name}={value}" for name, value in (spec.get("environment") or {}).items()}
    return bool(table.follows & {*arguments_of(spec), *told})


def _looks(known: Kind, spec: Config) -> bool:
    image, programs = str(spec.get("image") or ""), programs_of(spec)
    if set(programs) & known.programs:
        return True
    return known.image(image) or known.image(base_of(spec))


def _exposed(spec: Config) -> str:
    """The ports that it says others may ask it on, by its Compose file or its Dockerfile."""
    recipe = recipe_of(spec)
    told = recipe.exposed if recipe else ()
    return ", ".join(map(str, spec.get("expose") or told))


def _is_a_client(spec: Config) -> bool:
    """Whether it runs a worker or a job and no server beside it, or after it: `alembic upgrade head && uvicorn ...`."""
    table, names = product(Role.API), programs_of(spec)
    does = [name for name, what in pairwise((*names, "")) if what not in table.clients]
    return bool(table.clients & set(names)) and not table.programs & set(does)
