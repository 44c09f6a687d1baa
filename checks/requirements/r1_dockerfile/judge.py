"""What is asked of a Dockerfile and of the image built from it."""

from dataclasses import dataclass, field
from typing import Literal

from checks.core.image_reference import is_pinned
from checks.core.place import Place, Places, first_of
from checks.core.registry import judges
from checks.core.verdict import Violation
from checks.requirements.r1_dockerfile.shell_form import is_shell_form

KILLED = 137
LABELS = {"title", "description", "version", "licenses"}
ORIGIN = {"revision", "source"}
OCI = "org.opencontainers.image."


@dataclass(frozen=True, kw_only=True)
class Written:
    """What the Dockerfile says: how many stages it has, from which the final one takes, and every image it needs.

    `takes_from` names the stages that files of the final one were taken from, by itself or by one that it starts from.
    `bases` are the images from elsewhere of the stages that are built for it, variables filled in as this build would.
    `places` are the lines that name these, and under '' the one where the final stage begins.
    """

    stages: int
    takes_from: tuple[str, ...]
    bases: tuple[str, ...]
    places: Places = field(default_factory=dict)


@judges(Written)
def written_violations(seen: Written) -> list[Violation]:
    found = []
    if seen.stages < 2 or not seen.takes_from:
        told = f"{seen.stages} stages; the final one takes from {', '.join(seen.takes_from) or 'none'}"
        found.append(
            Violation(
                "multi-stage",
                seen=told,
                wanted="a final stage that takes from an earlier one",
                place=seen.places.get(""),
            )
        )
    loose = [base or "(none)" for base in seen.bases if base != "scratch" and not is_pinned(base)]
    if loose or not seen.bases:
        wanted, place = "a digest, or a tag with the program's version", first_of(seen.places, [*loose, ""])
        found.append(Violation("pinned-base", seen=loose or "no base", wanted=wanted, place=place))
    return found


@dataclass(frozen=True, kw_only=True)
class Linted:
    """What hadolint, of which version, found: 'line N CODE: what it says'; `place` is that of the first."""

    hadolint: str
    findings: tuple[str, ...]
    place: Place | None = None


@judges(Linted)
def lint_violations(seen: Linted) -> list[Violation]:
    if seen.hadolint and not seen.findings:
        return []
    told = list(seen.findings) or "nothing was looked at"
    return [Violation("hadolint-clean", seen=told, wanted="no finding", place=seen.place)]


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The Python distributions installed in the image, which of them no lock file pins, and the lock files read."""

    installed: tuple[str, ...]
    unlocked: tuple[str, ...]
    locks: tuple[str, ...]


@judges(Dependencies)
def dependency_violations(seen: Dependencies) -> list[Violation]:
    if seen.installed and seen.locks and not seen.unlocked:
        return []
    told = f"of {len(seen.installed)} installed, not in {', '.join(seen.locks) or 'any lock file'}"
    unlocked = f"{', '.join(seen.unlocked) or 'none'} ({told})"
    return [Violation("locked-dependencies", seen=unlocked, wanted="each pinned with its hash")]


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What the image says of itself. `uid` is None for a name that its /etc/passwd does not know.

    Of what it runs only the start is kept (a shell with its options, never its command), and of secrets only what they
    are called and where they show.
    """

    user: str
    uid: int | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    on_build: tuple[str, ...]
    labels: tuple[str, ...]
    secrets: tuple[str, ...]
    looked_at: tuple[str, ...]


@judges(Inspected)
def configuration_violations(seen: Inspected) -> list[Violation]:
    found = []
    if seen.uid is None or seen.uid == 0:
        found.append(Violation("non-root-user", seen=seen.user or "(none, so root)", wanted="a user other than root"))
    started = (seen.entrypoint, seen.command, seen.entrypoint + seen.command)
    through_a_shell = [words for words in started if is_shell_form(words)][:1]
    if through_a_shell or seen.on_build or not (seen.entrypoint or seen.command):
        told = [*map(list, through_a_shell), *seen.on_build] or "nothing to run"
        found.append(Violation("exec-form", seen=told, wanted="a program and its arguments"))
    if missing := [name for name in sorted(LABELS) if OCI + name not in seen.labels]:
        found.append(Violation("oci-labels", seen=f"missing: {', '.join(missing)}", wanted=sorted(LABELS)))
    elif not {OCI + name for name in ORIGIN} & {*seen.labels}:
        found.append(Violation("oci-labels", seen="neither revision nor source", wanted="one of them"))
    if seen.secrets or not seen.looked_at:
        told = list(seen.secrets) or "nothing was looked at"
        found.append(Violation("no-secret-in-image", seen=told, wanted="none"))
    return found


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Of all the files: tools that a container would see, and caches and git folders in any layer (some of each)."""

    files: int
    tools: tuple[str, ...]
    caches: tuple[str, ...]
    git: tuple[str, ...]


@judges(Contents)
def content_violations(seen: Contents) -> list[Violation]:
    rules = {"no-build-tools": seen.tools, "no-package-caches": seen.caches, "no-git-folder": seen.git}
    if seen.files == 0:
        return [Violation(rule, seen="no file was looked at", wanted="none of the image's files") for rule in rules]
    return [Violation(rule, seen=list(files), wanted="none") for rule, files in rules.items() if files]


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """How the service ended when told to stop, within how many seconds of how many, and whether it came back."""

    status: str
    exit_code: int
    seconds: float
    grace_s: float
    healthy_again: bool


@judges(Stopped)
def stop_violations(seen: Stopped) -> list[Violation]:
    if seen.status == "exited" and seen.exit_code != KILLED and seen.healthy_again:
        return []
    back = "healthy again" if seen.healthy_again else "not healthy again"
    told = f"{seen.status} with {seen.exit_code} after {seen.seconds} s, {back}"
    wanted = f"exited within {seen.grace_s} s, not killed; healthy again"
    return [Violation("stops-on-sigterm", seen=told, wanted=wanted)]


@dataclass(frozen=True, kw_only=True)
class Context:
    """The secrets and data planted in the build context, and which of them a build gets to see."""

    planted: tuple[str, ...]
    let_in: tuple[str, ...]


@judges(Context)
def context_violations(seen: Context) -> list[Violation]:
    if seen.planted and not seen.let_in:
        return []
    told = list(seen.let_in) or "nothing was planted"
    return [Violation("secrets-stay-out-of-the-build", seen=told, wanted="none of them")]


@dataclass(frozen=True, kw_only=True)
class Canaries:
    """The secrets and data planted beside a build, how many layers were searched, and where they were found."""

    planted: tuple[str, ...]
    layers: int
    found: tuple[str, ...]


@judges(Canaries)
def canary_violations(seen: Canaries) -> list[Violation]:
    if seen.planted and seen.layers and not seen.found:
        return []
    told = list(seen.found) or "nothing was planted, or no layer searched"
    return [Violation("canary-in-no-layer", seen=told, wanted="in none")]


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How many steps a rebuild took, and which of them were not from the cache."""

    steps: int
    anew: tuple[str, ...]


@judges(Rebuilt)
def rebuild_violations(seen: Rebuilt) -> list[Violation]:
    if seen.steps and not seen.anew:
        return []
    return [Violation("rebuild-is-cached", seen=list(seen.anew) or "no step", wanted="every step from the cache")]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many files two images have together, and in which they differ, and how (some of them)."""

    files: int
    differing: tuple[str, ...]


@judges(Compared)
def comparison_violations(seen: Compared) -> list[Violation]:
    if seen.files and not seen.differing:
        return []
    told = list(seen.differing) or "no file was compared"
    return [Violation("same-content-twice", seen=told, wanted="no difference")]


@dataclass(frozen=True, kw_only=True)
class Container:
    """How the service's container is started, and what of the image's programs it does not leave as they were built.

    `asked` are its Compose file, or Docker for what runs. `user` is '' where the image's own is taken, `users` those of
    its processes, `told` the start of what a shell or an interpreter is told (never all of it). `mounted` are programs
    mounted into it, `changed` those that are other than the image has them.
    """

    asked: Literal["files", "container"]
    user: str
    users: tuple[int, ...]
    told: tuple[str, ...]
    mounted: tuple[str, ...]
    changed: tuple[str, ...]
    places: Places = field(default_factory=dict)


@judges(Container)
def container_violations(seen: Container) -> list[Violation]:
    found = []
    runs = seen.asked == "container"
    root = [seen.user] * is_root(seen.user) + [f"process of user {uid}" for uid in seen.users if uid == 0][:1]
    if root or (runs and not seen.users):
        told = root or "no process was looked at"
        place = seen.places.get("user")
        found.append(Violation("container-non-root", seen=told, wanted="a user other than root", place=place))
    if seen.told:
        told, place = list(seen.told), first_of(seen.places, ("command", "entrypoint"))
        found.append(Violation("container-exec-form", seen=told, wanted="a program and its arguments", place=place))
    if other := [*seen.mounted, *(f"{path} is not as it was built" for path in seen.changed)]:
        place = seen.places.get("volumes")
        found.append(Violation("runs-what-was-built", seen=other, wanted="the programs of the image", place=place))
    return found


def is_root(user: str) -> bool:
    """Whether `user[:group]` says root; '' says nothing."""
    name = user.partition(":")[0]
    return name == "root" or (name.isdigit() and int(name) == 0)
