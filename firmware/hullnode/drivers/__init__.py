"""Pressure sensor drivers: one module per chip, loaded by `hullnode.drivers.catalogue`.

Every driver class has the same face:

    SENSOR              id used in the configuration
    KIND                what is measured: "abs", "gauge" or "diff" pressure, or "temperature"
    ADDRESSES           what its pins can select, the default first
    OVERSAMPLINGS       ratios the chip offers, ascending
    PRESSURE_MIN_PA, PRESSURE_MAX_PA    operating range of the data sheet
    ALLOCATES           False when trigger + collect allocate nothing with 31-bit small ints
    Driver(i2c, address, oversampling, sleep_ms)    no I/O
    start()             reset, identify, configure; blocks at most 20 ms through sleep_ms
    trigger() -> int    starts one conversion; µs until collect is worth calling
    collect() -> int    0: a sample is in pressure_q8 and temperature_q16; otherwise µs until the
                        next call is worth it; never blocks
    pressure_q8, temperature_q16        last sample, Pa/256 and K/65536, magnitude below 2^30; they
                        stay until `collect` of the next one
    pressure_lsb_q8     the chip's resolution, Pa/256, rounded up, valid after start
    pressure_shift, temperature_shift   low bits that are the same in every sample

    declare(values)     only with sensors that cannot say what they are: takes model and range from
                        settings that were checked together, before start; KIND is "declared" and
                        the range the widest until then

and its module has `conversion_us(oversampling)`, the longest time from trigger to sample.

A probe (KIND "temperature") has the same face without its pressure half, and besides
`temperature_lsb_q16`, its resolution in K/65536.

`i2c` is the subset readfrom_mem_into, writeto_mem, writeto and readfrom_into of machine.I2C;
`ds18b20` is given a 1-Wire bus instead, see there. A NACK is an
OSError from any method; what the chip itself says is a SensorError. After either, the caller
starts over: `trigger` when the bus failed once, `start` when it failed again or the chip lost
its configuration.
"""
