"""Dolby Vision's configuration record (`dvcC`, `dvvC`), which every container carries alike."""

SIZE = 5
KINDS = (b"dvcC", b"dvvC", b"dvwC")


def read_dolby_vision(record: bytes) -> dict[str, float | str]:
    """Return what it says under FFmpeg's names.

    `dv_bl_signal_compatibility_id` tells what a player without Dolby Vision sees: 0 wrong colours (profile 5),
    1 HDR10, 2 standard range, 4 HLG, 6 HDR10 of a disc.
    """
    if len(record) < SIZE or record[0] > 3:  # noqa: PLR2004  versions go to 3
        return {}
    flags = int.from_bytes(record[2:5], "big")
    return {
        "dv_profile": flags >> 17,
        "dv_level": flags >> 11 & 0x3F,
        "dv_rpu_present": flags >> 10 & 1,
        "dv_el_present": flags >> 9 & 1,
        "dv_bl_present": flags >> 8 & 1,
        "dv_bl_signal_compatibility_id": flags >> 4 & 0xF,
    }
