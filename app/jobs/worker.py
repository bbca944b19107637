"""How a kind is worked, and who works which kind (contract 2.5, 9)."""

import typing
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from app.errors import AppError
from app.jobs.args import JobArgs
from app.jobs.job import Job
from app.jobs.middleware import WorkerMiddleware
from app.jobs.types import JobRow

A = TypeVar("A", bound=JobArgs)

NO_TIMEOUT = timedelta(microseconds=-1)
"""A worker's word for: never. Anything negative means it."""


class Worker(Generic[A]):
    """Works one kind. `work` may be `async def` or a plain `def`; the latter runs in a daemon thread.

    Returning completes the job; see `app.jobs.errors` for the other verdicts. A worker must be idempotent: an
    attempt may be cut off anywhere and run again, here or on another node.
    """

    args_type: ClassVar[type[JobArgs]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__dict__.get("__orig_bases__", ()):  # its own: an heir may say args_type itself
            if typing.get_origin(base) is Worker:
                (args,) = typing.get_args(base)
                if isinstance(args, type):
                    cls.args_type = args

    def work(self, job: Job[A]) -> Awaitable[None] | None:
        raise NotImplementedError

    def timeout(self, job: Job[A]) -> timedelta | None:  # noqa: ARG002  a worker may decide by the job
        """How long an attempt may take. None, or zero: the client's value; negative (`NO_TIMEOUT`): no limit."""
        return None

    def next_retry(self, job: Job[A]) -> datetime | None:  # noqa: ARG002  a worker may decide by the job
        """When a failed attempt is to be repeated. None: the client's retry policy decides."""
        return None

    def middleware(self, row: JobRow) -> Sequence[WorkerMiddleware]:  # noqa: ARG002  a worker may decide by the job
        """Middleware around this worker alone, outside of the client's."""
        return ()


class DuplicateWorker(AppError):
    """Two workers want one kind."""

    code = "duplicate_worker"

    def __init__(self, kind: str, first: type, second: type) -> None:
        self.kind, self.first, self.second = kind, first, second
        super().__init__(
            f"two workers for kind {kind}: {first.__module__}.{first.__qualname__} and "
            f"{second.__module__}.{second.__qualname__}; provide only one of them"
        )


class MissingWorker(AppError):
    """Nobody works a kind that somebody may insert."""

    code = "missing_worker"

    def __init__(self, args_types: Sequence[type[JobArgs]]) -> None:
        self.args_types = args_types
        kinds = ", ".join(f"{args.kind} ({args.__module__}.{args.__qualname__})" for args in args_types)
        super().__init__(
            f"no worker for kind {kinds}: its jobs would wait for ever; provide a Worker of these args in a module.py"
        )


class Workers:
    """The registry of kinds: which worker works which, aliases included."""

    def __init__(self, workers: Iterable[Worker[Any]] = ()) -> None:
        self._by_kind: dict[str, Worker[Any]] = {}
        for worker in workers:
            self.add(worker)

    def add(self, worker: Worker[Any]) -> None:
        """Add a worker for its kind and the kind's aliases, or for none of them.

        Raises:
            DuplicateWorker: one of them has a worker already.
        """
        kinds = (worker.args_type.kind, *worker.args_type.kind_aliases)
        for kind in kinds:
            if (other := self._by_kind.get(kind)) is not None:
                raise DuplicateWorker(kind, type(other), type(worker))
        self._by_kind.update(dict.fromkeys(kinds, worker))

    def get(self, kind: str) -> Worker[Any] | None:
        return self._by_kind.get(kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_kind))

    def __iter__(self) -> Iterator[Worker[Any]]:
        return iter(dict.fromkeys(self._by_kind.values()))

    def __len__(self) -> int:
        return len(self._by_kind)


def declared_args(package: str) -> list[type[JobArgs]]:
    """Return the args of every kind that modules of a package declare, as far as they have been imported.

    The queue's own, which its bench works in a schema apart, are no domain's.
    """
    found: dict[type[JobArgs], None] = {}
    waiting = [JobArgs]
    while waiting:
        for args in waiting.pop().__subclasses__():
            waiting.append(args)
            is_own = args.__module__.startswith(f"{__package__}.")
            if args.__module__.split(".")[0] == package and not is_own and hasattr(args, "kind"):  # refused ones linger
                found[args] = None
    return sorted(found, key=lambda args: args.kind)


def check_all_worked(workers: Workers, declared: Iterable[type[JobArgs]]) -> None:
    """Refuse kinds that may be inserted and that nobody works.

    Raises:
        MissingWorker: names the kinds and where they are declared.
    """
    if missing := [args for args in declared if workers.get(args.kind) is None]:
        raise MissingWorker(missing)
