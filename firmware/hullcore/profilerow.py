"""A noise profile as a row of numbers: in PROFILE records and on a board's file system.

(window length in s, blocks, block in µs, longest lag in µs, white, walk, their standard deviations,
correlation in 10^-6, verdict on compensation, equal readings of a stuck sensor); the units are
those of the PROFILE record.
"""

from hullcore.noisefit import NoiseProfile

NUMBERS = 11


def body_of(row: tuple, config: int, source: int, last: int, utc_s: int) -> tuple:
    """Body values in the order of the PROFILE layout; in force from after sample `last` on."""
    return (config, row[0] * 1000, source, last) + tuple(row[1:10]) + (utc_s, row[10])


def profile_of(row: tuple) -> NoiseProfile:
    """What intervals are made from."""
    return NoiseProfile(row[4], row[5], row[6], row[7], row[8], row[3])
