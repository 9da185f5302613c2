"""The simulated sensors by the names that a node's configuration uses."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.registers.ads1115 import Ads1115Model
from hullwatch.sim.registers.bme280 import Bme280Model
from hullwatch.sim.registers.bmp280 import Bmp280Model
from hullwatch.sim.registers.bmp388 import Bmp388Model, Bmp390Model
from hullwatch.sim.registers.bmp581 import Bmp581Model
from hullwatch.sim.registers.dps310 import Dps310Model, Dps368Model
from hullwatch.sim.registers.ds18b20 import Ds18b20Model
from hullwatch.sim.registers.hsc import HscModel
from hullwatch.sim.registers.lps22hb import Lps22hbModel
from hullwatch.sim.registers.lps28dfw import Lps28dfwModel
from hullwatch.sim.registers.model import SensorModel
from hullwatch.sim.registers.ms5611 import Ms5611Model
from hullwatch.sim.registers.ms5837 import Ms5837Model
from hullwatch.sim.registers.tmp117 import Tmp117Model
from hullwatch.sim.registers.transducer import CurrentLoop, Ratiometric

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd


class CatalogueEntry(NamedTuple):
    """A sensor's model, its usual I2C address, its range in Pa and what that counts from,
    and what the node's settings must say of it.
    """

    model: type[SensorModel]
    address: int
    pressure_min_pa: int
    pressure_max_pa: int
    kind: str
    settings: dict[str, object]


def specimen(
    sensor: str, front_end: "FrontEnd", now_us: Callable[[], int], values: Mapping[str, object]
) -> SensorModel:
    """A model as the node's settings say it is: an HSC's part, a transducer's output and range.

    Settings that are about another sensor are not looked at. KeyError for an unknown sensor.
    """
    model = str(values["sensor_model"])
    if sensor == "hsc":
        return HscModel(front_end, now_us, part=model[:5])
    if sensor == "ads1115":
        output = CurrentLoop if model == "4-20mA" else Ratiometric
        low, high = (float(str(values[f"range_{end}_pa"])) for end in ("low", "high"))
        return Ads1115Model(front_end, now_us, transducer=output(low, high))
    return CATALOGUE[sensor].model(front_end, now_us)


def _entry(model: type[SensorModel]) -> CatalogueEntry:
    return CatalogueEntry(
        model, model.ADDRESS, model.PRESSURE_MIN_PA, model.PRESSURE_MAX_PA, model.kind,
        model.SETTINGS,
    )  # fmt: skip


CATALOGUE: Final[dict[str, CatalogueEntry]] = {
    model.SENSOR: _entry(model)
    for model in (
        *(Bmp581Model, Bmp280Model, Bme280Model, Bmp388Model, Bmp390Model, Ms5611Model),
        *(Ms5837Model, Lps22hbModel, Lps28dfwModel, Dps310Model, Dps368Model),
        *(HscModel, Ads1115Model),
    )
}

PROBES: Final[dict[str, type[Tmp117Model] | type[Ds18b20Model]]] = {
    Tmp117Model.SENSOR: Tmp117Model,
    Ds18b20Model.SENSOR: Ds18b20Model,
}
"""Thermometers: second sensors only."""
