"""Every query of intros and credits."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import rows, run

MOST = 200
"""Files of one season that are compared."""

EPISODES = """
    SELECT file.id, array_agg(DISTINCT episode.id) AS episodes,
        EXISTS (
            SELECT FROM fingerprint made
            WHERE made.file_id = file.id AND (made.size, made.mtime_ns) = (file.size, file.mtime_ns)
        ) AS is_heard
    FROM item episode JOIN item_file link ON link.item_id = episode.id JOIN file ON file.id = link.file_id
    WHERE episode.parent_id = %s AND episode.kind = 'episode' AND link.role = 'main' AND file.state = 'present'
        AND EXISTS (SELECT FROM stream WHERE stream.file_id = file.id AND stream.kind = 'audio')
    GROUP BY file.id ORDER BY min(episode.number), file.id LIMIT %s
"""

KEEP = """
    INSERT INTO fingerprint (file_id, size, mtime_ns, opening, ending, ending_ms, problem)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (file_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        opening = excluded.opening, ending = excluded.ending, ending_ms = excluded.ending_ms,
        problem = excluded.problem, made_at = now()
"""

FINGERPRINTS = """
    SELECT made.file_id, made.opening, made.ending, made.ending_ms FROM fingerprint made
    JOIN file ON file.id = made.file_id AND (made.size, made.mtime_ns) = (file.size, file.mtime_ns)
    WHERE file.id = ANY(%s) AND made.problem IS NULL
"""

CHAPTERS = """
    SELECT chapter.file_id, chapter.title, chapter.start_ms - zero.ms, chapter.end_ms - zero.ms
    FROM chapter CROSS JOIN LATERAL (
        SELECT coalesce(min(stream.start_ms), 0) AS ms FROM stream
        WHERE stream.file_id = chapter.file_id AND stream.kind IN ('video', 'audio')
    ) AS zero
    WHERE chapter.file_id = ANY(%s) ORDER BY chapter.file_id, chapter.index
"""

HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('media_segment ' || %s::text, 0))"

IS_SEASON = "SELECT FROM item WHERE id = %s AND kind = 'season'"

FORGET = "DELETE FROM media_segment WHERE file_id = ANY(%s)"

RECORD = """
    INSERT INTO media_segment (file_id, kind, size, mtime_ns, start_ms, end_ms, confidence, source)
    SELECT file.id, %s, file.size, file.mtime_ns, %s, %s, %s, %s FROM file WHERE file.id = %s
"""


@dataclass(frozen=True, slots=True)
class EpisodeFile:
    file_id: UUID
    episodes: frozenset[UUID]
    is_heard: bool
    """Whether its fingerprint is there, or was tried in vain."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    file_id: UUID
    opening: bytes
    ending: bytes
    ending_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    file_id: UUID
    kind: str
    start_ms: int
    end_ms: int
    confidence: float
    source: str


async def episodes(tx: Tx, season_id: UUID) -> list[EpisodeFile]:
    """Return the files of a season in the order of its episodes."""
    return [
        EpisodeFile(one, frozenset(items), heard) for one, items, heard in await rows(tx, EPISODES, season_id, MOST)
    ]


async def fingerprints(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, Fingerprints]:
    found = await rows(tx, FINGERPRINTS, list(file_ids))
    return {row[0]: Fingerprints(row[0], bytes(row[1]), bytes(row[2]), row[3]) for row in found}


async def chapters(tx: Tx, file_ids: Sequence[UUID]) -> list[tuple[UUID, str | None, int, int]]:
    """Return file, title, start and end of every chapter."""
    return [(row[0], row[1], row[2], row[3]) for row in await rows(tx, CHAPTERS, list(file_ids))]


async def hold_season(tx: Tx, season_id: UUID) -> bool:
    """Keep others from recording its segments until this transaction ends; no where there is no such season."""
    await run(tx, HOLD, season_id)
    return bool(await rows(tx, IS_SEASON, season_id))


async def replace(tx: Tx, file_ids: Sequence[UUID], found: Sequence[Segment]) -> None:
    """Keep these segments of these files, and no others."""
    await run(tx, FORGET, list(file_ids))
    for one in found:
        await run(tx, RECORD, one.kind, one.start_ms, one.end_ms, one.confidence, one.source, one.file_id)
