"""The profile of the shipped stack speaks of what `invoke up` makes."""

from checks.subject import profile
from stack import SHIPPED
from stack.ops.secrets import LOGINS


def test_the_checks_log_in_as_users_that_there_are() -> None:
    logins = {login.name: login for login in LOGINS}
    for credential in profile.read(SHIPPED).credentials.values():
        login = logins[credential.user]
        assert credential.password_file == f"secrets/{login.file}"
        assert login.rules.startswith(f"~{credential.keys}* " if credential.keys else "resetkeys ")
