"""Is this node alive, and can it do its work: two questions, for whoever restarts it and whoever sends it requests."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from app.errors import AppError

log = structlog.get_logger("web")

PATIENCE = 3.0
"""Seconds. A probe of Kubernetes gives up after 1 by default, a load balancer after 5."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that must be so. `check` raises when it is not: an AppError's text is shown, no other's is."""

    name: str
    check: Callable[[], Awaitable[object]]


class ProbeResult(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    ready: bool
    detail: str = ""


class Readiness(msgspec.Struct, frozen=True):
    ready: bool
    probes: list[ProbeResult]


async def check_readiness(probes: Sequence[Probe]) -> Readiness:
    """Ask all probes at once; one that hangs counts as one that fails."""
    results = await asyncio.gather(*map(_check, probes))
    return Readiness(all(result.ready for result in results), results)


async def _check(probe: Probe) -> ProbeResult:
    checking = asyncio.ensure_future(probe.check())
    try:
        # Not by a timeout around it: a statement that is cancelled first waits for the server to hear of it.
        if not (await asyncio.wait({checking}, timeout=PATIENCE))[0]:
            return ProbeResult(probe.name, ready=False, detail=f"no answer within {PATIENCE:g} s")
        checking.result()
    except TimeoutError:
        return ProbeResult(probe.name, ready=False, detail=f"no answer within {PATIENCE:g} s")
    except AppError as err:
        return ProbeResult(probe.name, ready=False, detail=str(err))
    except Exception as err:  # noqa: BLE001  what is not ready is reported, whatever the reason
        log.warning("probe failed", probe=probe.name, error=repr(err))
        return ProbeResult(probe.name, ready=False, detail=type(err).__name__)
    finally:
        checking.cancel()
    return ProbeResult(probe.name, ready=True)
