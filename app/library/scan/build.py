"""Files → items: what the files around an anchor are, against what they were taken for before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.db.tx import Tx
from app.library.ids import uuid7
from app.library.kinds import FileRole, ItemKind
from app.library.naming import sort_key
from app.library.paths import join
from app.library.repository import items
from app.library.repository.items import Link, Titles, UnitRow
from app.library.scan.grouping import Film, Member, UnitFile, group_films
from app.library.threads import in_thread


@dataclass(slots=True)
class Plan:
    """What is to be written. Empty when the items are what the files say."""

    new: dict[UUID, Titles] = field(default_factory=dict)
    read: dict[UUID, Titles] = field(default_factory=dict)
    """What names say of items that exist."""
    links: list[Link] = field(default_factory=list)
    external_ids: list[tuple[UUID, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Built:
    new: int
    changed: list[UUID]
    """New ones too."""


async def build_films(tx: Tx, library_id: UUID, anchor_ids: Sequence[UUID], changed_files: Sequence[UUID]) -> Built:
    """Make the films around these anchors what their files say, and present while one of their files is.

    A file that has an item keeps it: names are re-read, links are never taken back.
    """
    unit = await items.unit_rows(tx, anchor_ids)
    plan = await in_thread(lambda: make_plan(unit))
    retitled = await items.stale_titles(tx, plan.read) if plan.read else {}
    if plan.new:
        await items.add_items(tx, library_id, ItemKind.MOVIE, plan.new)
    if retitled:
        await items.retitle(tx, retitled)
    if plan.links:
        await items.put_links(tx, plan.links)
    if plan.external_ids:
        await items.put_external_ids(tx, plan.external_ids)
    touched = [*changed_files, *(link.file_id for link in plan.links)]
    turned = await items.refresh_states(tx, touched) if touched else []
    changed = {*plan.new, *retitled, *(link.item_id for link in plan.links), *turned}
    return Built(len(plan.new), sorted(changed))


def make_plan(unit: Iterable[UnitRow]) -> Plan:
    """Decide, without looking at anything but these rows."""
    by_anchor: defaultdict[UUID, dict[UUID, list[UnitRow]]] = defaultdict(dict)
    for row in unit:
        by_anchor[row.anchor_id].setdefault(row.file_id, []).append(row)
    plan = Plan()
    for files in by_anchor.values():
        links = {file_id: [row.link for row in found if row.link is not None] for file_id, found in files.items()}
        unit_files = [UnitFile(file_id, join(found[0].folder, found[0].name)) for file_id, found in files.items()]
        for film in group_films(unit_files):
            _plan_film(plan, film, links)
    return plan


def _plan_film(plan: Plan, film: Film, links: Mapping[UUID, Sequence[Link]]) -> None:
    titles = Titles(film.title, sort_key(film.title), film.year)
    linked = [
        link.item_id for member in film.members if member.role != FileRole.EXTRA for link in links[member.file_id]
    ]
    if linked:
        item_id = min(linked)
        plan.read[item_id] = titles
    else:
        item_id = uuid7()
        plan.new[item_id] = titles
    plan.external_ids.extend((item_id, provider, value) for provider, value in film.ids.items())
    for member in film.members:
        before = links[member.file_id]
        # One link is ours to keep up to date; several were made by somebody who knew better.
        after = _link(before[0].item_id if before else item_id, member)
        if not before or (len(before) == 1 and before[0] != after):
            plan.links.append(after)


def _link(item_id: UUID, member: Member) -> Link:
    return Link(
        item_id=item_id,
        file_id=member.file_id,
        role=member.role,
        extra_kind=member.extra_kind,
        version=member.version,
        edition=member.edition,
        part=member.part,
        position=member.position,
    )
