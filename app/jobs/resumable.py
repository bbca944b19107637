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

    Where no step was completed but cursors were left, there is nothing to skip; the attempt must then come by all of
    their steps again, or it has not been where the work was left, and neither succeeds nor moves what is on the row.
    """

    def __init__(self, row: JobRow) -> None:
        stored = msgspec.json.decode(row.metadata, type=_Stored) if row.metadata.startswith(b"{") else _Stored()
        self._resume_after = _text(stored.step)
        self._cursors = _cursors(stored.cursors)
        self._cursors_changed = False
        self._is_skipping = bool(self._resume_after)
        self._unvisited = set() if self._is_skipping else set(self._cursors)
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
        if name in self._unvisited:
            self._fail(JobError(f"resumable step {name!r} was left with a cursor, so it must take one"))
        if not self._skips(name):
            await self._run(name, work)

    async def step_cursor(self, name: str, cursor_type: type[C], work: Callable[[C | None], Awaitable[None]]) -> None:
        """The same for work that may be left in the middle: it is given what `set_cursor` last said in an attempt
        that failed, or None.

        Raises:
            JobError: the name has been used in this attempt, or what is stored is no such cursor.
        """
        self._enter(name)
        if self._skips(name) and not (name == self._resume_after and name in self._cursors):
            return
        cursor = self._cursor(name, cursor_type)
        self._unvisited.discard(name)
        await self._run(name, lambda: work(cursor))
        if self._cursors.pop(name, None) is not None:
            self._cursors_changed = True

    def set_cursor(self, cursor: Any) -> None:
        """Say how far this step has come; any JSON. Kept if the attempt does not succeed.

        Raises:
            JobError: there is no step under way.
            InvalidInput: it is no JSON.
        """
        if not self._current:
            raise JobError("a cursor can only be set within a step")
        self._cursors[self._current] = encode_staged(CURSOR_KEY, cursor)
        self._cursors_changed = True

    def checkpoint(self, cursor: msgspec.Raw | None = None) -> dict[str, Any]:
        """Return what is to be merged into the row to say that the step under way is completed, or how far it is.

        Raises:
            JobError: there is no step under way, or one that was left with a cursor has not been come by.
        """
        if not self._current:
            raise JobError("progress can only be written within a step")
        if self._unvisited:
            raise JobError(f"progress cannot be written before resumable step {min(self._unvisited)!r}, left half done")
        cursors = self._cursors if cursor is None else {**self._cursors, self._current: cursor}
        return {STEP_KEY: encode_staged(STEP_KEY, self._current), CURSOR_KEY: _encoded(cursors)}

    def has_checkpoint(self, cursor: msgspec.Raw | None = None) -> None:
        """Leave what has been written to whoever commits it. Were it told again at the end of the attempt, a step
        would be skipped whose work was rolled back."""
        if cursor is not None:
            self._cursors[self._current] = cursor
        self._completed = ""
        self._cursors_changed = False

    def check_resumed(self) -> None:
        """Refuse a success that rests on a mistake: a step failed unheard, or the one to resume after never came.

        Raises:
            JobError: so that the attempt fails instead.
        """
        if self._error is not None:
            raise self._error
        if self._is_skipping:
            raise JobError(f"resumable step {self._resume_after!r} is not one of the worker's")
        if self._unvisited:
            raise JobError(f"resumable step {min(self._unvisited)!r}, left half done, is not one of the worker's")

    def progress(self) -> dict[str, Any]:
        """Return what a failed attempt leaves for the next one; nothing new, nothing said."""
        if self._unvisited:
            return {}  # a step to skip to might lie behind them, and they would never be come by again
        progress: dict[str, Any] = {}
        if self._cursors_changed:
            progress[CURSOR_KEY] = _encoded(self._cursors)
        if self._completed:
            progress[STEP_KEY] = encode_staged(STEP_KEY, self._completed)
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


def _encoded(cursors: dict[str, msgspec.Raw]) -> msgspec.Raw:
    """None left is said by null: metadata is merged, so a key is only ever overwritten."""
    return encode_staged(CURSOR_KEY, cursors) if cursors else NULL


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
