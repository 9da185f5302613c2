"""Analog pressure transducers: what their output wire shows at a pressure.

The two usual industrial outputs: 0.5 to 4.5 V, ratiometric to a 5 V supply (so 10 to 90 % of
it), and a 4..20 mA loop (NAMUR NE 43: 3.8 and 20.5 mA are the ends of what is a measurement,
3.6 mA and less or 21 mA and more a failure) through a shunt.
"""

from dataclasses import dataclass
from typing import Protocol


class Transducer(Protocol):
    """Span and output of one transducer."""

    low_pa: float
    high_pa: float
    kind: str
    broken: bool

    def volts(self, pressure_pa: float) -> float:
        """Voltage at the converter's first input."""
        ...

    def supply_volts(self) -> float:
        """Voltage at the converter's second input."""
        ...


@dataclass
class Ratiometric:
    """0.5..4.5 V over low_pa..high_pa at 5 V; the supply itself is on the second input.

    Output follows the supply and stops 0.2 V from either rail. A broken wire reads 0 V.
    """

    low_pa: float = 0.0
    high_pa: float = 1_000_000.0
    kind: str = "gauge"
    supply_v: float = 5.0
    broken: bool = False

    def volts(self, pressure_pa: float) -> float:
        """0.1 of the supply at low_pa, 0.9 at high_pa."""
        if self.broken:
            return 0.0
        share = (pressure_pa - self.low_pa) / (self.high_pa - self.low_pa)
        return min(max(self.supply_v * (0.1 + 0.8 * share), 0.2), self.supply_v - 0.2)

    def supply_volts(self) -> float:
        """The supply."""
        return self.supply_v


@dataclass
class CurrentLoop:
    """4..20 mA over low_pa..high_pa into a shunt; the second input is at its foot, 0 V.

    Current stops at 3.8 and 20.5 mA. A broken loop carries none.
    """

    low_pa: float = 0.0
    high_pa: float = 1_000_000.0
    kind: str = "gauge"
    shunt_ohm: float = 100.0
    broken: bool = False

    def volts(self, pressure_pa: float) -> float:
        """0.4 to 2.0 V at 100 ohm."""
        if self.broken:
            return 0.0
        share = (pressure_pa - self.low_pa) / (self.high_pa - self.low_pa)
        return min(max(0.004 + 0.016 * share, 0.0038), 0.0205) * self.shunt_ohm

    def supply_volts(self) -> float:
        """The foot of the shunt."""
        return 0.0
