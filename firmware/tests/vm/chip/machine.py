"""The least of `machine` that the board of a Pico and the driver of a BMP581 need to start."""

mem32 = {0x4005800C: 0}  # SCRATCH0 of the watchdog


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, *args, **more):
        pass

    def value(self, level):
        pass


class I2C:
    def __init__(self, *args, **more):
        self.last = 0

    def writeto_mem(self, address, register, data):
        if register == 0x36:
            self.last = data[0]

    def readfrom_mem_into(self, address, register, buffer):
        buffer[0] = {0x01: 0x50, 0x27: 0x10, 0x28: 0x02, 0x36: self.last}.get(register, 0)


def unique_id():
    return b"12345678"


def reset_cause():
    return 1


def reset():
    pass
