"""Everything a client was given to be called on the way, sorted once by what it extends (contract 8.4, 12.6)."""

from collections.abc import Iterable, Sequence

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.hooks import (
    Hook,
    HookInsertBegin,
    HookMetricEmit,
    HookPeriodicJobsStart,
    HookWorkBegin,
    HookWorkEnd,
)
from app.jobs.middleware import JobInsertMiddleware, Middleware, Plugin, WorkerMiddleware

HOOKS = (HookInsertBegin, HookWorkBegin, HookWorkEnd, HookPeriodicJobsStart, HookMetricEmit)
MIDDLEWARE = (JobInsertMiddleware, WorkerMiddleware)


class Extensions:
    """A client's, or a client's and one kind's. In the order of being called: plugins come before the others.

    Raises:
        InvalidInput: something given has no method that anybody would call; a misspelt one, most likely.
    """

    def __init__(
        self, *, hooks: Sequence[Hook] = (), middleware: Sequence[Middleware] = (), plugins: Sequence[Plugin] = ()
    ) -> None:
        _check("hooks", hooks, HOOKS)
        _check("middleware", middleware, MIDDLEWARE)
        _check("plugins", plugins, HOOKS + MIDDLEWARE)
        self._sort((*plugins, *hooks), (*plugins, *middleware))

    def _sort(self, hooks: Sequence[object], middleware: Sequence[object]) -> None:
        self._hooks = hooks
        self._middleware = middleware
        self.insert_begin = tuple(one for one in hooks if isinstance(one, HookInsertBegin))
        self.work_begin = tuple(one for one in hooks if isinstance(one, HookWorkBegin))
        self.work_end = tuple(one for one in hooks if isinstance(one, HookWorkEnd))
        self.periodic_jobs_start = tuple(one for one in hooks if isinstance(one, HookPeriodicJobsStart))
        self.metric_emit = tuple(one for one in hooks if isinstance(one, HookMetricEmit))
        self.insert_middleware = tuple(one for one in middleware if isinstance(one, JobInsertMiddleware))
        self.worker_middleware = tuple(one for one in middleware if isinstance(one, WorkerMiddleware))

    def plus(self, args_type: type[JobArgs]) -> "Extensions":
        """Return these and, after them, what the kind brings along."""
        hooks, plugins = args_type.hooks(), args_type.plugins()
        if not hooks and not plugins:
            return self
        both = Extensions(hooks=hooks, plugins=plugins)  # checks the kind's
        both._sort((*self._hooks, *plugins, *hooks), (*self._middleware, *plugins))
        return both


def _check(field: str, given: Iterable[object], wanted: tuple[type, ...]) -> None:
    for one in given:
        if not isinstance(one, wanted):
            raise InvalidInput(field, f"{type(one).__qualname__} has none of the methods that would be called")
