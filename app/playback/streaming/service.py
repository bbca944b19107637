"""Playbacks: begun, heard of, ended. What they need of renditions is set up at once, and nothing is encoded before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import Viewer
from app.config import Settings
from app.db.tx import Connected, Tx
from app.errors import InvalidInput, NotFound
from app.ids import uuid7
from app.jobs.inserter import Inserter
from app.library.errors import FileNotFound
from app.library.jobs import FindKeyframesArgs
from app.library.kinds import FileState
from app.library.records import FileLocation
from app.playback.decision.decide import decide
from app.playback.decision.plans import Decision, Wishes
from app.playback.errors import NotPlayable, PlaybackNotFound
from app.playback.ports import PlaybackListener, Watched
from app.playback.profiles import ClientProfile, profile_of
from app.playback.streaming import playable, repository, transcodes
from app.playback.streaming.plan import cuts_of, frame_rate_of, renditions, sound_origin
from app.playback.streaming.records import KnownFile, PlaybackRow, TranscodeRow
from app.playback.transcoding.recipes import digest_of, name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    playback: PlaybackRow
    decision: Decision
    token: str | None
    """Stands in every address of this playback; told this once. None: nobody needs one here."""
    at_once: tuple[UUID, ...]
    """Transcodes that its player is going to ask for first."""


class PlaybackService:
    def __init__(self, listeners: Sequence[PlaybackListener], inserter: Inserter, settings: Settings) -> None:
        self._listeners = listeners
        self._inserter = inserter
        self._silence = settings.playback.ended_after

    async def start(
        self,
        tx: Tx,
        viewer: Viewer,
        *,
        item_id: UUID,
        file_id: UUID | None,
        profile: str | ClientProfile,
        wishes: Wishes,
        start_ms: int = 0,
    ) -> Started:
        """Decide how an item is played, and set it up.

        Raises:
            InvalidInput: the profile or a wish makes no sense.
            NotFound: there is no such item or file of it, or not for this viewer.
            NotPlayable: it cannot be shown on this client, or is not on its disk.
        """
        client = profile_of(profile)
        if start_ms < 0:
            raise InvalidInput("start_ms", "must not be below 0")
        known = await self._known(tx, viewer, item_id, file_id)
        decision = decide(client, known.source, wishes)
        playback_id = uuid7()
        token = None if viewer.account_id is None else make_token(TokenKind.PLAYBACK)
        await repository.insert_playback(
            tx,
            id=playback_id,
            account_id=viewer.account_id,
            login_id=viewer.login_id,
            api_key_id=viewer.api_key_id,
            token_digest=None if token is None else digest(token),
            item_id=item_id,
            file_id=known.location.file_id,
            client=client.name,
            decision=msgspec.to_builtins(decision),
            position_ms=start_ms,
        )
        at_once = await self._set_up(tx, playback_id, decision, known)
        if decision.method != "direct_play" and decision.video is not None and not known.has_index:
            # This time it is converted, at regular times. Who plays it next finds where it can be cut.
            await self._inserter.insert_tx(tx.connection, FindKeyframesArgs(file_id=known.location.file_id))
        row = await self.get(tx, viewer, playback_id)
        for listener in self._listeners:
            await listener.playback_started(tx, _watched(row))
        return Started(playback=row, decision=decision, token=token, at_once=at_once)

    async def get(self, tx: Connected, viewer: Viewer, playback_id: UUID) -> PlaybackRow:
        """Raises: PlaybackNotFound: also where it is somebody else's, or its file may not be seen any more."""
        row = await repository.playback(tx, viewer, playback_id)
        if row is None:
            raise PlaybackNotFound(playback_id)
        return row

    async def record(
        self, tx: Tx, viewer: Viewer, playback_id: UUID, *, position_ms: int, is_paused: bool
    ) -> PlaybackRow:
        """Hear where a client is. Raises: as `get`."""
        row = await self.get(tx, viewer, playback_id)
        await repository.record_position(tx, playback_id, position_ms, is_paused=is_paused)
        row = replace(row, position_ms=position_ms, is_paused=is_paused)
        for listener in self._listeners:
            await listener.playback_progressed(tx, _watched(row))
        return row

    async def stop(self, tx: Tx, viewer: Viewer, playback_id: UUID) -> list[UUID]:
        """End a playback; return the transcodes that nobody watches any more. Raises: as `get`."""
        return await self._end(tx, await self.get(tx, viewer, playback_id))

    async def take_back(self, tx: Tx, playback_id: UUID) -> None:
        """Forget a playback that could not begin: nobody has come anywhere in it."""
        await repository.delete_playback(tx, playback_id)

    async def end_silent(self, tx: Tx) -> int:
        """End playbacks whose clients have gone without a word; return how many."""
        rows = await repository.silent_playbacks(tx, self._silence)
        for row in rows:
            await self._end(tx, row)
        return len(rows)

    async def transcode(self, tx: Connected, viewer: Viewer, playback_id: UUID, name: str) -> TranscodeRow:
        """Return a rendition of a playback by its name there. Raises: as `get`; NotFound for the name."""
        await self.get(tx, viewer, playback_id)
        row = await repository.transcode_of(tx, playback_id, name)
        if row is None:
            raise NotFound("rendition", name)
        return row

    async def frame_rate(self, tx: Connected, playback_id: UUID) -> float | None:
        """Return how many pictures a second a playback's renditions show. Whose it is was asked before."""
        return await repository.frame_rate_of(tx, playback_id)

    async def location(self, tx: Tx, viewer: Viewer, playback_id: UUID) -> FileLocation:
        """Return where the file of a playback is. Raises: as `get`."""
        row = await self.get(tx, viewer, playback_id)
        known = await playable.known_file(tx, row.file_id)
        if known is None:
            raise FileNotFound(row.file_id)
        return known.location

    async def _known(self, tx: Tx, viewer: Viewer, item_id: UUID, file_id: UUID | None) -> KnownFile:
        found = await playable.file_to_play(tx, viewer, item_id, file_id)
        known = None if found is None else await playable.known_file(tx, found)
        if known is None:
            raise NotFound("file of item", item_id) if file_id is None else FileNotFound(file_id)
        if known.location.state != FileState.PRESENT:
            raise NotPlayable("the file is missing from its disk")
        return known

    async def _set_up(self, tx: Tx, playback_id: UUID, decision: Decision, known: KnownFile) -> tuple[UUID, ...]:
        """Link all renditions; return the transcodes that are wanted at once."""
        zero = playable.zero_of(known.source.streams)
        cuts = cuts_of(known.source, known.keyframes, zero)
        stamp = (known.location.size, known.location.mtime_ns)
        wanted = [
            (digest_of(one.recipe, known.location.file_id, stamp, repr(cuts).encode()), one)
            for one in renditions(decision, known.source)
        ]
        at_once: list[UUID] = []
        # In one order for all, so that two who begin at once never wait for each other in turn.
        for content, rendition in sorted(wanted, key=lambda pair: pair[0]):
            transcode_id = await transcodes.ensure_transcode(
                tx,
                transcode_id=uuid7(),
                file_id=known.location.file_id,
                digest=content,
                name=name_of(rendition.recipe, content),
                recipe=rendition.recipe,
                cuts=cuts,
                zero_ms=zero,
                origin_ms=sound_origin(rendition.recipe, known.source, zero),
                frame_rate=frame_rate_of(known.source),
            )
            await repository.link(tx, playback_id, rendition.name, transcode_id)
            if rendition.starts_at_once:
                at_once.append(transcode_id)
        return tuple(at_once)

    async def _end(self, tx: Tx, row: PlaybackRow) -> list[UUID]:
        for listener in self._listeners:
            await listener.playback_stopped(tx, _watched(row))
        return await repository.delete_playback(tx, row.id)


def _watched(row: PlaybackRow) -> Watched:
    return Watched(
        playback_id=row.id,
        account_id=row.account_id,
        item_id=row.item_id,
        file_id=row.file_id,
        client=row.client,
        position_ms=row.position_ms,
        duration_ms=row.duration_ms,
        is_paused=row.is_paused,
        started_at=row.started_at,
    )
