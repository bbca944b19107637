"""The kinds there are, for whoever asks for a job by name: what they take, and args made from plain values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.insert_params import plan
from app.jobs.periodic import PeriodicJob
from app.jobs.worker import Workers

_PLACE = re.compile(r"(?P<what>.*?) - at `\$\.?(?P<path>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind, and how a job of it is inserted where nothing else is said."""

    kind: str
    aliases: tuple[str, ...]
    description: str
    args_schema: Mapping[str, Any]
    """JSON Schema."""
    queue: str
    priority: int
    max_attempts: int
    is_unique: bool
    """One that is asked for while such a job is unfinished is that job."""
    is_periodic: bool
    """It also comes by itself."""


class JobKinds:
    def __init__(self, workers: Workers, periodic_jobs: Sequence[PeriodicJob], *, max_attempts: int) -> None:
        self._workers = workers
        self._periodic = {job.id for job in periodic_jobs}
        self._max_attempts = max_attempts

    def all(self) -> list[JobKind]:
        """Return every kind that is worked, by name."""
        types = {worker.args_type.kind: worker.args_type for worker in self._workers}
        return [self._kind(types[kind]) for kind in sorted(types)]

    def _kind(self, args: type[JobArgs]) -> JobKind:
        planned = plan(args, None, self._max_attempts)
        return JobKind(
            kind=args.kind,
            aliases=args.kind_aliases,
            description=" ".join((args.__doc__ or "").split()),
            args_schema=msgspec.json.schema(args),
            queue=planned.queue,
            priority=planned.priority,
            max_attempts=planned.max_attempts,
            is_unique=planned.unique is not None,
            is_periodic=args.kind in self._periodic,
        )

    def args(self, kind: str, given: Mapping[str, Any]) -> JobArgs:
        """Make the args of a kind from plain values.

        Raises:
            InvalidInput: there is no such kind, or `args.NAME` is missing, unknown or wrong.
        """
        worker = self._workers.get(kind)
        if worker is None:
            raise InvalidInput("kind", f"there is no kind {kind!r}; those there are: {', '.join(self._workers.kinds)}")
        fields = [field.encode_name for field in msgspec.structs.fields(worker.args_type)]
        if unknown := sorted(set(given) - set(fields)):
            # A node of another version may send what we do not know; a person who does has mistyped it.
            raise InvalidInput(f"args.{unknown[0]}", f"{kind} takes {', '.join(fields) or 'no args'}")
        try:
            return msgspec.convert(dict(given), worker.args_type)
        except msgspec.ValidationError as err:
            raise _invalid(str(err)) from None


def _invalid(text: str) -> InvalidInput:
    """Name the field as the caller knows it."""
    placed = _PLACE.fullmatch(text)
    what, path = (placed["what"], placed["path"]) if placed else (text, "")
    parts = ["args", *(path.replace("[", ".").replace("]", "").strip(".").split(".") if path else [])]
    if missing := _MISSING.fullmatch(what):
        parts, what = [*parts, missing["name"]], "is missing"
    return InvalidInput(".".join(parts), what)
