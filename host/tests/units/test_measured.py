"""Values with uncertainties as certificates write them."""

import pytest

from hullwatch.errors import InputError
from hullwatch.units.measured import Dimension, measured


@pytest.mark.parametrize(
    ("text", "dimension", "value", "u"),
    [
        ("101325 ± 5 Pa", Dimension.PRESSURE, 101325, 5),
        ("1013.25 +/- 0.05 hPa", Dimension.PRESSURE, 101325, 5),
        ("0 ± 10 Pa", Dimension.PRESSURE, 0, 10),
        ("1.0012 ± 0.0008 L (k=2)", Dimension.VOLUME, 1.0012e-3, 4e-7),
        ("20.1±0.05 °C", Dimension.TEMPERATURE, 293.25, 0.05),
        ("293.25 ± 0.05 K", Dimension.TEMPERATURE, 293.25, 0.05),
        ("−1.2e-3 ± 2e-5 Pa/s", Dimension.SLOPE, -1.2e-3, 2e-5),
        ("-0.6 ± 0.06 mbar/min", Dimension.SLOPE, -1.0, 0.1),
        ("1.0003 ± 100e-6", Dimension.RATIO, 1.0003, 1e-4),
        ("5 L", Dimension.VOLUME, 5e-3, None),
    ],
)
def test_read(text, dimension, value, u):
    got = measured(text, dimension)
    assert got.value == pytest.approx(value, rel=1e-12, abs=1e-15)
    assert got.u == (None if u is None else pytest.approx(u, rel=1e-12))


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("101325", Dimension.PRESSURE),
        ("101325 ± 5 L", Dimension.PRESSURE),
        ("101325 ± -5 Pa", Dimension.PRESSURE),
        ("101325 ± 5 Pa (k=0)", Dimension.PRESSURE),
        ("5 L (k=2)", Dimension.VOLUME),
        ("20 ± 1 C/s", Dimension.TEMPERATURE),
        ("", Dimension.RATIO),
        ("nan ± 1 Pa", Dimension.PRESSURE),
    ],
)
def test_refused(text, dimension):
    with pytest.raises(InputError):
        measured(text, dimension)
