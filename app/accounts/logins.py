"""Logins: whoever has proven who they are is given two tokens for one device, and the tokens become a viewer.

How somebody proves who they are is no business of ours: see `app.accounts.proof`.

The access token opens everything for an hour. The refresh token makes a new pair, once: one that comes a second time
was copied, and since nobody can tell the thief from the owner, the login ends for both.
"""

from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql
from sqlalchemy import delete, func, select, update

from app.accounts.audit import Actor, record
from app.accounts.errors import InvalidToken, LoginNotFound, WrongCredentials
from app.accounts.models import Account, Login, RefreshToken
from app.accounts.proof import Proven
from app.accounts.records import LoginRecord, Tokens
from app.accounts.seeing import ACCOUNT, viewer_of
from app.accounts.tokens import TokenKind, digest, kind_of, make_token
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.prepared import Prepared
from app.db.tx import Connected, Transactions, Tx
from app.ids import uuid7

ACCESS_LASTS = timedelta(hours=1)
LOGIN_LASTS = timedelta(days=60)
"""Since it was last refreshed."""
SEEN_EVERY = timedelta(minutes=1)
LONGEST_DEVICE = 128

_OF_ACCESS = Prepared.of(
    sql.SQL("""
    SELECT {account}, login.id AS login_id, login.seen_at
    FROM login JOIN account ON account.id = login.account_id
    WHERE login.access_digest = %(digest)s AND login.access_expires_at > %(now)s AND login.revoked_at IS NULL
        AND account.disabled_at IS NULL
""").format(account=ACCOUNT)
)
_SEEN = Prepared.of(sql.SQL("UPDATE login SET seen_at = %(now)s WHERE id = %(login_id)s RETURNING id").format())
"""Another request of the same minute may be quicker; that is as well."""


class LoginService:
    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def begin(self, tx: Tx, proven: Proven, *, device: str, address: str) -> Tokens:
        """Make a login for somebody who has proven who they are, in whichever way: the one place where logins begin.

        Raises:
            WrongCredentials: meanwhile the account has been disabled, or is gone.
        """
        usable = select(Account.name).where(Account.id == proven.account_id, Account.disabled_at.is_(None))
        name = await tx.session.scalar(usable.with_for_update(read=True))
        if name is None:
            raise WrongCredentials
        now = self._clock.now()
        access = make_token(TokenKind.ACCESS)
        login = Login(
            id=uuid7(),
            account_id=proven.account_id,
            device=device[:LONGEST_DEVICE] or "unnamed device",
            address=address,
            access_digest=digest(access),
            access_expires_at=now + ACCESS_LASTS,
            created_at=now,
            seen_at=now,
            expires_at=now + LOGIN_LASTS,
        )
        tx.session.add(login)
        await tx.session.flush()
        actor = Actor(viewer=Viewer(name=name, account_id=proven.account_id), address=address)
        await record(tx, actor, "login.created", name, device=login.device, method=str(proven.method))
        return await self._tokens(tx, login.id, access, now)

    async def _tokens(self, tx: Tx, login_id: UUID, access: str, now: datetime) -> Tokens:
        refresh = make_token(TokenKind.REFRESH)
        tx.session.add(RefreshToken(digest=digest(refresh), login_id=login_id))
        await tx.session.flush()
        return Tokens(
            login_id=login_id,
            access_token=access,
            access_expires_at=now + ACCESS_LASTS,
            refresh_token=refresh,
            refresh_expires_at=now + LOGIN_LASTS,
        )

    async def refresh(self, refresh_token: str, *, address: str) -> Tokens:
        """Exchange a refresh token for a new pair; the old pair is worth nothing any more.

        Raises:
            InvalidToken: unknown, expired, revoked, or used before; then its login has ended now.
        """
        async with self._transactions.begin() as tx:
            tokens = await self._refresh(tx, refresh_token, address)
        if tokens is None:
            raise InvalidToken  # outside of the transaction, which has to keep the revocation
        return tokens

    async def _refresh(self, tx: Tx, refresh_token: str, address: str) -> Tokens | None:
        now = self._clock.now()
        if kind_of(refresh_token) is not TokenKind.REFRESH:
            return None
        query = (
            select(RefreshToken, Login, Account)
            .join(Login, Login.id == RefreshToken.login_id)
            .join(Account, Account.id == Login.account_id)
            .where(RefreshToken.digest == digest(refresh_token))
            .with_for_update(of=[RefreshToken, Login])
        )
        found = (await tx.session.execute(query)).one_or_none()
        if found is None:
            return None
        token, login, account = found
        if login.revoked_at is not None or login.expires_at <= now or account.disabled_at is not None:
            return None
        if token.used_at is not None:
            login.revoked_at = now
            actor = Actor(viewer=Viewer(name=account.name, account_id=account.id), address=address)
            await record(tx, actor, "login.refresh_reused", account.name, device=login.device)
            return None
        token.used_at = now
        access = make_token(TokenKind.ACCESS)
        login.access_digest, login.access_expires_at = digest(access), now + ACCESS_LASTS
        login.address, login.seen_at, login.expires_at = address, now, now + LOGIN_LASTS
        await tx.session.flush()
        return await self._tokens(tx, login.id, access, now)

    async def viewer(self, asked: Connected, access_token: str) -> Viewer:
        """Return who this access token speaks for, with what they may see at this moment.

        Raises:
            InvalidToken: unknown, expired, revoked, or of somebody disabled.
        """
        now = self._clock.now()
        found = await _OF_ACCESS.fetch(asked.connection, {"digest": digest(access_token), "now": now})
        if not found:
            raise InvalidToken
        (row,) = found
        if now - row["seen_at"] >= SEEN_EVERY:
            await _SEEN.fetch(asked.connection, {"login_id": row["login_id"], "now": now})
        return viewer_of(row, login_id=row["login_id"])

    async def list_of(self, tx: Tx, account_id: UUID) -> list[LoginRecord]:
        """Return the account's live logins, the one last seen first."""
        query = (
            select(Login)
            .where(Login.account_id == account_id, Login.revoked_at.is_(None), Login.expires_at > self._clock.now())
            .order_by(Login.seen_at.desc(), Login.id)
        )
        return [
            LoginRecord(
                id=login.id,
                device=login.device,
                address=login.address,
                created_at=login.created_at,
                seen_at=login.seen_at,
                expires_at=login.expires_at,
            )
            for login in await tx.session.scalars(query)
        ]

    async def revoke(self, tx: Tx, actor: Actor, account_id: UUID, login_id: UUID) -> None:
        """End a login at once.

        Raises:
            LoginNotFound: there is none such of this account.
        """
        device = await tx.session.scalar(
            update(Login)
            .where(Login.id == login_id, Login.account_id == account_id, Login.revoked_at.is_(None))
            .values(revoked_at=self._clock.now())
            .returning(Login.device)
        )
        if device is None:
            raise LoginNotFound(login_id)
        name = await tx.session.scalar(select(Account.name).where(Account.id == account_id))
        await record(tx, actor, "login.revoked", name, device=device)

    async def forget(self, tx: Tx) -> int:
        """Delete logins that have ended a day ago, and their tokens; return how many."""
        ended = self._clock.now() - timedelta(days=1)
        gone = await tx.session.scalars(
            delete(Login)
            .where((Login.expires_at < ended) | (func.coalesce(Login.revoked_at, Login.expires_at) < ended))
            .returning(Login.id)
        )
        return len(gone.all())
