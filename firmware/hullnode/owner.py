"""Which store may ack: the first that does, remembered, until another one takes over."""

_FILE = "owner"


class Owner:
    """`store` is the id of the acking store, 0: none; `on_change(new, old)` after a take-over."""

    def __init__(self, root: str, on_change) -> None:
        from hullnode import twocopies  # needed here and when the owner changes

        self._root = root
        self._on_change = on_change
        value, _, _ = twocopies.load(root, _FILE)
        self.store = value if isinstance(value, int) and 0 <= value < 1 << 64 else 0

    def accepts(self, store: int) -> bool:
        """Whether an ack of this store counts; the first store ever becomes the owner."""
        if store == 0:
            return False
        if self.store == 0:
            self._set(store)
        return store == self.store

    def take_over(self, store: int) -> None:
        """Make another store the owner."""
        old = self.store
        if store != old:
            self._set(store)
            self._on_change(store, old)

    def _set(self, store: int) -> None:
        from hullnode import twocopies

        self.store = store
        try:
            twocopies.save(self._root, _FILE, store)
        except OSError:
            pass  # holds for this boot; the next one asks again
