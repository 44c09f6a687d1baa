"""What is asked of the app's credentials."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.core.bounds import DETECTION_SLACK
from checks.core.place import Place
from checks.core.presence import Presence, absence
from checks.core.redaction import SHORTEST_SECRET
from checks.core.registry import judges
from checks.core.verdict import Violation


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The Redis users that connections from the app's containers are logged in as (CLIENT LIST), while it works.

    It was looked so often while so many items were stored and read back; a connection before its login is none.
    """

    expected: str
    users: tuple[str, ...]
    looks: int = 1
    items: int = 3


@judges(Connections)
def connection_violations(seen: Connections) -> list[Violation]:
    if seen.users and set(seen.users) == {seen.expected} and seen.looks and seen.items:
        return []
    return [Violation("logs-in-as-its-own-user", seen=list(seen.users), wanted=seen.expected)]


@dataclass(frozen=True, kw_only=True)
class Sightings:
    """Where one of the passwords was looked for, and where it was found; the passwords themselves are not kept.

    `too_short` are logins whose password stands in ordinary words, too, so that it was not looked for.
    """

    looked_for: tuple[str, ...]
    looked_at: tuple[str, ...]
    found: tuple[str, ...]
    too_short: tuple[str, ...] = ()
    place: Place | None = None  # of the first, where files say it


@judges(Sightings)
def sighting_violations(seen: Sightings) -> list[Violation]:
    if seen.looked_for and seen.looked_at and not seen.found:
        return []
    told = list(seen.found) or "nothing was looked for, or at"
    return [Violation("secret-nowhere-in-sight", seen=told, wanted="in none of them", place=seen.place)]


@dataclass(frozen=True, kw_only=True)
class PasswordLengths:
    """{login that the profile names: how many characters its password has, of several lines the shortest}."""

    of: Mapping[str, int]


@judges(PasswordLengths)
def length_violations(seen: PasswordLengths) -> list[Violation]:
    short = {login: length for login, length in seen.of.items() if length < SHORTEST_SECRET}
    if seen.of and not short:
        return []
    told = short or "no password was read"
    return [Violation("password-long-enough", seen=told, wanted=f"at least {SHORTEST_SECRET} characters")]


@dataclass(frozen=True, kw_only=True)
class WrongPassword:
    """What became of the app that was restarted with a wrong password, which Redis was seen to refuse.

    `ill_after_s` is from its start to Docker's verdict, or to its end; None where neither came. `said` are the lines of
    its log that say why, and `printed` names the passwords that stand in that log; they themselves are not kept.
    """

    tried_to_store: int
    stored: int
    bound_s: float
    ill_after_s: float | None
    log_lines: int
    said: tuple[str, ...]
    printed: tuple[str, ...]


@judges(WrongPassword)
def wrong_password_violations(seen: WrongPassword) -> list[Violation]:
    found = []
    if seen.stored or not seen.tried_to_store:  # it works all the same: there is nothing that it would complain of
        told = f"{seen.stored} of {seen.tried_to_store} stored"
        return [Violation("no-other-credentials", seen=told, wanted="some tried, and none stored")]
    if seen.ill_after_s is None or seen.ill_after_s > seen.bound_s + DETECTION_SLACK:
        found.append(Violation("wrong-password-turns-unhealthy", seen=seen.ill_after_s, wanted=seen.bound_s))
    if not seen.said:
        told = f"{seen.log_lines} lines of log, and none says so"
        found.append(Violation("wrong-password-says-why", seen=told, wanted="that the credentials were refused"))
    if seen.printed:
        found.append(Violation("wrong-password-not-printed", seen=list(seen.printed), wanted="none of them in the log"))
    return found


@dataclass(frozen=True, kw_only=True)
class LoginPlace(Presence):
    """The Redis that the app is to log in to; `has_no_login` where nobody but its open default user is there."""

    has_no_login: bool = False
    place: Place | None = None


@judges(LoginPlace)
def login_place_violations(seen: LoginPlace) -> list[Violation]:
    rule = "redis-to-log-in-to"
    if seen.has_no_login:
        told = f"`{seen.service}` has no login: it lets anybody in as `default`, without a password"
        return [Violation(rule, seen=told, wanted="a user whose credentials the app is given", place=seen.place)]
    return absence(rule, seen, "nothing is there that the app could be given credentials of")
