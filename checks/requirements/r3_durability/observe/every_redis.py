"""Read how every other Redis of the project saves: in files, and by asking it where it runs."""

from collections.abc import Mapping
from contextlib import suppress

import redis

from checks.requirements.r3_durability.judge.every_redis import OtherRedises
from checks.requirements.r3_durability.judge.restart import DURABLE
from checks.roles import every_redis
from checks.roles.every_redis import Place
from checks.roles.redis.configuration import given
from checks.roles.redis.wire import ANSWER_SECONDS
from checks.subject.stack import Files, Stack
from stack.driver.errors import SubjectError


def read_others(files: Files) -> OtherRedises:
    """As files give them settings; one of which they do not tell is asked where it runs."""
    found = {}
    for service in every_redis.told_by_files(files):
        with suppress(SubjectError):
            found[service] = _durable(given(files, service).settings)
    return OtherRedises(looked_at=tuple(files.services), settings=found)


def ask_others(stack: Stack) -> OtherRedises:
    """As they say themselves, or as files say where they want a login.

    Raises SubjectError for one of which neither tells: it is not judged, and that is not passed over.
    """
    by_files, found = read_others(stack).settings, dict[str, dict[str, str]]()
    for place in every_redis.told_by_answers(stack):
        found[str(place)] = dict(by_files.get(place.service) or _asked(stack, place))
    return OtherRedises(looked_at=tuple(stack.project.services), settings=found)


def _asked(stack: Stack, place: Place) -> dict[str, str]:
    host, _, port = stack.runner.address(place.service, place.port).partition(":")
    client = redis.Redis(host=host, port=int(port), socket_timeout=ANSWER_SECONDS, decode_responses=True)
    try:
        return _durable({str(name): str(value) for name, value in client.config_get(*DURABLE).items()})
    except redis.RedisError as problem:
        raise SubjectError(
            f"{place} answers in RESP, and how it saves is not told: {problem}",
            hint="give its settings in its command or a mounted file, or take it out of the project",
        ) from problem


def _durable(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: settings[name] for name in DURABLE if name in settings}
