"""The words that a document has to have, as a question to PostgreSQL. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words, each with those that may stand in its place."""

    alternatives: Sequence[Sequence[str]]
    is_unfinished: bool
    """The last one may go on."""

    def tsquery(self, weight: str = "", *, marks: Sequence[Sequence[str]] = ()) -> str:
        """Return it as the text of a tsquery; of `marks` one of each has to be there too."""
        groups = []
        for place, meanings in enumerate(self.alternatives):
            goes_on = self.is_unfinished and place == len(self.alternatives) - 1
            groups.append(_any_of(meanings, f":{'*' if goes_on else ''}{weight}".rstrip(":")))
        return " & ".join([*groups, *(_any_of(one) for one in marks)])

    def but_the_last(self) -> "Wanted | None":
        """Return all that comes before the last word; None: nothing does."""
        return Wanted(self.alternatives[:-1], is_unfinished=False) if len(self.alternatives) > 1 else None

    def only_the_last(self) -> "Wanted":
        return Wanted(self.alternatives[-1:], self.is_unfinished)

    def finished(self) -> "Wanted":
        return Wanted(self.alternatives, is_unfinished=False)


def _any_of(words: Sequence[str], ending: str = "") -> str:
    return "(" + " | ".join(f"'{word}'{ending}" for word in words) + ")"
