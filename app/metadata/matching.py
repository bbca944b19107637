"""Candidates → scores → a choice, or the admission that somebody has to look. Pure.

A score is a product: how alike the titles are, how far the years are apart, whether it runs as long, whether the kind,
the country and the artist agree. The best is taken only when it is good enough and clearly better than the next: a
wrong match costs more than an open question, for it looks like an answer.
"""

from collections.abc import Iterable, Sequence

import msgspec

from app.library.kinds import ItemKind
from app.metadata.kinds import MatchState
from app.metadata.records import Candidate, Scored, Wanted
from app.metadata.titles import likeness, words_of

GOOD_ENOUGH = 0.85
"""Measured on tests/metadata/matching: up to 0.80 one of 262 is taken wrongly, from 0.90 on some are left open."""

MARGIN = 0.06
"""By which the best has to be better than the next: less than a year's difference costs. Without it 22 are wrong;
at 0.10 five more are left open."""

WORTH_A_LOOK = 0.5
"""Below this a candidate is not even shown to people."""

SHOWN = 10

UNKNOWN_YEAR = 0.93
"""Of either side."""
ONE_YEAR_OFF = 0.91
"""Festival and release, or another country's."""
RUNTIME_TOLERANCE = 0.10
RUNTIME_FAR = 0.25
OTHER_RUNTIME, FAR_RUNTIME = 0.93, 0.8
OTHER_COUNTRY = 0.75

SHORT = 4
"""Words this short say little: `It` is in every list."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    state: MatchState
    best: Scored | None = None
    """Only when it is matched."""
    shown: tuple[Scored, ...] = ()
    """What a person chooses from, the best first."""
    reason: str | None = None


def decide(wanted: Wanted, candidates: Iterable[Candidate]) -> Decision:
    """Choose, or say why not."""
    scored = sorted((score(wanted, one) for one in _distinct(candidates)), key=lambda one: -one.score)
    shown = tuple(one for one in scored if one.score >= WORTH_A_LOOK)[:SHOWN]
    if not shown:
        return Decision(state=MatchState.UNMATCHED, reason="nothing like it was found")
    best, others = shown[0], shown[1:]
    if best.score < GOOD_ENOUGH:
        held = "; ".join(best.reasons) or "no candidate is like it"
        return Decision(state=MatchState.DOUBTFUL, shown=shown, reason=held)
    if others and best.score - others[0].score < MARGIN:
        reason = f"{1 + sum(best.score - one.score < MARGIN for one in others)} candidates fit as well"
        return Decision(state=MatchState.DOUBTFUL, shown=shown, reason=reason)
    return Decision(state=MatchState.MATCHED, best=best, shown=shown)


def _distinct(candidates: Iterable[Candidate]) -> Sequence[Candidate]:
    return list({(one.source, one.external_id): one for one in candidates}.values())


def score(wanted: Wanted, candidate: Candidate) -> Scored:
    """Score one candidate, and say what was held against it."""
    if wanted.kind is not candidate.kind:
        return Scored(candidate=candidate, score=0.0, reasons=("it is of another kind",))
    factors = [judge(wanted, candidate) for judge in (_title, _year, _runtime, _country, _artist)]
    product = 1.0
    for factor, _ in factors:
        product *= factor
    return Scored(candidate=candidate, score=round(product, 4), reasons=tuple(said for _, said in factors if said))


Factor = tuple[float, str | None]


def _title(wanted: Wanted, candidate: Candidate) -> Factor:
    names = [candidate.title, *filter(None, (candidate.original_title,))]
    main = max(likeness(one, name) for one in wanted.titles for name in names)
    # Another country's title fits as well as the first one; of two it does not break the tie.
    other = max((likeness(one, name) for one in wanted.titles for name in candidate.aliases), default=0.0) * 0.98
    best = max(main, other)
    if best >= 0.999:  # noqa: PLR2004  the same but for rounding
        return 1.0, None
    if len("".join(words_of(wanted.title))) <= SHORT and best < 0.9:  # noqa: PLR2004  a short title is right or wrong
        best *= 0.5
    return best, None if best >= 0.95 else f"the title is “{candidate.title}”"  # noqa: PLR2004  a slip of the pen


def _year(wanted: Wanted, candidate: Candidate) -> Factor:
    if wanted.year is None or candidate.year is None:
        return UNKNOWN_YEAR, None if candidate.year is None else "no year is known of the file"
    apart = abs(wanted.year - candidate.year)
    if apart == 0:
        return 1.0, None
    said = f"it is of {candidate.year}"
    if wanted.kind is ItemKind.ALBUM:  # reissues carry their own year
        return (0.98 if apart == 1 else 0.93), said
    if apart == 1:
        return ONE_YEAR_OFF, said
    return 0.55, said


def _runtime(wanted: Wanted, candidate: Candidate) -> Factor:
    """Cuts differ, and an episode's length says little of its series."""
    if wanted.kind is not ItemKind.MOVIE or not wanted.runtime_minutes or not candidate.runtime_minutes:
        return 1.0, None
    apart = abs(wanted.runtime_minutes - candidate.runtime_minutes) / candidate.runtime_minutes
    if apart <= RUNTIME_TOLERANCE:
        return 1.0, None
    said = f"it runs for {candidate.runtime_minutes} minutes, the file for {wanted.runtime_minutes:.0f}"
    return (OTHER_RUNTIME if apart <= RUNTIME_FAR else FAR_RUNTIME), said


def _country(wanted: Wanted, candidate: Candidate) -> Factor:
    if wanted.country is None or candidate.country is None or _same_country(wanted.country, candidate.country):
        return 1.0, None
    return OTHER_COUNTRY, f"it is from {candidate.country}"


def _same_country(one: str, other: str) -> bool:
    spelt = {"UK": "GB"}
    return spelt.get(one.upper(), one.upper()) == spelt.get(other.upper(), other.upper())


def _artist(wanted: Wanted, candidate: Candidate) -> Factor:
    if wanted.kind is not ItemKind.ALBUM or wanted.artist is None or candidate.artist is None:
        return 1.0, None
    alike = likeness(wanted.artist, candidate.artist)
    return alike, None if alike >= 0.95 else f"it is by {candidate.artist}"  # noqa: PLR2004  as above
