"""What can go wrong in the library, as a caller may meet it."""

from uuid import UUID

from app.errors import AppError, Conflict, NotFound, Refused, Unavailable


class LibraryNotFound(NotFound):
    def __init__(self, library_id: UUID) -> None:
        super().__init__("library", library_id)


class RootNotFound(NotFound):
    def __init__(self, root_id: UUID) -> None:
        super().__init__("root", root_id)


class ItemNotFound(NotFound):
    def __init__(self, item_id: UUID) -> None:
        super().__init__("item", item_id)


class FileNotFound(NotFound):
    def __init__(self, file_id: UUID) -> None:
        super().__init__("file", file_id)


class NameTaken(Conflict):
    code = "library_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a library called {name!r} already; choose another name")
        self.name = name


class RootsOverlap(Conflict):
    """Two roots would show the same files: every film twice, and moves between them that never happened."""

    code = "roots_overlap"

    def __init__(self, path: str, other: str, library: str | None) -> None:
        of = f" of the library {library!r}" if library else ""
        super().__init__(f"{path} overlaps with {other}{of}; no root may lie within another")
        self.path = path
        self.other = other


class OutsideRoot(Refused):
    """A path leads out of its root: by `..`, by a symbolic link, or by not being one at all."""

    code = "outside_root"

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} leads out of its root, or through a symbolic link; such files are not served")
        self.path = path


class NotAFile(Refused):
    """A folder, pipe, socket or device where a file was recorded."""

    code = "not_a_file"

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not a regular file")
        self.path = path


class FileAway(Unavailable):
    """The file is recorded and not there now: its disk may be away, or it was deleted since the last scan."""

    code = "file_away"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be opened: {reason}")
        self.path = path
        self.reason = reason


class PictureUnreadable(NotFound):
    """A picture is there and nothing can be made of it: damaged, too large, no picture, or too much for a renderer."""

    code = "picture_unreadable"

    def __init__(self, path: str, problem: str) -> None:
        AppError.__init__(self, f"{path} cannot be shown as a picture: {problem}")
        self.path = path
        self.problem = problem


class ProbeFailed(AppError):
    """The prober's process ended or stood still, so nothing is known about the file yet."""

    code = "probe_failed"

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail
