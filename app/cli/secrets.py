"""What is typed and must not be seen, nor stand in the shell's history."""

import getpass
import sys

from app.errors import InvalidInput


def new_password() -> str:
    """Ask twice on a terminal; read one line where there is none.

    Raises:
        InvalidInput: the two differ, or there is none.
    """
    if not sys.stdin.isatty():
        return _something(sys.stdin.readline().rstrip("\r\n"))
    first = _something(getpass.getpass("Password: "))
    if getpass.getpass("Once more: ") != first:
        raise InvalidInput("password", "the two differ")
    return first


def _something(password: str) -> str:
    if not password:
        raise InvalidInput("password", "is missing; type it, or send it through a pipe")
    return password
