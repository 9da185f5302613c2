"""A node's configuration read, changed and written: two copies with CRC, checked before either.

Seldom used: `hullnode.unload` forgets it with the table of settings, and a running node has the
values only.
"""

from hullcore import settings
from hullnode import twocopies

_FILE = "config"


def load(config, root: str) -> None:
    """Fill a `hullnode.config.Config` from what is stored, or with defaults."""
    config.root = root
    stored, config.generation, config.damaged = twocopies.load(root, _FILE)
    config.keys = tuple([row[0] for row in settings.SETTINGS])
    config.values = settings.defaults()
    config.fallback = stored is None and (config.damaged != 0 or config.generation != 0)
    if stored is not None:
        _adopt(config, stored)
    config.written = config.values


def _adopt(config, stored) -> None:
    merged = dict(config.values)
    try:
        if not isinstance(stored, dict):
            raise settings.SettingError("no settings")
        for key, value in stored.items():
            merged[key] = settings.check(key, value)
        settings.check_together(merged)
    except settings.SettingError:
        config.fallback = True
        return
    config.values = merged


def commit(config) -> None:
    """See `hullnode.config.Config.commit`."""
    merged = dict(config.written)  # not `values`: a second commit keeps what the first wrote
    merged.update(config.staged)
    settings.check_together(merged)
    if merged["noise_profile"] == "calibrated":
        _check_noise(config.root, merged)
    config.generation = twocopies.save(config.root, _FILE, merged)
    config.written = merged
    config.staged = {}


def _check_noise(root: str, merged: dict) -> None:
    from hullnode import noisestore

    if noisestore.load(root, noisestore.key_of(merged))[2]:
        raise settings.SettingError(
            "noise_profile: none is calibrated for this sensor, oversampling, period_us and"
            " compensation; run: hullwatch calibrate noise"
        )


def text_of(value) -> str:
    """A value as `hullcore.settings.check` reads it back."""
    if isinstance(value, (tuple, list)):
        return ",".join([str(x) for x in value])
    return str(value)
