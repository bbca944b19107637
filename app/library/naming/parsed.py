"""What a name says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedName:
    title: str
    """Never empty."""
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()
    """(provider, value), as `{tmdb-603}` in the file's or its folder's name orders."""
    edition: str | None = None
    version: str = ""
    """What tells this file from another of the same film: `1080p`, `Director's Cut`."""
    part: int | None = None
    stack: str | None = None
    """With `part`: what the parts of one film have in common. Without a sibling of the same stack, read `alone`."""
    alone: "ParsedName | None" = None
    """The other reading: in which `Part 2` belongs to the title, or what lies in a folder called `Shorts` is a film."""
    extra: str | None = None
    """trailer, sample, featurette …: something beside a film."""
    is_disc: bool = False
    """One of the many files of a DVD or Blu-ray folder, which together are one film."""
