"""What a sensor driver reports when the bus works and the chip, or the request, is wrong."""

WRONG_ID = 1  # detail: the identification that was read
BAD_PROM_CRC = 2  # detail: CRC computed * 16 + CRC stored
BAD_CALIBRATION = 3  # coefficients impossible or read differently twice; detail: offset or word
NOT_READY = 4  # the chip did not come back from its reset; detail: its status register
BAD_MEMORY = 5  # the chip reports an error of its own memory; detail: its status register
CONFIG_REFUSED = 6  # a register did not keep what was written; detail: what it holds
CHIP_RESET = 7  # the chip lost its configuration while in use; detail: the register that says so
UNKNOWN = 8  # no such sensor id; detail: 0
BAD_ADDRESS = 9  # the chip cannot have this address; detail: the address
BAD_OVERSAMPLING = 10  # detail: the ratio asked for
PERIOD_TOO_SHORT = 11  # detail: the shortest conversion, µs
CHIP_FAULT = 12  # the sensor reports a fault, or its signal is outside what it can send; detail: it


class SensorError(Exception):
    """A sensor cannot be used: `code` is one of this module's constants, `detail` an int."""

    def __init__(self, code: int, detail: int = 0) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
