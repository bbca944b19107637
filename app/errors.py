"""The few families of error that a face can translate.

An `AppError` is an expected failure: something the code foresaw, worth a sentence and no traceback. Whatever else
is raised is a defect of ours. The queue draws the same line: an `AppError` leaves an empty trace on a job's row.
"""

from typing import ClassVar


class AppError(Exception):
    """An expected failure. `code` is stable and machine-readable; the text is for people and ends in advice."""

    code: ClassVar[str] = "error"


class InvalidInput(AppError):
    """What was asked makes no sense. `field` names the part at fault, dotted where it is nested."""

    code = "invalid_input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


class NotFound(AppError):
    """What was asked for does not exist, or may not be seen: the two are never told apart."""

    code = "not_found"

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"no {what} {key}")
        self.what = what
        self.key = key


class Conflict(AppError):
    """What was asked contradicts what is there now."""

    code = "conflict"


class Refused(AppError):
    """Understood, possible, and not allowed."""

    code = "refused"


class Unavailable(AppError):
    """Something we need is away; the same request may succeed later."""

    code = "unavailable"
