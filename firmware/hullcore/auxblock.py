"""Raw blocks with a third column: what a second sensor said for the same samples.

A block has the column or has it not: a sample whose second value is missing goes into a block of
two columns. Loaded only where a second sensor is configured.
"""

from hullcore.compat import const
from hullcore.estimator import NO_AUX
from hullcore.fields import pack_checked
from hullcore.moremessages import RAW_AUX_FORMAT, RAW_HAS_AUX
from hullcore.rawblock import Column, RawPacker

_HEAD = const(6)  # struct.calcsize(RAW_AUX_FORMAT)


class AuxPacker(RawPacker):
    """As RawPacker, for (pressure, temperature, second value or NO_AUX).

    The caller closes the open block, too, when `matches` says that the next sample is of the other
    kind.
    """

    def __init__(self, p_shift: int, t_shift: int, aux_shift: int) -> None:
        RawPacker.__init__(self, p_shift, t_shift)
        self._aux = Column(aux_shift)
        self._two = self._columns
        self._three = self._columns + (self._aux,)
        self._room_two = self._room

    def matches(self, aux: int) -> bool:
        """Whether a sample with this second value can join the open block."""
        return self.count == 0 or (aux != NO_AUX) == (self._mark != 0)

    def add_aux(self, p_q8: int, t_q16: int, aux: int) -> None:
        """Take the next consecutive sample, one that `matches`. Never when `full`."""
        n = self.count
        if aux == NO_AUX:
            if n == 0:
                self._columns = self._two
                self._room = self._room_two
                self._mark = 0
        else:
            if n == 0:
                self._columns = self._three
                self._room = self._room_two - _HEAD
                self._mark = RAW_HAS_AUX
            self._aux.put(n, aux)
        self.add(p_q8, t_q16)

    def _more(self, n: int) -> bytes:
        if not self._mark:
            return b""
        aux = self._aux
        width = aux.width()
        head = pack_checked(RAW_AUX_FORMAT, (width, aux.shift, aux.first))
        return head + aux.packed(n, width)
