"""One root being watched: a thread that waits for the system to tell, and hands over what it tells.

States: watching → ended (asked to, or the system has told why it will not). It never watches again by itself.
"""

import asyncio
import os
import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from watchfiles import Change, watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from app.library.paths import display_path

Changes = list[tuple[Change, bytes]]

STEP = timedelta(milliseconds=300)
"""How long nothing may have happened for a burst to be over, and how long a stop waits at most."""

LATE_NS = 2 * 10**9
"""How long before the watch began something may have changed and be told of by it."""

MOST_IN_VAIN = 5
"""Ends of the watcher, one after the other, at names to which nothing has happened but that somebody opened them. It
opens all folders itself when it begins, so that it ends each time where one of them has such a name."""


class UnspeltNames(Exception):
    def __init__(self, path: bytes) -> None:
        super().__init__(f"names there are no UTF-8, which the watcher cannot spell: {display_path(path)}")


class RootWatch:
    """Constructing starts the thread: setting up one watch for each folder takes seconds for a large root."""

    def __init__(self, path: bytes, debounce: timedelta, tell: Callable[[Changes], None]) -> None:
        self._path = path
        self._debounce = debounce
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._watched_from = 0
        self._told: tuple[bytes, int] | None = None
        self._in_vain = 0
        self.began_at = _identity(path)
        self.ended: asyncio.Future[str | None] = self._loop.create_future()
        """Why it ended; None because it was asked to."""
        self._thread = threading.Thread(target=self._run, name="library.watch", daemon=True)
        self._thread.start()

    @property
    def is_of_this(self) -> bool:
        """Whether the folder at the path is still the one that is watched: a disk may have come or gone over it."""
        return _identity(self._path) == self.began_at

    async def stop(self) -> None:
        self._stop.set()
        await self.ended

    def _run(self) -> None:
        reason: str | None = None
        try:
            while not self._stop.is_set() and (unspelt := self._watch_until_unspelt()) is not None:
                if self._has_changed(unspelt):
                    self._loop_call(partial(self._tell, [(Change.added, unspelt)]))
                    continue
                self._in_vain += 1
                if self._in_vain >= MOST_IN_VAIN:
                    raise UnspeltNames(unspelt)  # noqa: TRY301  its reason is told as any other's
        except Exception as err:  # noqa: BLE001  whatever it is, somebody is told that this root is watched no more
            reason = _reason(err)
        self._loop_call(partial(self._end, reason))

    def _watch_until_unspelt(self) -> bytes | None:
        """Watch until asked to stop, or until something happens to what has a name that is no UTF-8: the watcher ends
        at that.

        A change is told and watched again at once; what happens in between is found by the look that is asked for.
        """
        self._watched_from = time.time_ns()
        try:
            self._watch()
        except WatchfilesRustInternalError as err:
            if (found := _UNSPELT.search(str(err))) is None:
                raise
            return unescape(found[1])
        return None

    def _has_changed(self, path: bytes) -> bool:
        """Whether something has changed since the watch began, and was not told of. Else it was only opened: by a scan
        that was asked for, say, which must not ask for another."""
        try:
            changed = os.lstat(path).st_ctime_ns
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        if changed < self._watched_from - LATE_NS or self._told == (path, changed):
            return False
        self._told = (path, changed)
        self._in_vain = 0
        return True

    def _end(self, reason: str | None) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    def _watch(self) -> None:
        path = self._path.decode()  # the watcher takes no other names; UnicodeDecodeError says so
        try:
            self._watch_with(path, lenient=False)
        except PermissionError:
            # Some folder may not be read. Lenient, the watcher would also keep silent about the limit of watches,
            # so that is asked for second.
            self._watch_with(path, lenient=True)

    def _watch_with(self, path: str, *, lenient: bool) -> None:
        bursts = watch(
            path,
            watch_filter=None,
            debounce=int(self._debounce / timedelta(milliseconds=1)),
            step=int(min(STEP, self._debounce) / timedelta(milliseconds=1)),
            stop_event=self._stop,
            rust_timeout=0,
            raise_interrupt=False,
            force_polling=False,
            ignore_permission_denied=lenient,
        )
        for burst in bursts:
            changes = [(change, os.fsencode(name)) for change, name in burst]
            self._in_vain = 0
            self._loop_call(partial(self._tell, changes))

    def _loop_call(self, call: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # the loop has ended, and with it everybody who would listen


_UNSPELT = re.compile(r'Unable to decode path "(.*)" to string', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]+)\}|(.))", re.DOTALL)
_SIGNS = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0"}


def unescape(text: str) -> bytes:
    """Return the path that Rust has written so."""
    path, end = b"", 0
    for found in _ESCAPE.finditer(text):
        code, point, sign = found.groups()
        path += text[end : found.start()].encode()
        path += bytes([int(code, 16)]) if code else chr(int(point, 16)).encode() if point else _plain(sign)
        end = found.end()
    return path + text[end:].encode()


def _plain(sign: str) -> bytes:
    return _SIGNS.get(sign, sign.encode())


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  a path may be any bytes
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _reason(err: Exception) -> str:
    if isinstance(err, OSError) and "watch limit" in str(err):
        return (
            "the system's limit of watched folders is reached; raise fs.inotify.max_user_watches (sysctl) "
            "to hear of changes at once"
        )
    if isinstance(err, OSError) and err.strerror:
        return err.strerror
    return str(err) or type(err).__name__
