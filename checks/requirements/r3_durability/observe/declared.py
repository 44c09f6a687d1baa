"""Read Redis' settings where the files give them."""

from checks.requirements.r3_durability.judge.keeper import Keeper
from checks.requirements.r3_durability.judge.left_alone import SettingsLeftAlone
from checks.requirements.r3_durability.judge.restart import DROPPING, DURABLE, Settings
from checks.requirements.r3_durability.observe.storage import storage_of
from checks.roles.redis.background import changing_later
from checks.roles.redis.configuration import given
from checks.subject.roles import Role
from checks.subject.stack import Files


def read_given_settings(files: Files) -> Settings:
    """What Redis will run with by its configuration and its arguments, its own defaults where they say nothing."""
    seen = given(files, files.roles[Role.REDIS])
    told = {name: seen.settings[name] for name in (*DURABLE, *DROPPING) if name in seen.settings}
    return Settings(values={**told, "storage": storage_of(files, seen.settings)}, places=seen.places)


def look_beside_the_keeper(files: Files) -> SettingsLeftAlone:
    """What its command leaves running beside it, and what else goes on and changes it."""
    return SettingsLeftAlone(service=files.roles[Role.REDIS], left_running=changing_later(files))


def find_keeper(files: Files) -> Keeper:
    """Who keeps the data, as far as files tell."""
    return Keeper(**files.presence(Role.REDIS))
