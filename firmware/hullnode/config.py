"""The node's configuration: validated, two copies with CRC, staged changes written as one.

The table of settings and its checks are imported where they are used: `hullnode.unload` forgets
them, and a running node has the values only.
"""

_FILE = "config"


class Config:
    """Settings in force, and staged ones that a commit checks together and writes.

    `damaged` is the bit set of unusable copies found, `fallback` True when defaults had to serve
    although a configuration had been stored. `keys` are the settings in the order of the table.
    """

    def __init__(self, root: str) -> None:
        from hullcore import settings
        from hullnode import twocopies

        self._root = root
        stored, self.generation, self.damaged = twocopies.load(root, _FILE)
        self.keys = tuple([row[0] for row in settings.SETTINGS])
        self.values = settings.defaults()
        self.fallback = stored is None and (self.damaged != 0 or self.generation != 0)
        if stored is not None:
            self._adopt(stored)
        self._staged: dict = {}
        self._written = self.values

    def _adopt(self, stored: dict) -> None:
        from hullcore import settings

        merged = dict(self.values)
        try:
            if not isinstance(stored, dict):
                raise settings.SettingError("no settings")
            for key, value in stored.items():
                merged[key] = settings.check(key, value)
            settings.check_together(merged)
        except settings.SettingError:
            self.fallback = True
            return
        self.values = merged

    def stage(self, key: str, text: str) -> None:
        """Check one setting and hold it; SettingError when refused."""
        from hullcore import settings

        self._staged[key] = settings.check(key, text)

    def forget(self) -> None:
        """Drop what is staged."""
        self._staged = {}

    def commit(self) -> None:
        """Check the staged settings together and write them; SettingError or OSError."""
        from hullcore import settings
        from hullnode import twocopies

        merged = dict(self._written)  # not `values`: a second commit keeps what the first wrote
        merged.update(self._staged)
        settings.check_together(merged)
        if merged["noise_profile"] == "calibrated":
            self._check_noise(merged)
        self.generation = twocopies.save(self._root, _FILE, merged)
        self._written = merged
        self._staged = {}

    def _check_noise(self, merged: dict) -> None:
        from hullcore import settings
        from hullnode import noisestore

        if noisestore.load(self._root, noisestore.key_of(merged))[2]:
            raise settings.SettingError(
                "noise_profile: none is calibrated for this sensor, oversampling, period_us and"
                " compensation; run: hullwatch calibrate noise"
            )


def text_of(value) -> str:
    """A value as `hullcore.settings.check` reads it back."""
    if isinstance(value, (tuple, list)):
        return ",".join([str(x) for x in value])
    return str(value)
