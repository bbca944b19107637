"""What a job is asked to do: typed, immutable, encoded as JSON (contract 8.1, 7.3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import msgspec

if TYPE_CHECKING:
    from app.jobs.hooks import Hook
    from app.jobs.insert_opts import InsertOpts
    from app.jobs.middleware import Plugin

UNIQUE = msgspec.Meta(extra={"unique": True})
"""Marks a field as part of the unique key, as River's struct tag does: `library_id: Annotated[UUID, UNIQUE]`."""


@dataclass_transform(field_specifiers=(msgspec.field,), kw_only_default=True, frozen_default=True)
class _JobArgsMeta(msgspec.StructMeta):
    def __new__(  # noqa: PYI034  Self is not allowed in a metaclass
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, kind: str | None = None, **options: Any
    ) -> "_JobArgsMeta":
        options.setdefault("frozen", True)
        options.setdefault("kw_only", True)
        cls = super().__new__(mcls, name, bases, namespace, **options)
        if kind is not None:
            cls.kind = kind  # type: ignore[attr-defined]  # declared on JobArgs, which this class makes
        elif any(isinstance(base, _JobArgsMeta) for base in bases) and not hasattr(cls, "kind"):
            raise TypeError(f'{name} needs a kind: class {name}(JobArgs, kind="domain.verb")')
        return cls


class JobArgs(msgspec.Struct, metaclass=_JobArgsMeta, frozen=True, kw_only=True):
    """Base of every kind's args: `class ScanLibraryArgs(JobArgs, kind="library.scan")`.

    Unknown fields are ignored when decoding, so a newer node may add one while older nodes still work.
    """

    kind: ClassVar[str]
    kind_aliases: ClassVar[tuple[str, ...]] = ()
    """Other kinds the same worker takes: names this one had before."""

    @classmethod
    def insert_opts(cls) -> "InsertOpts | None":
        """Defaults for inserts of this kind; what the caller of `insert` gives wins over them."""
        return None

    @classmethod
    def hooks(cls) -> "Sequence[Hook]":
        """Hooks of this kind alone, called after the client's."""
        return ()

    @classmethod
    def plugins(cls) -> "Sequence[Plugin]":
        """Hooks and middleware of this kind alone, called after the client's."""
        return ()
