"""`python bench/run.py [--quick]` (or `make bench`): our queue beside River itself and the other Python ones.

All share one PostgreSQL. Figures are comparisons within one run on one machine and nothing else; no test looks at
them. Needs the extra `bench`; River is built where there is Go, and procrastinate and chancy are installed in an
environment of their own, from the network. Who cannot be had is left out, and it says so. DATABASE_URL names the
server, which must let us make databases; without it we bring our own.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # from wherever this is called: `app` and `bench` are there

# ruff: noqa: E402  the path comes first
from bench import latency, million, scaling, throughput
from bench.benchmark import Benchmark, settings_of
from bench.programs import PROGRAMS, Unavailable, command_of
from bench.report import Page
from bench.server import Server, running_server

SLOW = ("procrastinate", "chancy")
"""Not asked to work 100,000 jobs: they would take minutes."""

FULL: Mapping[str, Sequence[Benchmark]] = {
    "throughput": (
        throughput.insert(20_000),
        throughput.insert_fast(20_000),
        throughput.burn_down(20_000),
        throughput.burn_down(100_000, too_slow=SLOW),
    ),
    "latency": (latency.single_inserts(1_000), latency.pick_up(200)),
    "million": (million.burn_down(1_000_000, too_slow=("pgqueuer", *SLOW)),),
    "scaling": (),
}
QUICK: Mapping[str, Sequence[Benchmark]] = {
    "throughput": (throughput.insert(20_000), throughput.insert_fast(20_000), throughput.burn_down(20_000)),
    "latency": (latency.single_inserts(200), latency.pick_up(20)),
    "million": (million.burn_down(200_000, too_slow=("pgqueuer", *SLOW)),),
    "scaling": (),
}
USUAL = ("throughput", "latency")
"""What is measured where nothing is said; the others take minutes each."""

PROCESSES = (1, 2, 3)


@dataclass(frozen=True)
class Options:
    quick: bool
    rounds: int
    peers: Sequence[str]
    only: Sequence[str]
    note: str


def parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute's look: smaller, one round, nothing kept")
    parser.add_argument("--rounds", type=int, help="times every peer has its turn (3; with --quick 1)")
    parser.add_argument(
        "--peer", action="append", dest="peers", choices=PROGRAMS, help="only this one; may be repeated"
    )
    parser.add_argument("--only", action="append", choices=sorted(FULL), help="only these; may be repeated")
    parser.add_argument("--note", default="", help="what else the reader of the result should know")
    found = parser.parse_args(arguments)
    rounds = found.rounds or (1 if found.quick else 3)
    return Options(found.quick, rounds, found.peers or tuple(PROGRAMS), found.only or USUAL, found.note)


async def run(options: Options, command: Sequence[str]) -> None:
    benchmarks = QUICK if options.quick else FULL
    peers, absent = available(options.peers)
    options = replace(options, peers=peers, note="; ".join(filter(None, [options.note, *absent])))
    async with running_server() as server:
        for what in options.only:
            page = await run_all(server, what, benchmarks[what], options, command)
            print("\n".join(["", *page.lines()]), flush=True)
            if not options.quick:
                page.write()


def available(peers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell who can take part, and of the others why not."""
    present, absent = [], []
    for peer in peers:
        try:
            command_of(peer)
            present.append(peer)
        except Unavailable as err:
            absent.append(f"{peer} left out: {err}")
            print(f"  {absent[-1]}", flush=True)
    return present, absent


async def run_all(
    server: Server, what: str, benchmarks: Sequence[Benchmark], options: Options, command: Sequence[str]
) -> Page:
    tables = [await benchmark.run(server, options.peers, options.rounds) for benchmark in benchmarks]
    if what == "scaling":  # ours beside itself
        tables.append(await scaling.table(server, 20_000 if options.quick else 200_000, PROCESSES, options.rounds))
    seen = [peer for peer in options.peers if any(peer in table.answers for table in tables)] or [scaling.PEER]
    settings = {peer: await settings_of(server, peer) for peer in seen}
    return Page(what, command, options.rounds, await server.describe(), settings, tables, options.note)


def main() -> None:
    options = parse(sys.argv[1:])
    asked = [argument for argument in sys.argv[1:] if argument not in {"--note", options.note}]
    asyncio.run(run(options, ["python", "bench/run.py", *asked]))


if __name__ == "__main__":
    main()
