"""`make conformance`: River's own harness, out of a checkout of River, against our adapter, tier by tier.

Nothing of River's is kept here and nothing is written into the checkout: our entry in the harness's table of
implementations is a generated file that the go command lays over it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import psycopg

from app.db.embedded import EmbeddedPostgres
from tests.conformance.serving import log_to_stderr

ROOT = Path(__file__).parents[2]
HARNESS = Path("conformance") / "harness"

SETTINGS = {"fsync": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1", "max_connections": "300"}
"""Nothing has to survive the machine, and the harness's proxy needs a host and a port to stand before."""

ENTRY = """package harness

func init() {
	knownImplementations["python"] = &Implementation{
		Name: "python",
		Performance: map[string]PerformanceBound{%(bounds)s},
		Build: func(string) (string, []string, error) {
			return %(root)s, []string{%(python)s, "-m", "tests.conformance"}, nil
		},
	}
}
"""

BOUNDS = {
    "go": {"enqueue": (2.0, 0.4), "mixed": (1.25, 0.8), "worker": (1.25, 0.8)},
    "js": {"enqueue": (3.0, 0.25), "mixed": (2.0, 0.5), "worker": (2.0, 0.5)},
}
"""How many times Go's 95th percentile and what share of its throughput are allowed: what River sets for itself, and for
its implementation in another language with one thread. The latter is what we owe, the former what we want."""

NIGHTLY = "^(TestChaos|TestPerformance)$"
OTHERS = "^(TestChaos|TestPerformance|TestSoak|TestMultiEngine)$"

SPEED = re.compile(r": reference [\d.]+ jobs/s")
"""A line that compares us with Go: told even when all is well."""

FIXTURES = "fixtures"
GENERATED = Path("conformance") / "testdata"
"""What River generates for its own ports (`make generate/fixtures` there). A tier of ours: nothing of Go's runs."""

SCENARIO = re.compile(r"(?P<name>Test.+?)/postgres\Z")


@dataclass(frozen=True, slots=True)
class Tier:
    name: str
    flags: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def tiers(soak: str) -> dict[str, Tier]:
    return {
        "pull-request": Tier("pull-request", ("-skip", OTHERS, "-timeout", "20m")),
        "nightly": Tier("nightly", ("-run", NIGHTLY, "-timeout", "40m"), {"RIVER_CONFORMANCE_NIGHTLY": "1"}),
        "multi-engine": Tier(
            "multi-engine",
            ("-run", "^TestMultiEngine$", "-timeout", "20m"),
            {"RIVER_CONFORMANCE_NIGHTLY": "1", "RIVER_CONFORMANCE_PEER": "python"},
        ),
        "soak": Tier("soak", ("-run", "^TestSoak$", "-timeout", "6h"), {"RIVER_CONFORMANCE_SOAK": soak}),
    }


@dataclass(slots=True)
class Results:
    """What `go test -json` says, a scenario being whatever runs on PostgreSQL, in one direction or both."""

    outcomes: dict[str, bool] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:  # the go command's own words, when something does not build
            self.outputs.setdefault("", []).append(line)
            return
        test, action = event.get("Test", ""), event["Action"]
        if action == "output":
            self.outputs.setdefault(test, []).append(event["Output"])
        elif action in {"pass", "fail"}:
            if (found := SCENARIO.match(test)) is not None:
                self.outcomes[found["name"]] = action == "pass"
            if action == "fail":
                self.failed.append(test)

    def report(self, tier: str) -> Iterable[str]:
        yield from (line for lines in self.outputs.values() for line in lines if SPEED.search(line))
        parents = {test.rpartition("/")[0] for test in self.failed}
        for test in (one for one in self.failed if one not in parents):
            yield from self.outputs.get(test, [])
        yield f"{tier}: {sum(self.outcomes.values())}/{len(self.outcomes)} scenarios passed\n"


def why_not(checkout: str) -> str | None:
    """Say why the harness cannot run here; None: it can."""
    if not checkout:
        return "RIVER_CHECKOUT names no checkout of River"
    if not (Path(checkout) / HARNESS).is_dir():
        return f"{checkout} has no {HARNESS}: an older River, or no checkout at all"
    if shutil.which("go") is None:
        return "there is no Go on this machine"
    return None


def overlay(checkout: Path, directory: Path, bounds: str) -> Path:
    """Write our entry, and the file that lays it over the checkout."""
    entry = directory / "revenge_test.go"
    limits = ", ".join(
        f"{json.dumps(mode)}: {{MaxP95Ratio: {p95:g}, MinThroughputRatio: {throughput:g}}}"
        for mode, (p95, throughput) in BOUNDS[bounds].items()
    )
    entry.write_text(ENTRY % {"bounds": limits, "root": json.dumps(str(ROOT)), "python": json.dumps(sys.executable)})
    replaced = directory / "overlay.json"
    replaced.write_text(json.dumps({"Replace": {str(checkout / HARNESS / entry.name): str(entry)}}))
    return replaced


@contextlib.asynccontextmanager
async def database(directory: Path) -> AsyncIterator[str]:
    """A PostgreSQL of our own, gone afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = EmbeddedPostgres(directory / "postgres", settings={**SETTINGS, "port": str(port)})
    await server.start()
    try:
        async with await psycopg.AsyncConnection.connect(server.conninfo, autocommit=True) as connection:
            await connection.execute("CREATE DATABASE conformance")
        yield f"postgresql://revenge@127.0.0.1:{port}/conformance?sslmode=disable"
    finally:
        await server.stop()


def run_fixtures(checkout: Path) -> bool:
    """Read River's generated fixtures, and tell how many of their cases hold."""
    if not (checkout / GENERATED).is_dir():
        sys.stdout.write(f"{FIXTURES}: skipped, the checkout has no {GENERATED}: River generates it\n")
        return True
    with tempfile.TemporaryDirectory(prefix="revenge-conformance-") as directory:
        report = Path(directory) / "report.xml"
        cases = ROOT / "tests" / "conformance" / "generated_fixtures.py"
        command = (sys.executable, "-m", "pytest", "-q", "--no-header", f"--junitxml={report}", str(cases))
        status = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "RIVER_CHECKOUT": str(checkout)})
        passed, total = counted(report) if report.exists() else (0, 0)
    sys.stdout.write(f"{FIXTURES}: {passed}/{total} cases passed\n")
    return status.returncode == 0


def counted(report: Path) -> tuple[int, int]:
    """Return how many cases of pytest's report passed, and how many there were."""
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    total, *others = (int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped"))
    return total - sum(others), total


async def run(tier: Tier, options: argparse.Namespace, checkout: Path, laid_over: Path, url: str) -> bool:
    """Run a tier and tell how it went."""
    process = await asyncio.create_subprocess_exec(
        "go",
        "test",
        "-json",
        "-count=1",
        f"-overlay={laid_over}",
        *tier.flags,
        *(("-run", options.run) if options.run else ()),
        f"-parallel={options.parallel}",
        ".",
        cwd=checkout / HARNESS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        limit=64 * 1024 * 1024,
        env={
            **os.environ,
            "RIVER_CONFORMANCE": options.candidate,
            "RIVER_CONFORMANCE_DRIVERS": "postgres",
            "TEST_DATABASE_URL": url,
            **tier.environment,
        },
    )
    results = Results()
    assert process.stdout is not None
    async for line in process.stdout:
        results.read(line.decode(errors="replace"))
    status = await process.wait()
    if status and not results.failed:
        sys.stdout.writelines(results.outputs.get("", []))
    sys.stdout.writelines(results.report(tier.name))
    sys.stdout.flush()
    return status == 0


def asked(known: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make conformance ARGS=…", description=__doc__)
    parser.add_argument("--tier", action="append", choices=[FIXTURES, *known], help="default: all up to nightly")
    parser.add_argument("--candidate", default="python", help="go proves the environment itself")
    parser.add_argument("--bounds", default="js", choices=list(BOUNDS), help="how close to Go's speed we must come")
    parser.add_argument("--soak", default="10m", help="how long the soak lasts")
    parser.add_argument("--run", default="", help="only scenarios that match, in the go command's words")
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


async def main() -> int:
    options = asked(tiers(""))
    checkout = os.environ.get("RIVER_CHECKOUT", "")
    asked_for = options.tier or (FIXTURES, "pull-request", "nightly")
    root = Path(checkout).resolve()
    passed = [run_fixtures(root)] if checkout and FIXTURES in asked_for and options.candidate == "python" else []
    scenarios = [tier for tier in asked_for if tier != FIXTURES]
    if (reason := why_not(checkout)) is not None and scenarios:
        sys.stdout.write(f"conformance: skipped, {reason}\n")
    if reason is not None or not scenarios:
        return 0 if all(passed) else 1
    log_to_stderr()
    known = tiers(options.soak)
    with tempfile.TemporaryDirectory(prefix="revenge-conformance-") as name:
        directory = Path(name)
        laid_over = overlay(root, directory, options.bounds)
        async with database(directory) as url:
            passed += [await run(known[tier], options, root, laid_over, url) for tier in scenarios]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
