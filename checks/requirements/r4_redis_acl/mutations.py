"""R4: what is broken in a copy of the stack, one thing each."""

import os

from checks.roles.redis.mutations import DEFAULT_OFF, digest, redis_with
from checks.subject.mutation import edit
from checks.subject.stack import Mutation, Stack


def default_user_with_an_unknown_password(stack: Stack) -> None:
    """What `requirepass` amounts to where the service has a user of its own."""
    edit(stack, DEFAULT_OFF, f"user default on {digest(os.urandom(16).hex())} ~* +get +set")


def user_without_a_password(stack: Stack) -> None:
    edit(stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser guest on nopass ~* -@all +get")


def app_without_a_password(stack: Stack) -> None:
    edit(stack, f"user app on {digest(stack.credentials.password('app'))} ", "user app on nopass ")


def password_in_the_acl_file(stack: Stack) -> None:
    password = stack.credentials.password("app")
    edit(stack, f"user app on {digest(password)} ", f"user app on >{password} ")


def password_on_the_command_line(stack: Stack) -> None:
    """Without effect beside an ACL file, and in plain text all the same."""
    redis_with("--requirepass", os.urandom(16).hex())(stack)


def password_file_open_to_others(stack: Stack) -> None:
    (stack.project.directory / stack.credentials.login("health").password_file).chmod(0o444)


def rejections_not_logged(stack: Stack) -> None:
    redis_with("--acllog-max-len", "0")(stack)


def probe_may_do_more(stack: Stack) -> None:
    edit(stack, "resetkeys -@all +ping\n", "resetkeys -@all +ping +info\n")


def user_who_adds_users(password: str) -> Mutation:
    """A user `keeper` who may change users while Redis runs, which no file remembers."""
    return lambda stack: edit(
        stack, DEFAULT_OFF, f"{DEFAULT_OFF}\nuser keeper on {digest(password)} -@all +acl|setuser"
    )


def also(user: str, password: str, rules: str) -> Mutation:
    """A user more, whom the profile does not name."""
    line = f"{DEFAULT_OFF}\nuser {user} on {digest(password)} {rules}"
    return lambda stack: edit(stack, DEFAULT_OFF, line)


UNGUESSED = os.urandom(16).hex()
PINGS = "-@all +ping"
almighty_by_a_selector = also("ops", UNGUESSED, "resetchannels -@all +ping (~* &* +@all)")
almighty_by_categories = also("ops", UNGUESSED, "~* &* -@all +@read +@write +@admin +@dangerous")
user_who_sets_settings = also("tuner", UNGUESSED, "resetkeys -@all +ping +config|set")
user_who_may_empty_it = also("cleaner", UNGUESSED, "~* +@all -@admin")
password_empty = also("ops", "", PINGS)
password_of_its_own_name = also("ops", "ops", PINGS)
password_well_known = also("ops", "foobared", PINGS)
exporter_beside_it = also("exporter", UNGUESSED, "resetkeys -@all +info +config|get +client|list +slowlog|get +latency")


def app_may_do_everything(stack: Stack) -> None:
    edit(stack, "-@all +set +get +ping\n", "~* &* +@all\n")


def app_may_not_write(stack: Stack) -> None:
    edit(stack, "-@all +set +get +ping\n", "-@all +get +ping\n")
