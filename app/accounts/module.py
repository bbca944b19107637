"""What accounts offer to the container."""

from collections.abc import Sequence

from dishka import Provider, Scope, collect, provide

from app.accounts.api_keys import ApiKeyService
from app.accounts.first import FirstAccount
from app.accounts.limits import AttemptLimiter
from app.accounts.local import LocalCredential
from app.accounts.logins import LoginService
from app.accounts.media_tokens import MediaTokenService
from app.accounts.password_login import PasswordLogin
from app.accounts.passwords import Passwords
from app.accounts.ports import AccountListener
from app.accounts.service import AccountService


class AccountsModule(Provider):
    scope = Scope.APP

    @provide
    def passwords(self) -> Passwords:
        return Passwords()

    limiter = provide(AttemptLimiter)
    listeners = collect(AccountListener, provides=Sequence[AccountListener])
    service = provide(AccountService)
    first = provide(FirstAccount)
    logins = provide(LoginService)
    password_login = provide(PasswordLogin)
    api_keys = provide(ApiKeyService)
    media_tokens = provide(MediaTokenService)
    local = provide(LocalCredential)
