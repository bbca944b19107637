"""What must be true of our tables whatever happened: told when it is not, never repaired behind anybody's back."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import text

from app.db.tx import Transactions

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken` selects one column: a text that names each row for which it does not hold."""

    name: str
    broken: str


INVARIANTS = (
    Invariant(
        "what is present has a present file, or something present below it",
        """
        SELECT item.id::text FROM item
        WHERE item.state = 'present'
            AND NOT EXISTS (
                SELECT FROM item_file JOIN file ON file.id = item_file.file_id
                WHERE item_file.item_id = item.id AND file.state = 'present'
            )
            AND NOT EXISTS (SELECT FROM item AS child WHERE child.parent_id = item.id AND child.state = 'present')
        """,
    ),
    Invariant(
        "what is missing has no present file",
        """
        SELECT DISTINCT item.id::text FROM item
        JOIN item_file ON item_file.item_id = item.id AND item_file.role = 'main'
        JOIN file ON file.id = item_file.file_id AND file.state = 'present'
        WHERE item.state = 'missing'
        """,
    ),
    Invariant(
        "a file and its folder are of one root",
        "SELECT file.id::text FROM file JOIN folder ON folder.id = file.folder_id WHERE folder.root_id <> file.root_id",
    ),
    Invariant(
        "an item and its files are of one library",
        """
        SELECT item.id::text FROM item_file
        JOIN item ON item.id = item_file.item_id JOIN file ON file.id = item_file.file_id
        JOIN library_root AS root ON root.id = file.root_id
        WHERE root.library_id <> item.library_id
        """,
    ),
    Invariant(
        "whoever music is credited to is an artist",
        """
        SELECT item_artist.item_id::text FROM item_artist JOIN item AS artist ON artist.id = item_artist.artist_id
        WHERE artist.kind <> 'artist'
        """,
    ),
    Invariant(
        "an item and its parent are of one library",
        """
        SELECT item.id::text FROM item JOIN item AS parent ON parent.id = item.parent_id
        WHERE parent.library_id <> item.library_id
        """,
    ),
    Invariant(
        "a season belongs to a series, an episode to a season or a series, a track to an album",
        """
        SELECT item.id::text FROM item JOIN item AS parent ON parent.id = item.parent_id
        WHERE (item.kind, parent.kind) NOT IN (
            ('season', 'series'), ('episode', 'season'), ('episode', 'series'), ('track', 'album'), ('album', 'artist')
        )
        """,
    ),
    Invariant(
        "somebody can administer, once there is an account",
        """
        SELECT 'no administrator can log in' WHERE EXISTS (SELECT FROM account) AND NOT EXISTS (
            SELECT FROM account
            WHERE role = 'administrator' AND disabled_at IS NULL AND password_hash IS NOT NULL
        )
        """,
    ),
)


class Broken(msgspec.Struct, frozen=True):
    invariant: str
    count: int
    examples: list[str]


async def check_invariants(transactions: Transactions) -> list[Broken]:
    """Return what does not hold. Reads whole tables: for the night."""
    found = []
    for invariant in INVARIANTS:
        statement = text(
            f"WITH broken(what) AS ({invariant.broken})"  # noqa: S608  our own words alone
            " SELECT count(*), (array_agg(what))[1:5] FROM broken"
        )
        async with transactions.begin() as tx:
            count, examples = (await tx.session.execute(statement)).one()
        if count:
            found.append(Broken(invariant.name, count, list(examples)[:EXAMPLES]))
    return found
