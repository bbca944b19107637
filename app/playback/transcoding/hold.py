"""A runner's hold on the row of its transcode: taken, kept by every look, given back.

A look says that the runner lives and what it has made, and learns what is wanted. Whoever finds another's name in the
row has lost it, and may write nothing any more.
"""

import time
from uuid import UUID

import structlog

from app.db.tx import Transactions, Tx
from app.errors import AppError
from app.jobs.verdict import lost_database
from app.library.records import FileLocation
from app.library.repository import files
from app.playback.streaming import transcodes
from app.playback.streaming.records import Look, TranscodeRow
from app.playback.transcoding.room import Room

log = structlog.get_logger("playback.transcode")

OUTAGE = 90.0
"""Seconds without a database that a run survives: what it makes meanwhile is worth having."""


class LeaseLost(Exception):
    """Another runner has the row, or it is gone: nothing of ours may be written any more."""


class Hold:
    def __init__(self, transactions: Transactions, room: Room, row: TranscodeRow, runner: str, look: Look) -> None:
        self._transactions = transactions
        self._room = room
        self._looked_at = time.monotonic()
        self._is_new = True
        self.row = row
        self.runner = runner
        self.look = look
        """What was learnt last."""
        self.position = 0
        """The segment that is made next."""
        self.made: list[int] = []
        """Since the last look."""
        self._made_bytes = 0

    def note(self, number: int) -> None:
        """A segment has been made."""
        self.position = number + 1
        self.made.append(number)

    def note_bytes(self, size: int) -> None:
        self._made_bytes += size

    async def first_look(self) -> Look:
        """Return what was learnt when the row was taken, once; then as `look_again`."""
        if self._is_new:
            self._is_new = False
            return self.look
        return await self.look_again()

    async def look_again(self) -> Look:
        """Say that we live and what was made; learn what is wanted.

        Raises:
            LeaseLost: the row is not ours any more.
        """
        made, made_bytes = self.made, self._made_bytes
        try:
            async with self._transactions.begin() as tx:
                found = await transcodes.look(
                    tx, self.row.id, self.runner, position=self.position, made=made, made_bytes=made_bytes
                )
        except Exception as err:
            if not lost_database(err) or time.monotonic() - self._looked_at > OUTAGE:
                raise
            log.warning("transcode goes on without the database", transcode=str(self.row.id))
            return self.look
        if found is None:
            raise LeaseLost
        self.made, self._made_bytes = self.made[len(made) :], self._made_bytes - made_bytes
        self.look, self._looked_at = found, time.monotonic()
        if made_bytes:
            await self._room.make()
        return found

    async def is_given_back(self, tx: Tx) -> bool:
        """Give the row back; no when somebody has asked for more meanwhile."""
        row = await transcodes.lock_transcode(tx, self.row.id)
        if row is not None and row.aims:
            return False
        await transcodes.leave(tx, self.row.id, self.runner)
        return True

    async def leave(self) -> None:
        """Give the row back as it is, if that can be."""
        try:
            async with self._transactions.begin() as tx:
                await transcodes.leave(tx, self.row.id, self.runner)
        except Exception as err:  # noqa: BLE001  the lease runs out by itself; what brought us here matters more
            log.debug("transcode not given back", transcode=str(self.row.id), error=str(err))

    async def record_failure(self, failure: AppError) -> None:
        async with self._transactions.begin() as tx:
            await transcodes.record_failure(tx, self.row.id, self.runner, failure.code, str(failure))


async def take(tx: Tx, media_id: UUID, name: str, runner: str) -> tuple[TranscodeRow, FileLocation, Look] | None:
    """Take a rendition of a file; None where it is gone, or in other hands."""
    row = await transcodes.named_transcode(tx, media_id, name)
    location = await files.locate(tx, media_id)
    if row is None or location is None:
        return None
    look = await transcodes.take(tx, row.id, runner)
    return None if look is None else (row, location, look)
