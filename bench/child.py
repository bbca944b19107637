"""One step of one peer in a process of its own, so that nobody inherits another's warmth or its garbage.

`python -m bench.child PEER STEP COUNT` reads the database's URL from BENCH_URL and prints one JSON object.
"""

import asyncio
import json
import os
import random
import resource
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

import uvloop

from app.lifecycle import settle_memory
from bench.peers import peer as peers
from bench.peers.peer import Measured, Peer

Answer = dict[str, Any]

GAPS = (0.15, 0.25)
"""Seconds between two inserts of the pick-up run: the worker is idle again by then, and nobody falls into step."""


def measured(value: Measured) -> Answer:
    return {"seconds": value.seconds, "cpu_seconds": value.cpu_seconds}


async def install(peer: Peer, _count: int) -> Answer:
    await peer.install()
    return {}


async def settings(peer: Peer, _count: int) -> Answer:
    return {"settings": peer.settings()}


async def insert_many(peer: Peer, count: int) -> Answer:
    return measured(await peer.insert_many(count))


async def insert_many_fast(peer: Peer, count: int) -> Answer:
    return measured(await peer.insert_many_fast(count))


async def burn_down(peer: Peer, count: int) -> Answer:
    return measured(await peer.burn_down(count))


async def insert_singly(peer: Peer, count: int) -> Answer:
    inserted = await peer.insert_singly(count, gaps=None)
    return {"inserted": [asdict(one) for one in inserted]}


async def insert_slowly(peer: Peer, count: int) -> Answer:
    inserted = await peer.insert_singly(count, gaps=lambda: random.uniform(*GAPS))
    return {"inserted": [asdict(one) for one in inserted]}


async def pick_up(peer: Peer, count: int) -> Answer:
    return {"started": await peer.pick_up(count, on_ready=lambda: print("ready", flush=True))}


async def work_along(peer: Peer, _count: int) -> Answer:
    """Work beside others on one queue: from the first line of standard input until its end."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def until_told() -> None:
        print("ready", flush=True)
        await lines.readline()

    worked, timed = await peer.work_along(until_told, lines.read)
    return {"worked": worked, **measured(timed)}


async def verify_inserted(peer: Peer, count: int) -> Answer:
    await peer.verify_inserted(count)
    return {}


async def verify_completed(peer: Peer, count: int) -> Answer:
    await peer.verify_completed(count)
    return {}


STEPS: dict[str, Callable[[Peer, int], Coroutine[Any, Any, Answer]]] = {
    step.__name__: step
    for step in (
        settings,
        install,
        insert_many,
        insert_many_fast,
        burn_down,
        insert_singly,
        insert_slowly,
        pick_up,
        work_along,
        verify_inserted,
        verify_completed,
    )
}


def main(name: str, step: str, count: str) -> None:
    peer = peers.load(name, os.environ["BENCH_URL"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(settle_memory())  # as our server does; it helps every peer
        answer = runner.run(STEPS[step](peer, int(count)))
    answer["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
