"""A corpus of damaged files, through the whole way: scanned, probed in processes, kept. `make soak` does all of it.

Whatever is in a file, its job ends completed, with what could be said or with one problem; no process dies of what
our own code does with it, and none is left.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.library.jobs import AnalyzeFileArgs
from app.library.media import Problem
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.mutants import Mutant, mutants

SEED = 20
IS_SOAK = os.environ.get("REVENGE_TEST_SOAK", "0s") != "0s"
EACH = 56 if IS_SOAK else 3
"""Of each of 22 sources: 1,232 in all, or 66 on every day."""

AT_ONCE = 2


def plant(mutants_: Iterable[Mutant], root: Path) -> None:
    for mutant in mutants_:
        folder = root / ("music" if mutant.is_music else "films") / mutant.name.replace(".", " ")
        folder.mkdir(parents=True)
        (folder / mutant.name).write_bytes(mutant.content)


@pytest.mark.timeout(1_800 if IS_SOAK else 300)
async def test_damaged_files_cost_a_note_each_and_nothing_else(
    library: LibraryBench, media: Media, tmp_path: Path
) -> None:
    plant(mutants(media, SEED, EACH), tmp_path)
    for name, kind in (("films", "movies"), ("music", "music")):
        await library.scan(await library.add(tmp_path / name, name=name, kind=kind))
    jobs = await library.claim(AnalyzeFileArgs)
    turns = asyncio.Semaphore(AT_ONCE)

    async def work(number: int) -> str:
        async with turns:
            row = await library.work(jobs[number])
        return row.state

    states = await asyncio.gather(*(work(number) for number in range(len(jobs))))

    rows = await library.rows("SELECT display_path, problem, problem_detail, container FROM file")
    assert len(rows) == len(states) == 22 * EACH
    assert set(states) == {"completed"}
    outcomes = Counter(row["problem"] or "described" for row in rows)
    assert outcomes.keys() <= {"described", Problem.CORRUPT, Problem.TRUNCATED, Problem.UNSUPPORTED, Problem.MEMORY}
    assert outcomes["described"] > len(rows) // 4
    assert all(row["container"] for row in rows if row["problem"] in (None, Problem.TRUNCATED))
    ours = [row for row in rows if "Error:" in (row["problem_detail"] or "")]
    assert ours == []
    assert len(library.prober._pool.all) == 1


def test_a_mutant_can_be_made_again(media: Media) -> None:
    once, again = (list(mutants(media, SEED, 2)) for _ in range(2))

    assert once == again
    assert len({mutant.content for mutant in once}) == len(once)
