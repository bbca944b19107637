"""What `Accept-Language` asks for (RFC 9110, 12.5.4): languages without their countries, the most wanted first."""

import re

MOST = 10
LONGEST = 500
"""Characters that are looked at. Browsers send a tenth of that."""

_RANGE = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


def accepted(header: str | None) -> tuple[str, ...]:
    """Return the languages. What makes no sense is passed over, and so are `*` and what is not wanted (`q=0`)."""
    wanted: dict[str, float] = {}
    for part in (header or "")[:LONGEST].split(","):
        if (match := _RANGE.fullmatch(part)) is not None:
            language, weight = match[1].lower(), float(match[2] or 1)
            wanted[language] = max(weight, wanted.get(language, 0.0))
    ranked = sorted((language for language in wanted if wanted[language] > 0), key=lambda one: -wanted[one])
    return tuple(ranked[:MOST])
