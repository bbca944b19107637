"""Ways to obtain a login: each ends in a `Proven`, and `LoginService.begin` makes a login of it.

There are two so far: the password (`app.accounts.password_login`) and the link of the first start. OpenID Connect and
quick connect will be two more, beside these and unknown to them. A second factor such as TOTP stands between: it takes
the `Proven` of another way and hands it on when the code is right. None of them makes a token, and none of them is
asked again: what a login may do is read from its account with every request.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """How somebody has proven who they are; stands in the book with the login."""

    PASSWORD = "password"  # noqa: S105  the word alone
    FIRST_LINK = "first_link"


@dataclass(frozen=True, slots=True)
class Proven:
    account_id: UUID
    method: Method
