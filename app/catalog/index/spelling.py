"""Words that may have been meant by one that nobody has written: at most one slip, in long words two. Pure.

Two words that differ by one slip become equal when one letter is left out of each, or of either. So each word is kept
with all that is left of it then, and what was typed is looked up with what is left of that: by keys, however many words
there are. Long words are compared by their beginning there, and in full by `distance`.
"""

from itertools import combinations

SHORTEST = 4
"""Letters. Of three, one slip makes nearly everything of anything."""
LONG = 8
BEGINNING = 7


def slips(word: str) -> int:
    """Return how many slips a word of this length is allowed."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < LONG else 2


def spellings(word: str) -> list[str]:
    """Return the word, and what is left of its beginning when letters are missing."""
    allowed = slips(word)
    if not allowed:
        return []
    start = word[:BEGINNING]
    found = {start: None}
    for missing in range(1, allowed + 1):
        for left in combinations(range(len(start)), len(start) - missing):
            found["".join(start[place] for place in left)] = None
    return list(found)


def distance(one: str, other: str, most: int) -> int:
    """Return how many slips (a letter more, less, another, or two swapped) lie between; `most` + 1 if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for place, facing in enumerate(other, 1):
            cost = min(last[place] + 1, now[-1] + 1, last[place - 1] + (letter != facing))
            if row > 1 and place > 1 and letter == other[place - 2] and one[row - 2] == facing:
                cost = min(cost, before[place - 2] + 1)
            now.append(cost)
        if min(now) > most and (not before or min(last) > most):
            return most + 1
        before, last = last, now
    return min(last[-1], most + 1)


def meant(typed: str, candidates: list[str], *, is_unfinished: bool, limit: int) -> list[str]:
    """Return the candidates that are near enough, the nearest first. An unfinished word is compared to beginnings."""
    allowed = slips(typed)
    ranked: list[tuple[int, int, str]] = []
    for word in candidates:
        near = distance(typed, word, allowed)
        if is_unfinished and near > allowed and len(word) > len(typed):
            near = min(distance(typed, word[: len(typed) + more], allowed) for more in (-1, 0, 1))
        if near <= allowed:
            ranked.append((near, abs(len(word) - len(typed)), word))
    return [word for *_, word in sorted(ranked)[:limit]]
