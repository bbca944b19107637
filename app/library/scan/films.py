"""Films: what the files around an anchor are, against what they were taken for before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.kinds import FactSource, FileRole, ItemKind
from app.library.naming import sort_key
from app.library.paths import join
from app.library.repository import shelf
from app.library.repository.facts import Facts
from app.library.repository.items import Link, NewItem, Place
from app.library.repository.shelf import UnitRow
from app.library.scan.grouping import Film, UnitFile, group_films
from app.library.scan.shelving import Changes, link_of
from app.library.threads import in_thread

NO_PLACE = Place()


async def plan_films(tx: Tx, library_id: UUID, anchor_ids: Sequence[UUID]) -> Changes:
    """Return what to write so that the films around these anchors are what their files say.

    A file that has a film keeps it: names are re-read, links are never taken back.
    """
    unit = await shelf.unit_rows(tx, anchor_ids)
    return await in_thread(lambda: make_plan(library_id, unit))


def make_plan(library_id: UUID, unit: Iterable[UnitRow]) -> Changes:
    """Decide, without looking at anything but these rows."""
    by_anchor: defaultdict[UUID, dict[UUID, list[UnitRow]]] = defaultdict(dict)
    for row in unit:
        by_anchor[row.anchor_id].setdefault(row.file_id, []).append(row)
    changes = Changes()
    for files in by_anchor.values():
        for rows in files.values():
            _forget_other_kinds(changes, library_id, rows)
        unit_files = [UnitFile(file_id, join(found[0].folder, found[0].name)) for file_id, found in files.items()]
        for film in group_films(unit_files):
            _plan_film(changes, film, files)
    return changes


def _forget_other_kinds(changes: Changes, library_id: UUID, rows: list[UnitRow]) -> None:
    """A file that came from a library of shows is no episode here."""
    for row in rows:
        if row.link is not None and row.kind != ItemKind.MOVIE:
            changes.unlinked.append((row.link.item_id, row.file_id))
        elif row.link is not None and row.library_id != library_id:
            changes.adopted.add(row.link.item_id)


def _plan_film(changes: Changes, film: Film, files: Mapping[UUID, Sequence[UnitRow]]) -> None:
    facts = Facts(title=film.title, sort_title=sort_key(film.title), year=film.year)
    links = {member.file_id: _film_links(files[member.file_id]) for member in film.members}
    mains = [member.file_id for member in film.members if member.role != FileRole.EXTRA]
    linked = [link.item_id for file_id in mains for link in links[file_id]]
    if linked:
        item_id = min(linked)
        changes.base[item_id] = (FactSource.NAME, facts)
    else:
        item_id = uuid7()
        is_present = any(files[file_id][0].is_present for file_id in mains)
        changes.new.append(NewItem(item_id, ItemKind.MOVIE, NO_PLACE, facts, FactSource.NAME, is_present))
    changes.external_ids += [(item_id, provider, value, FactSource.NAME) for provider, value in film.ids.items()]
    for member in film.members:
        before = links[member.file_id]
        # One link is ours to keep up to date; several were made by somebody who knew better.
        after = link_of(before[0].item_id if before else item_id, member)
        if not before or (len(before) == 1 and before[0] != after):
            changes.links.append(after)


def _film_links(rows: Sequence[UnitRow]) -> list[Link]:
    return [row.link for row in rows if row.link is not None and row.kind == ItemKind.MOVIE]
