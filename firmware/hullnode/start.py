"""What a node does once, when it starts: who it is, its sensor, its first records.

Not needed while it runs, so `hullnode.unload` forgets it.
"""

from hullcore.measurement import Measurement
from hullcore.messages import EVENT_BOOT, EVENT_CONFIG_BAD, EVENT_SENSOR_FAULT
from hullcore.records import RecordStamp, config_record
from hullnode import identity
from hullnode.drivers import catalogue
from hullnode.drivers.errors import SensorError
from hullnode.pipeline import Pipeline
from hullnode.sampler import Sampler

_BOUNDS = (
    "temp_lag_ms", "temp_gradient_uk", "settling_ms", "u_volume_ppm", "u_gain_ppm",
    "tempco_mpa_k", "drift_mpa_day",
)  # fmt: skip


class _NoSensor:
    """Stands where a driver would, for a node that measures nothing."""

    SENSOR = "none"
    pressure_lsb_q8 = 1
    pressure_shift = 0
    temperature_shift = 0


def stamp(board) -> RecordStamp:
    """Epoch and boot number of the records to come."""
    boot = identity.count_boot(board.root) or board.random32() | 0x80000000  # could not be stored
    return RecordStamp(board.random32(), boot)


def core_hash(board) -> bytes:
    """Hash of the code that is running."""
    return identity.core_hash(board.code_root)


def measuring(node, board, crashes: int) -> tuple:
    """(pipeline, sampler or None) of a node that has everything else; the first sample is due."""
    config = node.config
    values = config.values
    driver, code, detail = _driver(board, values)
    m = Measurement(values, driver.pressure_lsb_q8, node.stamp.number)
    pipeline = Pipeline(
        m, values["windows_s"], driver, node.clock, node.spool, node.ring, node.stamp
    )
    _snapshot(node, pipeline, m, getattr(driver, "oversampling", 0))
    pipeline.event(EVENT_BOOT, board.reset_cause, crashes, node.clock.total_ms(), "")
    if config.damaged or config.fallback:
        pipeline.event(EVENT_CONFIG_BAD, config.damaged, int(config.fallback), 0, "")
    if code:
        pipeline.event(EVENT_SENSOR_FAULT, code, detail, 0, "")
    if driver.SENSOR == "none":
        return pipeline, None
    sampler = Sampler(board.ticks_us, driver, values["period_us"], pipeline)
    sampler.begin()
    pipeline.begin()
    return pipeline, sampler


def _driver(board, values: dict) -> tuple:
    """(driver, 0, 0), or (no sensor, code, detail) for a setting that no driver can serve."""
    if values["sensor"] == "none":
        return _NoSensor, 0, 0
    try:
        return _load(board, values), 0, 0
    except SensorError as error:
        return _NoSensor, -error.code, error.detail


def _load(board, values: dict):
    sensor = values["sensor"]
    ratio = values["oversampling"] or catalogue.oversampling_for(sensor, values["period_us"])
    i2c = board.i2c(values["i2c_sda"], values["i2c_scl"], values["i2c_khz"])
    driver = catalogue.load(sensor, i2c, values["address"], ratio, board.sleep_ms)
    driver.oversampling = ratio
    if hasattr(driver, "declare"):
        driver.declare(values)
    try:
        driver.start()  # some chips know their resolution only then, and the snapshot names it
    except (OSError, SensorError):
        pass  # the sampler tries again, and tells
    return driver


def _snapshot(node, pipeline, m, oversampling: int) -> None:
    values = node.config.values
    lengths = values["windows_s"]
    body = (
        node.config.generation, values["name"].encode(), values["sensor"].encode(),
        values["address"], oversampling, m.period_us, m.lsb_q8, m.pressure_kind,
        m.compensation, m.gas, m.volume_ul, m.t_ref_mk, values["p_out_pa"],
    ) + tuple([lengths[i] if i < len(lengths) else 0 for i in range(5)]) + tuple(
        [values[key] for key in _BOUNDS]
    )  # fmt: skip
    clock = node.clock
    clock.poll()
    pipeline.append(config_record(node.stamp, clock.wraps, clock.ms, body))
