"""Who asks for what is made ahead: of new files as soon as it is known what they are, of all others once a night.

Nothing is made that is not wanted by its setting. What is there already of a file's content, or was tried in vain, is
not asked for again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.clock import Clock
from app.config import Settings
from app.db.tx import Transactions, Tx
from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.repository.rows import named_rows
from app.playback.jobs import ChaptersArgs, IntrosArgs, LoudnessArgs, ThumbnailsArgs

AT_ONCE = 500
"""Jobs that are inserted in one transaction."""

FIRST = UUID(int=0)

_PRESENT = """
    SELECT file.id, CASE WHEN root.has_own_queue THEN 'root_' || root.id END AS queue
    FROM file JOIN library_root root ON root.id = file.root_id
    WHERE file.state = 'present' AND root.retired_at IS NULL AND file.id > %(after)s
        AND (%(files)s::uuid[] IS NULL OR file.id = ANY(%(files)s)) AND {lacking}
    ORDER BY file.id LIMIT %(limit)s
"""

_NOT_MADE = """
    NOT EXISTS (
        SELECT FROM {table} made
        WHERE made.file_id = file.id AND (made.size, made.mtime_ns) = (file.size, file.mtime_ns)
    )
"""

_IS_FILM = "EXISTS (SELECT FROM stream WHERE stream.file_id = file.id AND stream.kind = 'video')"
_HAS_CHAPTERS = "EXISTS (SELECT FROM chapter WHERE chapter.file_id = file.id)"


_IS_SONG_WITHOUT_WORD = """
    file.kind = 'audio' AND EXISTS (SELECT FROM stream WHERE stream.file_id = file.id AND stream.kind = 'audio')
    AND NOT coalesce(file.music_tags ?& ARRAY['track_gain', 'album_gain'], false)
"""
"""Whose tags leave something to be measured."""

_SPEAKS_FOR_ALBUM = """
    %(files)s::uuid[] IS NULL
    AND EXISTS (SELECT FROM loudness WHERE loudness.file_id = file.id)
    AND EXISTS (
        SELECT FROM item_file link JOIN item track ON track.id = link.item_id
        JOIN item album ON album.id = track.parent_id
        LEFT JOIN album_loudness whole ON whole.item_id = album.id
        WHERE link.file_id = file.id AND link.role = 'main' AND album.kind = 'album'
            AND whole.tracks IS DISTINCT FROM (SELECT count(*) FROM item child WHERE child.parent_id = album.id)
    )
"""
"""Of albums that have won or lost a track since they were added up."""


_SEASONS = f"""
    SELECT season.id, min(CASE WHEN root.has_own_queue THEN 'root_' || root.id END) AS queue
    FROM file JOIN library_root root ON root.id = file.root_id
    JOIN item_file link ON link.file_id = file.id JOIN item episode ON episode.id = link.item_id
    JOIN item season ON season.id = episode.parent_id
    WHERE file.state = 'present' AND root.retired_at IS NULL AND season.id > %(after)s
        AND (%(files)s::uuid[] IS NULL OR file.id = ANY(%(files)s))
        AND link.role = 'main' AND episode.kind = 'episode' AND season.kind = 'season'
        AND EXISTS (SELECT FROM stream WHERE stream.file_id = file.id AND stream.kind = 'audio')
        AND {_NOT_MADE.format(table="fingerprint")}
    GROUP BY season.id ORDER BY season.id LIMIT %(limit)s
"""  # noqa: S608  ours


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A kind of job, and the statement that says for whom it lacks."""

    args: Callable[[UUID], JobArgs]
    lacking: str
    delay: timedelta | None = None
    """After which a job begins: what comes together is then worked together."""


def _of_files(table: str, *conditions: str) -> str:
    return _PRESENT.format(lacking=" AND ".join([*conditions, _NOT_MADE.format(table=table)]))


THUMBNAILS = _Wanted(lambda file_id: ThumbnailsArgs(media_id=file_id), _of_files("trickplay", _IS_FILM))
CHAPTERS = _Wanted(
    lambda file_id: ChaptersArgs(media_id=file_id), _of_files("chapter_pictures", _IS_FILM, _HAS_CHAPTERS)
)


LOUDNESS = _Wanted(lambda file_id: LoudnessArgs(media_id=file_id), _of_files("loudness", _IS_SONG_WITHOUT_WORD))
ALBUMS = _Wanted(lambda file_id: LoudnessArgs(media_id=file_id), _PRESENT.format(lacking=_SPEAKS_FOR_ALBUM))

INTROS = _Wanted(lambda season_id: IntrosArgs(season_id=season_id), _SEASONS, timedelta(minutes=2))


class AheadRequests:
    """An `AnalysisListener`, and what `media.catch_up` does."""

    def __init__(self, inserter: Inserter, transactions: Transactions, settings: Settings, clock: Clock) -> None:
        self._inserter = inserter
        self._clock = clock
        self._transactions = transactions
        wishes = settings.playback
        wanted = (
            (THUMBNAILS, wishes.thumbnails),
            (CHAPTERS, wishes.chapters),
            (LOUDNESS, wishes.loudness),
            (ALBUMS, wishes.loudness),
            (INTROS, wishes.intros),
        )
        self._wanted = [one for one, is_wanted in wanted if is_wanted]

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        for wanted in self._wanted:
            await self._ask(tx, wanted, FIRST, list(file_ids))

    async def catch_up(self) -> int:
        """Ask for everything that is wanted and not there; return how many jobs that are."""
        asked = 0
        for wanted in self._wanted:
            after: UUID | None = FIRST
            while after is not None:
                async with self._transactions.begin() as tx:
                    count, after = await self._ask(tx, wanted, after, None)
                asked += count
        return asked

    async def _ask(self, tx: Tx, wanted: _Wanted, after: UUID, file_ids: list[UUID] | None) -> tuple[int, UUID | None]:
        """Insert jobs for whom it lacks; return how many are new, and behind whom to go on."""
        values = {"after": after, "files": file_ids, "limit": AT_ONCE}
        found = await named_rows(tx, wanted.lacking, values)
        if not found:
            return 0, None
        at = None if wanted.delay is None else self._clock.now() + wanted.delay
        jobs = [(wanted.args(one), InsertOpts(queue=queue, scheduled_at=at)) for one, queue in found]
        inserted = await self._inserter.insert_many_tx(tx.connection, jobs)
        new = sum(not one.unique_skipped_as_duplicate for one in inserted)
        return new, found[-1][0] if len(found) == AT_ONCE else None
