"""A login for a name and a password: guessing is counted, and every answer takes as long as any other."""

from sqlalchemy import func, select, update

from app.accounts.audit import Actor, record
from app.accounts.errors import WrongCredentials
from app.accounts.limits import AttemptLimiter, limits_of
from app.accounts.logins import LONGEST_DEVICE, LoginService
from app.accounts.models import Account
from app.accounts.passwords import Passwords
from app.accounts.proof import Method, Proven
from app.accounts.records import Tokens
from app.accounts.viewer import Viewer
from app.db.tx import Transactions, Tx


class PasswordLogin:
    def __init__(
        self, transactions: Transactions, logins: LoginService, passwords: Passwords, limiter: AttemptLimiter
    ) -> None:
        self._transactions = transactions
        self._logins = logins
        self._passwords = passwords
        self._limiter = limiter

    async def log_in(self, *, name: str, password: str, device: str, address: str) -> Tokens:
        """Return the tokens of a new login. No transaction is open while the password is checked.

        Raises:
            WrongCredentials: whatever was wrong, and after the same time.
            TooManyAttempts: not even checked.
        """
        limits = limits_of(name, address)
        await self._limiter.count(limits)
        async with self._transactions.begin() as tx:
            query = select(Account).where(func.lower(Account.name) == func.lower(name))
            account = await tx.session.scalar(query)
        stored = account.password_hash if account is not None and account.disabled_at is None else None
        right, better = await self._passwords.verify(password, stored)
        if account is None or stored is None or not right:
            await self._note_failure(name, address)
            raise WrongCredentials
        await self._limiter.forgive(limits)
        async with self._transactions.begin() as tx:
            await self._keep(tx, account, stored, better)
            return await self._logins.begin(tx, Proven(account.id, Method.PASSWORD), device=device, address=address)

    async def _keep(self, tx: Tx, account: Account, stored: str, better: str | None) -> None:
        """Hold on to the password that was right, and store the better hash of it.

        Raises:
            WrongCredentials: another one has been set meanwhile, which ends all logins of the old one.
        """
        same = select(Account.id).where(Account.id == account.id, Account.password_hash == stored)
        if await tx.session.scalar(same.with_for_update()) is None:
            raise WrongCredentials
        if better is not None:
            await tx.session.execute(update(Account).where(Account.id == account.id).values(password_hash=better))

    async def _note_failure(self, name: str, address: str) -> None:
        async with self._transactions.begin() as tx:
            nobody = Actor(viewer=Viewer(name="nobody"), address=address)
            await record(tx, nobody, "login.failed", name[:LONGEST_DEVICE])
