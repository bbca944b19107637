"""What can be wrong with an account, a login or a key."""

from uuid import UUID

from app.errors import AppError, Conflict, NotFound, Refused


class Unauthenticated(AppError):
    """Nobody we know is asking. Never says which part was wrong."""

    code = "unauthenticated"


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("no such name with such a password")


class InvalidToken(Unauthenticated):
    """Unknown, expired and revoked are one."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("this token is not valid, or not any more; log in again")


class SetupRequired(Unauthenticated):
    code = "setup_required"

    def __init__(self) -> None:
        super().__init__(
            "there are no accounts yet, and only the machine itself is served without one; make the first with the "
            "link that the server printed when it started, or there with: revenge user add NAME --admin"
        )


class TooManyAttempts(AppError):
    """Tells when to come back, and nothing about what was wrong."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many failed attempts; try again in {retry_after} s")
        self.retry_after = retry_after
        """Seconds."""


class AccountNotFound(NotFound):
    def __init__(self, key: object) -> None:
        super().__init__("account", key)


class LoginNotFound(NotFound):
    def __init__(self, login_id: UUID) -> None:
        super().__init__("login", login_id)


class ApiKeyNotFound(NotFound):
    def __init__(self, key_id: UUID) -> None:
        super().__init__("API key", key_id)


class NameTaken(Conflict):
    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account called {name!r} already")


class LastAdministrator(Refused):
    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("this is the last administrator who can log in; make another one first")


class AlreadySetUp(Conflict):
    code = "already_set_up"

    def __init__(self) -> None:
        super().__init__("the first account has been made; an administrator makes further ones")


class ChangedMeanwhile(Conflict):
    """Two edit at once; the second is told instead of undoing the first."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("somebody else has changed this since you read it; read it again")
