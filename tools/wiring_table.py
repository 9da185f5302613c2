"""Tables of firmware/WIRING.md that repeat what the code says: pins, addresses, pull-ups.

Pins come from the board's own constants and the settings' defaults, addresses from the drivers.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

from hullcore import settings

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Head and rows."""

BOARD = Path(__file__).resolve().parent.parent / "firmware" / "boards" / "pico" / "__init__.py"
_GROUND = (3, 8, 13, 18, 23, 28, 38)
_OTHERS = (30, 33)  # RUN and the ground of the ADC
_LAST_ADDRESS = 0x77  # those above are reserved (UM10204)
_UNLEADED = {23, 24, 25, 29}  # GPIOs that reach no pin of the header
_RISE_NS = {400: 300, 100: 1000}
_FALL = 0.8473  # ln(0.7 / 0.3): from 30 to 70 % of the supply
_SENSORS = "sensors, pull-up to 3.3 V"
_SINK_A, _LOW_V, _SUPPLY_V = 3e-3, 0.4, 3.3


def board_pins() -> dict[str, int]:
    """The integer constants of the board: `_FIRST_OUTPUT`, `_LAST_OUTPUT`, `_ONEWIRE` and more."""
    return {
        ast.unparse(line.targets[0]): line.value.args[0].value
        for line in ast.parse(BOARD.read_text("utf-8")).body
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Call)
        and ast.unparse(line.value.func) == "const"
        and isinstance(line.value.args[0], ast.Constant)
        and isinstance(line.value.args[0].value, int)
    }


def header_pin(gpio: int) -> int:
    """Pin of the 40-pin header that a GPIO is on (Raspberry Pi Pico data sheet, figure 2).

    KeyError for a GPIO that is on none.
    """
    left = [pin for pin in range(1, 21) if pin not in _GROUND]
    right = [pin for pin in range(21, 35) if pin not in _GROUND + _OTHERS]
    led_out = [number for number in range(29) if number not in _UNLEADED]
    return dict(zip(led_out, left + right, strict=True))[gpio]


def pins() -> Table:
    """(header pin, GPIO, signal, goes to) of everything the node may be wired to."""
    board = board_pins()
    default = settings.defaults()
    first, last = board["_FIRST_OUTPUT"], board["_LAST_OUTPUT"]
    rows = [
        (header_pin(default["i2c_sda"]), default["i2c_sda"], "I2C SDA", _SENSORS),
        (header_pin(default["i2c_scl"]), default["i2c_scl"], "I2C SCL", _SENSORS),
        (
            header_pin(board["_ONEWIRE"]), board["_ONEWIRE"], "1-Wire",
            "DQ of a DS18B20, 4.7 kΩ to 3.3 V",
        ),
    ]  # fmt: skip
    rows += [
        (header_pin(number), number, f"output {number}", "gate of a valve driver, 10 kΩ to ground")
        for number in range(first, last + 1)
    ]
    found: list[tuple[str, ...]] = [
        (str(pin), f"GP{gpio}", signal, goes) for pin, gpio, signal, goes in sorted(rows)
    ]
    found.append(("36", "3V3(OUT)", "3.3 V", "supply of the sensors, at most 300 mA"))
    found.append((", ".join(map(str, _GROUND)), "GND", "ground", "sensors; 12 V ground, one wire"))
    return ("pin", "name", "signal", "goes to"), found


def addresses() -> Table:
    """(sensor, default address, other addresses) of each driver that has an I2C address."""
    rows: list[tuple[str, ...]] = []
    for sensor in (*settings.SENSORS, *settings.PROBES):
        if sensor in ("none", "ds18b20"):
            continue
        module = import_module("hullnode.drivers." + sensor)
        first, *others = getattr(module, sensor.capitalize()).ADDRESSES
        rows.append((f"`{sensor}`", f"{first:#x}", _listed(others)))
    return ("sensor", "address", "others"), rows


def _listed(found: list[int]) -> str:
    return ", ".join(f"{x:#x} ({x})" for x in found if x <= _LAST_ADDRESS)


def pullups() -> Table:
    """(capacitance, largest pull-up at 400 kHz, at 100 kHz, smallest) of an I2C bus at 3.3 V.

    Largest: rise time over 0.8473 C; smallest: what a pin that sinks 3 mA holds below 0.4 V
    (NXP UM10204 rev 7, 7.1 and table 10).
    """
    smallest = (_SUPPLY_V - _LOW_V) / _SINK_A
    rows: list[tuple[str, ...]] = [
        (
            f"{picofarad} pF",
            *(f"{ns * 1000 / (_FALL * picofarad) / 1e3:.1f} kΩ" for ns in _RISE_NS.values()),
            f"{smallest / 1e3:.1f} kΩ",
        )
        for picofarad in (50, 100, 200, 400)
    ]
    return ("bus", "at most at 400 kHz", "at most at 100 kHz", "at least"), rows
