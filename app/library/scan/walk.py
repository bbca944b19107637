"""Walking a root, or some folders of it: a signature for every folder, and the files of those whose signature is new.

Blocking code, pulled batch by batch from a thread. Memory is one folder's entries plus what the caller keeps. Symbolic
links are never followed, so a loop is only a link that was passed by, and nothing is recorded that may not be served.

What an unchanged folder costs is the budget of the whole: its entries are listed, looked at and hashed as they come,
and not kept. What is media, junk or to be ignored is asked only where something changed: a signature covers junk too.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.library.formats import extension_of
from app.library.paths import absolute, join, parent_of
from app.library.scan.ignore import NO_RULES, IgnoreRules, rules_in
from app.library.scan.junk import is_junk, is_sample
from app.library.scan.listing import Listing, list_at, read_folder
from app.library.scan.signature import is_outdated, is_signed, is_signed_in_order, media_in, sign

BATCH_FILES = 4_000
BATCH_FOLDERS = 4_000
"""A batch is one transaction: large enough that its statements cost little, small enough to lose little when killed.
4,000 did a tenth better than 2,000 on the tree of 100,000 files, and no worse than 10,000; not studied further."""

BATCH_UNCHANGED = 10_000
"""Folders that cost nothing: only so that progress is seen, and a stop heard, in a tree where nothing changed."""

PATH_MAX = 4096
"""Bytes of a path that the system takes at once, with the NUL at its end; longer ones are opened name by name."""

_U64 = 2**64
_I63 = 2**63


class FoundFile(NamedTuple):
    name: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int


class FoundFolder(NamedTuple):
    """A folder whose signature differs from the recorded one, or every folder in a full scan or by new rules."""

    path: bytes
    signature: bytes
    files: tuple[FoundFile, ...]
    """What is playable."""
    others: tuple[FoundFile, ...]
    """What lies beside: subtitles, pictures, notes, whatever else is no junk."""


class Target(NamedTuple):
    """Where to look: a folder below the root, with all that is below it or with what is new below it."""

    path: bytes
    is_deep: bool


WHOLE = (Target(b"", is_deep=True),)


@dataclass(slots=True)
class Batch:
    folders: list[FoundFolder] = field(default_factory=list)
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    """Sub-trees we know nothing of now, and why."""
    hollow: list[bytes] = field(default_factory=list)
    """Folders in which something was, and is nothing at all now: as a mount point looks when its disk is away."""
    passed: list[bytes] = field(default_factory=list)
    """Signatures of the folders that are as they were."""
    changed_files: int = 0
    """In `folders`."""
    links: int = 0
    """In `folders`."""

    @property
    def files(self) -> int:
        """In unchanged folders too."""
        return self.changed_files + sum(map(media_in, self.passed))

    @property
    def is_full(self) -> bool:
        return (
            len(self.passed) >= BATCH_UNCHANGED
            or self.changed_files >= BATCH_FILES
            or len(self.folders) >= BATCH_FOLDERS
        )


class Walk:
    """One walk. `unseen` begins as the recorded signatures by path and ends as what was not met."""

    def __init__(
        self,
        root: bytes,
        unseen: dict[bytes, bytes | None],
        extensions: frozenset[bytes],
        *,
        full: bool,
        targets: Sequence[Target] = WHOLE,
    ) -> None:
        self.unseen = unseen
        self._root = root
        self._prefix = absolute(root, b"-")[:-1]
        self._longest = PATH_MAX - len(self._prefix)
        self._is_partial = targets is not WHOLE
        self._known = frozenset(unseen) if self._is_partial else frozenset()
        self._extensions = extensions
        self._full = full
        self._targets = targets

    def batches(self) -> Iterator[Batch]:
        """Yield what changed, parents before their children, in the order of their names.

        The batches are not aligned with folders' trees: each may be committed by itself.
        """
        batch = Batch()
        for target in sorted(self._targets):
            try:
                if self._is_partial:
                    require_folder(self._root, target.path)
                rules = _rules_at(self._root, target.path)
            except OSError as err:
                batch.unreadable.append((target.path, _reason(err)))
                continue
            waiting = [] if rules is None else [(target.path, rules)]
            while waiting:
                path, above = waiting.pop()
                inner, rules = self._look(batch, path, above)
                if inner and not target.is_deep:
                    self._pass(inner)
                    inner = [folder for folder in inner if folder not in self._known]
                waiting += [(folder, rules) for folder in inner]
                if batch.is_full:
                    yield batch
                    batch = Batch()
        yield batch

    def _pass(self, folders: Iterable[bytes]) -> None:
        """Leave known folders as they are: they are there, and nobody asked what is in them."""
        for folder in folders:
            self.unseen.pop(folder, None)

    def _look(self, batch: Batch, path: bytes, rules: IgnoreRules) -> tuple[list[bytes], IgnoreRules]:
        """Look into one folder; return the folders in it, last name first."""
        before = None if self._full else self.unseen.get(path)
        if is_outdated(before):
            before = None
        try:
            if before is not None and len(path) < self._longest:
                # What a tree that did not change costs is this and `list_at`: nothing else is called for most folders.
                digest, folders, has_rules, _ = list_at(self._prefix + path, None)
                here = rules_in(self._root, path, rules) if has_rules else rules
                if is_signed(before, digest, here) and not here.hides_all:
                    del self.unseen[path]
                    batch.passed.append(before)
                    return self._inner(path, folders, here) if folders else folders, here
            listing = read_folder(self._root, path)
            rules = rules_in(self._root, path, rules) if listing.has_rules else rules
        except OSError as err:
            batch.unreadable.append((path, _reason(err)))
            return [], rules
        if rules.hides_all:
            return [], rules
        if before is not None and is_signed_in_order(before, listing, rules):
            del self.unseen[path]
            batch.passed.append(before)
        else:
            self._add(batch, path, listing, rules)
            if listing.is_bare and self.unseen.get(path) is not None:
                batch.hollow.append(path)
            self.unseen.pop(path, None)
        return self._inner(path, listing.folders, rules), rules

    def _inner(self, path: bytes, folders: list[bytes], rules: IgnoreRules) -> list[bytes]:
        prefix = path + b"/" if path else b""
        inner = [prefix + name for name in sorted(folders, reverse=True) if not is_junk(name.lower())]
        if rules.layers:
            inner = [folder for folder in inner if not rules.hides(folder, is_folder=True)]
        return inner

    def _add(self, batch: Batch, path: bytes, listing: Listing, rules: IgnoreRules) -> None:
        files: list[FoundFile] = []
        others: list[FoundFile] = []
        for name, size, mtime_ns, inode, mode, device in listing.entries:
            lower = name.lower()
            if not stat.S_ISREG(mode):
                batch.links += stat.S_ISLNK(mode)
            elif is_junk(lower) or is_sample(lower, size):
                continue
            elif not (rules.layers and rules.hides(join(path, name), is_folder=False)):
                is_media = extension_of(lower) in self._extensions
                found = FoundFile(name, size, signed(mtime_ns), signed(device), signed(inode))
                (files if is_media else others).append(found)
        signature = sign(listing, rules, len(files))
        batch.folders.append(FoundFolder(path, signature, tuple(files), tuple(others)))
        batch.changed_files += len(files)


def settle(root: bytes, targets: Iterable[Target]) -> list[Target]:
    """Say where to look instead of what is no folder (any more): in the folder it is, or was, in. Reads the disk."""
    return [_settle(root, target) for target in targets]


def _settle(root: bytes, target: Target) -> Target:
    path = b""
    for name in target.path.split(b"/") if target.path else ():
        inner = join(path, name)
        try:
            require_folder(root, inner)
        except (FileNotFoundError, NotADirectoryError):
            return Target(path, is_deep=False)
        except OSError:
            return target  # the walk will meet it too, and say that nothing is known of it
        path = inner
    return target


def require_folder(root: bytes, path: bytes) -> None:
    """Check every name on the way to a folder, so that no link leads us out of the root.

    Raises:
        OSError: it is not there, or no folder.
    """
    above = b""
    for name in path.split(b"/") if path else ():
        above = join(above, name)
        found = os.lstat(absolute(root, above))
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _rules_at(root: bytes, path: bytes) -> IgnoreRules | None:
    """Return the rules above a folder that a walk begins at; None if it lies in something that is passed by."""
    rules = NO_RULES
    above = [path]
    while above[-1]:
        above.append(parent_of(above[-1]))
    for folder in reversed(above):
        if folder and (
            is_junk(folder.rpartition(b"/")[2].lower()) or (rules.layers and rules.hides(folder, is_folder=True))
        ):
            return None
        if folder != path:
            rules = rules_in(root, folder, rules)
            if rules.hides_all:
                return None
    return rules


def signed(number: int) -> int:
    """Wrap into the 64 signed bits of a bigint: some file systems use all 64 for inode numbers."""
    return number if -_I63 <= number < _I63 else (number + _I63) % _U64 - _I63


def _reason(err: OSError) -> str:
    return err.strerror or type(err).__name__
