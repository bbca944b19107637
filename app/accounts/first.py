"""The first account: from the configuration, or by a link that the first start prints."""

import structlog

from app.accounts.audit import Actor
from app.accounts.passwords import Passwords
from app.accounts.roles import Role
from app.accounts.service import AccountService
from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.config import Settings
from app.db.tx import Transactions

log = structlog.get_logger("accounts")


class FirstAccount:
    def __init__(
        self, transactions: Transactions, service: AccountService, passwords: Passwords, settings: Settings
    ) -> None:
        self._transactions = transactions
        self._service = service
        self._passwords = passwords
        self._configured = settings.accounts.first

    async def is_made(self) -> bool:
        async with self._transactions.begin() as tx:
            return await self._service.any_exist(tx)

    async def make_configured(self) -> None:
        """Make what the configuration names, unless there is an account: of ten nodes that start at once, one does.

        Raises:
            InvalidInput: name or password will not do.
        """
        name, secret = self._configured.name, self._configured.password
        if name is None or secret is None or await self.is_made():
            return
        password = await self._passwords.hash(secret.get_secret_value())
        async with self._transactions.begin() as tx:
            await self._service.lock(tx)
            if await self._service.any_exist(tx):
                return
            actor = Actor(viewer=LOCAL_ADMINISTRATOR)
            await self._service.create(tx, actor, name=name, password=password, role=Role.ADMINISTRATOR)
        log.info("first account made", account=name)

    async def announce(self, url: str) -> None:
        """Say how the first account is made, if there is none: whoever reads our log is trusted with that.

        `url` is where we are reached from this machine.
        """
        async with self._transactions.begin() as tx:
            code = await self._service.first_code(tx)
        if code is not None:
            # Behind the hash, which browsers keep to themselves.
            log.warning(
                "there are no accounts yet, so only this machine is served; make the first one, within a day",
                link=f"{url}/setup#{code}",
                or_run="revenge user add NAME --admin",
            )
