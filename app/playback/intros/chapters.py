"""What a file's own chapters say of its intro and its credits. Pure."""

import re

_NAMES = {
    "intro": re.compile(
        r"intro(?:duction)?|op|opening(?: credits| theme)?|(?:main )?titles?(?: sequence)?|title credits|vorspann"
        r"|g[ée]n[ée]rique(?: de d[ée]but)?|sigla(?: iniziale)?"
    ),
    "credits": re.compile(
        r"credits|(?:end|closing) (?:credits|titles?)|ed|ending(?: credits| theme)?|outro|abspann"
        r"|g[ée]n[ée]rique de fin|sigla finale|titoli di coda"
    ),
}

SHORTEST_MS, LONGEST_MS = 3_000, 900_000
"""A chapter of another length is called so and means something else."""


def kind_of(title: str | None, start_ms: int, end_ms: int) -> str | None:
    """Return intro or credits; None for a chapter of any other name or of no sensible length."""
    if title is None or not SHORTEST_MS <= end_ms - start_ms <= LONGEST_MS:
        return None
    name = title.strip().casefold()
    return next((kind for kind, pattern in _NAMES.items() if pattern.fullmatch(name)), None)
