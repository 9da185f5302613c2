"""The node's configuration: validated, two copies with CRC, staged changes written as one.

The table of settings, its checks and the files are imported where they are used:
`hullnode.unload` forgets them, and a running node has the values only.
"""


class Config:
    """Settings in force, and staged ones that a commit checks together and writes.

    `damaged` is the bit set of unusable copies found, `fallback` True when defaults had to serve
    although a configuration had been stored. `keys` are the settings in the order of the table,
    `staged` what waits for the commit, `written` what the next start will find.
    """

    def __init__(self, root: str) -> None:
        from hullnode import configfile

        self.root = ""
        self.generation = self.damaged = 0
        self.keys: tuple = ()
        self.values: dict = {}
        self.written: dict = {}
        self.staged: dict = {}
        self.fallback = False
        configfile.load(self, root)

    def stage(self, key: str, text: str) -> None:
        """Check one setting and hold it; SettingError when refused."""
        from hullcore import settings

        self.staged[key] = settings.check(key, text)

    def forget(self) -> None:
        """Drop what is staged."""
        self.staged = {}

    def commit(self) -> None:
        """Check the staged settings together and write them; SettingError or OSError."""
        from hullnode import configfile

        configfile.commit(self)
