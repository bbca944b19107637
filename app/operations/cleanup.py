"""What is worth nothing any more: each kind in a transaction of its own, so that a large one holds up no other."""

from collections.abc import Awaitable, Callable

from app.accounts.limits import AttemptLimiter
from app.accounts.logins import LoginService
from app.accounts.media_tokens import MediaTokenService
from app.accounts.service import AccountService
from app.db.tx import Transactions, Tx
from app.events.log import EventLog
from app.playback.sweeping import PlaybackSweeper

Sweep = Callable[[Tx], Awaitable[int]]


class SessionSweeper:
    def __init__(
        self,
        transactions: Transactions,
        *,
        accounts: AccountService,
        logins: LoginService,
        media_tokens: MediaTokenService,
        limiter: AttemptLimiter,
        events: EventLog,
        playback: PlaybackSweeper,
    ) -> None:
        self._transactions = transactions
        self._limiter = limiter
        self._playback = playback
        self._sweeps: dict[str, Sweep] = {
            "logins": logins.forget,
            "media_tokens": media_tokens.forget,
            "codes": accounts.forget_codes,
            "events": events.forget,
        }

    async def sweep(self) -> dict[str, int]:
        """Delete it all; return how many rows of each kind."""
        swept = {"attempt_limits": await self._limiter.forget()}
        for name, sweep in self._sweeps.items():
            async with self._transactions.begin() as tx:
                swept[name] = await sweep(tx)
        return swept | await self._playback.sweep()
