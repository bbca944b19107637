"""What is remembered of a folder: enough to see that nothing in it has changed, and how many media are in it.

Two digests of the same: of the entries as they were listed, which costs no sorting, and in the order of their names,
for file systems that list in another order every time. The first that is equal says: unchanged.
"""

from hashlib import blake2b

from app.library.scan.ignore import IgnoreRules
from app.library.scan.listing import Listing

_DIGEST = 16


def sign(listing: Listing, rules: IgnoreRules, media: int) -> bytes:
    """Sign a folder: the digest as listed, the digest in order, the number of media."""
    as_listed = _with_rules(listing.digest, rules)
    return as_listed + _with_rules(listing.sorted_digest(), rules) + media.to_bytes(4, "big")


def is_signed(signature: bytes, digest: bytes, rules: IgnoreRules) -> bool:
    """Whether this is what was signed, listed in the same order."""
    return signature[:_DIGEST] == (_with_rules(digest, rules) if rules.digest else digest)


def is_signed_in_order(signature: bytes, listing: Listing, rules: IgnoreRules) -> bool:
    """Whether this is what was signed, listed in another order."""
    return signature[_DIGEST : 2 * _DIGEST] == _with_rules(listing.sorted_digest(), rules)


def media_in(signature: bytes) -> int:
    return int.from_bytes(signature[2 * _DIGEST :], "big")


def _with_rules(digest: bytes, rules: IgnoreRules) -> bytes:
    return blake2b(digest + rules.digest, digest_size=_DIGEST).digest() if rules.digest else digest
