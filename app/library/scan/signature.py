"""What is remembered of a folder: enough to see that nothing in it has changed, and how many media are in it.

Two digests of the same: of the entries as they were listed, which costs no sorting, and in the order of their names,
for file systems that list in another order every time. The first that is equal says: unchanged.

And the rules that it was looked into by. When they are others, the next scan looks into the folder once more.
"""

from hashlib import blake2b

from app.library.scan.ignore import IgnoreRules
from app.library.scan.listing import Listing

RULES = 2
"""Counts changes of what scans make of files that did not change: which they record, which lie beside them, how names
are read. Raised with each, it has what was recorded before looked into once, without a probe."""

_DIGEST = 16
_MEDIA_AT = 2 * _DIGEST
_RULES_AT = _MEDIA_AT + 4
_RULES = RULES.to_bytes(2, "big")


def sign(listing: Listing, rules: IgnoreRules, media: int) -> bytes:
    """Sign a folder: the digest as listed, the digest in order, the number of media, the rules' number."""
    as_listed = _with_rules(listing.digest, rules)
    return as_listed + _with_rules(listing.sorted_digest(), rules) + media.to_bytes(4, "big") + _RULES


def is_outdated(signature: bytes | None) -> bool:
    """Whether a folder was looked into, and by other rules than there are now."""
    return signature is not None and signature[_RULES_AT:] != _RULES


def is_signed(signature: bytes, digest: bytes, rules: IgnoreRules) -> bool:
    """Whether this is what was signed, listed in the same order."""
    return signature[:_DIGEST] == (_with_rules(digest, rules) if rules.digest else digest)


def is_signed_in_order(signature: bytes, listing: Listing, rules: IgnoreRules) -> bool:
    """Whether this is what was signed, listed in another order."""
    return signature[_DIGEST:_MEDIA_AT] == _with_rules(listing.sorted_digest(), rules)


def is_same_content(signature: bytes, other: bytes) -> bool:
    """Whether two signatures are of the same entries, whatever their order and the rules."""
    return signature[_DIGEST:_MEDIA_AT] == other[_DIGEST:_MEDIA_AT]


def media_in(signature: bytes) -> int:
    return int.from_bytes(signature[_MEDIA_AT:_RULES_AT], "big")


def _with_rules(digest: bytes, rules: IgnoreRules) -> bytes:
    return blake2b(digest + rules.digest, digest_size=_DIGEST).digest() if rules.digest else digest
