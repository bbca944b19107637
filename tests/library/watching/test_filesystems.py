"""Which file systems tell of what others change."""

import pytest

from app.library.watching.filesystems import file_system_of, is_heard

MOUNTS = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /media rw - nfs4 nas:/media rw,vers=4.2
31 30 0:27 / /media/local\040disk rw - xfs /dev/sdb1 rw
32 22 0:28 / /over rw - ext4 /dev/sdc1 rw
33 32 0:29 / /over rw - fuse.rclone remote: rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (b"/home/films", "ext4"),
        (b"/media", "nfs4"),
        (b"/media/films", "nfs4"),
        (b"/media/local disk/films", "xfs"),
        (b"/media/local disks", "nfs4"),
        (b"/mediatheque", "ext4"),
        (b"/over/films", "fuse.rclone"),
    ],
)
def test_the_nearest_and_latest_mount_counts(path: bytes, kind: str) -> None:
    assert file_system_of(path, MOUNTS) == kind


def test_this_machines_own_mounts_can_be_read() -> None:
    assert file_system_of(b"/proc/self") == "proc"


@pytest.mark.parametrize(
    ("kind", "heard"),
    [("ext4", True), ("btrfs", True), ("nfs4", False), ("cifs", False), ("fuse.mergerfs", False), (None, True)],
)
def test_network_disks_are_not_heard(kind: str | None, heard: bool) -> None:
    assert is_heard(kind) is heard
