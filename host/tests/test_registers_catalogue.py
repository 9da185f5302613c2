"""The list of simulated sensors: names, addresses and ranges as the data sheets print them."""

import pytest

from hullwatch.sim.registers.catalogue import CATALOGUE


class Room:
    """A front end that is always at 101325 Pa and 20 degC."""

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        return (101325.0, 20.0)


@pytest.mark.parametrize(
    ("sensor", "addresses", "pressure_min_pa", "pressure_max_pa"),
    [
        ("bmp581", {0x46, 0x47}, 30_000, 125_000),
        ("bmp280", {0x76, 0x77}, 30_000, 110_000),
        ("ms5837", {0x76}, 0, 3_000_000),
    ],
)
def test_entries_match_the_data_sheets(
    sensor: str, addresses: set[int], pressure_min_pa: int, pressure_max_pa: int
) -> None:
    entry = CATALOGUE[sensor]
    assert sensor == entry.model.SENSOR
    assert entry.address in addresses
    assert (entry.pressure_min_pa, entry.pressure_max_pa) == (pressure_min_pa, pressure_max_pa)


def test_every_model_is_made_the_same_way() -> None:
    for entry in CATALOGUE.values():
        chip = entry.model(Room(), lambda: 0)
        chip.refusing = False
        assert chip.conversions == 0
