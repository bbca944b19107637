"""Libraries and their roots."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select, text, update

from app.db.tx import Tx
from app.ids import uuid7
from app.library.kinds import LibraryKind
from app.library.models import Item, Library, LibraryRoot
from app.library.paths import display_path
from app.library.records import LibraryRecord, RootRecord
from app.library.roots import NamedRoot

CHANGE_LOCK = 0x6C69_6272_6172_7901
"""Advisory lock (an arbitrary number) for changes of names and roots: overlap cannot be said as a constraint."""


async def lock_changes(tx: Tx) -> None:
    """Let nobody else change names and roots until this transaction ends."""
    await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHANGE_LOCK})


async def name_taken(tx: Tx, name: str, besides: UUID | None = None) -> bool:
    query = select(Library.id).where(func.lower(Library.name) == func.lower(name))
    found = await tx.session.scalar(query)
    return found is not None and found != besides


async def add_library(tx: Tx, name: str, kind: LibraryKind) -> UUID:
    library = Library(id=uuid7(), name=name, kind=kind)
    tx.session.add(library)
    await tx.session.flush()
    return library.id


async def rename_library(tx: Tx, library_id: UUID, name: str) -> None:
    await tx.session.execute(update(Library).where(Library.id == library_id).values(name=name, updated_at=func.now()))


async def delete_library(tx: Tx, library_id: UUID) -> None:
    await tx.session.execute(delete_from(Library).where(Library.id == library_id))


async def get_library(tx: Tx, library_id: UUID) -> LibraryRecord | None:
    found = await _libraries(tx, [library_id])
    return found[0] if found else None


async def list_libraries(tx: Tx) -> list[LibraryRecord]:
    return await _libraries(tx, None)


async def _libraries(tx: Tx, ids: Sequence[UUID] | None) -> list[LibraryRecord]:
    """Two statements, however many libraries there are."""
    libraries = select(Library).order_by(func.lower(Library.name))
    roots = select(LibraryRoot).where(LibraryRoot.retired_at.is_(None)).order_by(LibraryRoot.position, LibraryRoot.id)
    if ids is not None:
        libraries = libraries.where(Library.id.in_(ids))
        roots = roots.where(LibraryRoot.library_id.in_(ids))
    fresh = {"populate_existing": True}
    by_library: dict[UUID, list[RootRecord]] = {}
    for root in await tx.session.scalars(roots, execution_options=fresh):
        by_library.setdefault(root.library_id, []).append(_root_record(root))
    return [
        LibraryRecord(
            library.id,
            library.name,
            LibraryKind(library.kind),
            tuple(by_library.get(library.id, ())),
            library.created_at,
        )
        for library in await tx.session.scalars(libraries, execution_options=fresh)
    ]


def _root_record(root: LibraryRoot) -> RootRecord:
    return RootRecord(
        root.id,
        root.path,
        root.real_path,
        root.display_path,
        loss_confirmed=root.loss_confirmed_at is not None,
        has_own_queue=root.has_own_queue,
        scan_requested_at=root.scan_requested_at,
        full_scan_requested_at=root.full_scan_requested_at,
    )


async def lock_library(tx: Tx, library_id: UUID) -> bool:
    """Keep the library's row until this transaction ends: scans of one library take turns by it. False: it is gone.

    A lock writes no row that anyone would count or that vacuum would have to clean.
    """
    query = select(Library.id).where(Library.id == library_id).with_for_update(key_share=True)
    return await tx.session.scalar(query) is not None


async def active_roots(tx: Tx) -> list[tuple[LibraryRoot, str]]:
    """Return every root that is looked into, with its library's name."""
    query = (
        select(LibraryRoot, Library.name)
        .join(Library, Library.id == LibraryRoot.library_id)
        .where(LibraryRoot.retired_at.is_(None))
    )
    return [(root, name) for root, name in (await tx.session.execute(query))]


async def set_roots(tx: Tx, library_id: UUID, roots: Sequence[NamedRoot]) -> list[UUID]:
    """Make these the library's roots, in this order. Returns the roots that were retired by it.

    A path the library knows keeps its row, or gets it back; so its files keep their ids.
    """
    known = {
        root.path: root
        for root in await tx.session.scalars(
            select(LibraryRoot).where(LibraryRoot.library_id == library_id).order_by(LibraryRoot.retired_at)
        )
    }
    for position, named in enumerate(roots):
        root = known.pop(named.path, None)
        if root is None:
            root = LibraryRoot(
                id=uuid7(), library_id=library_id, path=named.path, display_path=display_path(named.path)
            )
            tx.session.add(root)
        root.position, root.real_path, root.retired_at = position, named.real, None
    leaving = [root.id for root in known.values() if root.retired_at is None]
    await tx.session.flush()
    await tx.session.execute(
        update(LibraryRoot)
        .where(LibraryRoot.id.in_(leaving))
        .values(retired_at=func.now(), loss_confirmed_at=None)
        .execution_options(synchronize_session=False)
    )
    await tx.session.execute(update(Library).where(Library.id == library_id).values(updated_at=func.now()))
    return leaving


async def confirm_loss(tx: Tx, library_id: UUID) -> None:
    await tx.session.execute(
        update(LibraryRoot)
        .where(LibraryRoot.library_id == library_id, LibraryRoot.retired_at.is_(None))
        .values(loss_confirmed_at=func.now())
    )


async def loss_confirmed(tx: Tx, root_id: UUID) -> bool:
    query = select(LibraryRoot.loss_confirmed_at).where(LibraryRoot.id == root_id)
    return await tx.session.scalar(query) is not None


async def clear_loss_confirmation(tx: Tx, root_id: UUID) -> None:
    await tx.session.execute(update(LibraryRoot).where(LibraryRoot.id == root_id).values(loss_confirmed_at=None))


async def move_root(tx: Tx, root_id: UUID, named: NamedRoot) -> None:
    """Let a root lie elsewhere, with all that is recorded in it."""
    values = {"path": named.path, "real_path": named.real, "display_path": display_path(named.path)}
    await tx.session.execute(update(LibraryRoot).where(LibraryRoot.id == root_id).values(**values))


async def set_own_queue(tx: Tx, root_id: UUID, has_own_queue: bool) -> None:
    await tx.session.execute(update(LibraryRoot).where(LibraryRoot.id == root_id).values(has_own_queue=has_own_queue))


async def root_library(tx: Tx, root_id: UUID) -> tuple[UUID, bytes] | None:
    """Return the library a root belongs to and its path, unless it is gone or retired."""
    query = select(LibraryRoot.library_id, LibraryRoot.path).where(
        LibraryRoot.id == root_id, LibraryRoot.retired_at.is_(None)
    )
    row = (await tx.session.execute(query)).first()
    return row if row is None else (row[0], row[1])


async def item_ids(tx: Tx, library_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next of a library's items by key."""
    query = select(Item.id).where(Item.library_id == library_id).order_by(Item.id).limit(limit)
    return list(await tx.session.scalars(query if after is None else query.where(Item.id > after)))
