"""The simulated sensors by the names that a node's configuration uses."""

from typing import Final, NamedTuple

from hullwatch.sim.registers.bmp280 import Bmp280Model
from hullwatch.sim.registers.bmp581 import Bmp581Model
from hullwatch.sim.registers.model import SensorModel
from hullwatch.sim.registers.ms5837 import Ms5837Model


class CatalogueEntry(NamedTuple):
    """A sensor's model, its usual I2C address and its measuring range in Pa."""

    model: type[SensorModel]
    address: int
    pressure_min_pa: int
    pressure_max_pa: int


def _entry(model: type[SensorModel]) -> CatalogueEntry:
    return CatalogueEntry(model, model.ADDRESS, model.PRESSURE_MIN_PA, model.PRESSURE_MAX_PA)


# The MS5837 has one address only; a BMP280 beside it goes to 0x77.
CATALOGUE: Final[dict[str, CatalogueEntry]] = {
    model.SENSOR: _entry(model) for model in (Bmp581Model, Bmp280Model, Ms5837Model)
}
