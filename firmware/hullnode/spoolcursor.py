"""What the spool keeps beside its records: how far a host has acked, which numbers are used up."""

from hullnode import twocopies

FILE = "spool"


def save(files, root: str, spool, clean: bool) -> None:
    """Store [epoch, acked, base, clean] in two copies; OSError when it cannot.

    No number below `base` may be given out again. Above it BUFFER more may have been, unless
    `clean`: the spool is synced and appends nothing more.
    """
    value = [spool.epoch, min(spool.acked, spool.synced), spool.synced, int(clean)]
    twocopies.save(root, FILE, value, files.open)
