"""Steps that a later attempt need not repeat (contract 12.3)."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

import msgspec

from app.jobs.errors import JobError
from app.jobs.names import is_storable
from app.jobs.staged import encode_staged
from app.jobs.types import JobRow

PREFIX = b'"river:resumable_'
STEP_KEY = "river:resumable_step"
CURSOR_KEY = "river:resumable_cursor"

C = TypeVar("C")

NULL = msgspec.Raw(b"null")


class _Stored(msgspec.Struct):
    """What an earlier attempt left on the row; a step of another type counts as none, as in River."""

    step: msgspec.Raw = msgspec.field(name=STEP_KEY, default=NULL)
    cursors: msgspec.Raw = msgspec.field(name=CURSOR_KEY, default=NULL)


class ResumableSteps:
    """`job.steps`: named stretches of work. A failed attempt leaves the last completed name on the row, and the next
    one skips all up to it.

    Not a transaction: progress is written with the end of the attempt, so an attempt that dies with its process leaves
    none, and its steps run again. Steps are told apart by name alone, so each name is used once, and a name that was
    left on a row must not disappear from the worker while such rows are about. Code outside of steps always runs.

    What an attempt must not lose even then, `resumable_set_step_tx` writes at once.

    States: skipping → running → failed. Once a step has failed no other may run, even if its error was swallowed.
    """

    def __init__(self, row: JobRow) -> None:
        stored = msgspec.json.decode(row.metadata, type=_Stored) if row.metadata.startswith(b"{") else _Stored()
        self._resume_after = _text(stored.step)
        self._cursors = _cursors(stored.cursors)
        self._had_cursors = bool(self._cursors)
        self._is_skipping = bool(self._resume_after)
        self._names: set[str] = set()
        self._completed = ""
        self._current = ""
        self._error: BaseException | None = None

    async def step(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do this, unless an earlier attempt has.

        Raises:
            JobError: the name has been used in this attempt.
        """
        self._enter(name)
        if not self._skips(name):
            await self._run(name, work)

    async def step_cursor(self, name: str, cursor_type: type[C], work: Callable[[C | None], Awaitable[None]]) -> None:
        """The same for work that may be left in the middle: it is given what `set_cursor` last said in an attempt
        that failed, or None.

        Raises:
            JobError: the name has been used in this attempt, or what is stored is no such cursor.
        """
        self._enter(name)
        if self._skips(name) and name not in self._cursors:
            return
        cursor = self._cursor(name, cursor_type)
        await self._run(name, lambda: work(cursor))
        self._cursors.pop(name, None)

    def set_cursor(self, cursor: Any) -> None:
        """Say how far this step has come; any JSON. Kept if the attempt fails and a step was completed before.

        Raises:
            JobError: there is no step under way.
            InvalidInput: it is no JSON.
        """
        if not self._current:
            raise JobError("a cursor can only be set within a step")
        self._cursors[self._current] = encode_staged(CURSOR_KEY, cursor)

    def reach(self, cursor: msgspec.Raw | None = None) -> dict[str, Any]:
        """Count the step under way as completed, and return what is to be merged into the row to say so.

        Raises:
            JobError: there is no step under way.
        """
        if not self._current:
            raise JobError("progress can only be written within a step")
        self._completed = self._current
        if cursor is not None:
            self._cursors[self._current] = cursor
        return self.progress()

    def check_resumed(self) -> None:
        """Refuse a success that rests on a mistake: a step failed unheard, or the one to resume after never came.

        Raises:
            JobError: so that the attempt fails instead.
        """
        if self._error is not None:
            raise self._error
        if self._is_skipping:
            raise JobError(f"resumable step {self._resume_after!r} is not one of the worker's")

    def progress(self) -> dict[str, Any]:
        """Return what a failed attempt leaves for the next one. Nothing, if no step was completed."""
        if not self._completed:
            return {}
        progress: dict[str, Any] = {STEP_KEY: encode_staged(STEP_KEY, self._completed)}
        if self._cursors:
            progress[CURSOR_KEY] = encode_staged(CURSOR_KEY, self._cursors)
        elif self._had_cursors:
            progress[CURSOR_KEY] = NULL  # metadata is merged, so a key is only ever overwritten
        return progress

    def _enter(self, name: str) -> None:
        if self._error is not None:
            raise self._error
        if not name or not is_storable(name):
            self._fail(JobError(f"a resumable step cannot be called {name!r}"))
        if self._current:
            self._fail(JobError(f"resumable step {name!r} within step {self._current!r}: steps follow one another"))
        if name in self._names:
            self._fail(JobError(f"duplicate resumable step {name!r}: each name is used once"))
        self._names.add(name)

    def _skips(self, name: str) -> bool:
        """Tell whether an earlier attempt completed this step. The one to resume after ends the skipping."""
        if not self._is_skipping:
            return False
        if name == self._resume_after:
            self._is_skipping = False
            self._completed = name
        return True

    def _cursor(self, name: str, cursor_type: type[C]) -> C | None:
        if (stored := self._cursors.get(name)) is None:
            return None
        try:
            return msgspec.json.decode(stored, type=cursor_type)
        except msgspec.DecodeError as err:
            self._fail(JobError(f"the cursor of resumable step {name!r} is none: {err}"))

    def _fail(self, error: JobError) -> NoReturn:
        self._error = error
        raise error

    async def _run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._current = name
        try:
            await work()
        except BaseException as err:
            self._error = err
            raise
        finally:
            self._current = ""
        self._completed = name


def _text(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return ""


def _cursors(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Read the cursors that are there; none at all when the value is no container.

    Raises:
        JobError: it is a list, which nobody's steps have left.
    """
    if not bytes(raw).startswith((b"{", b"[")):
        return {}
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as err:
        raise JobError(f"the cursors of the resumable steps are none: {err}") from err
