"""What a node does once, when it starts: who it is, its sensor, its first records.

Not needed while it runs, so `hullnode.unload` forgets it.
"""

from hullcore import settings
from hullcore.compat import const
from hullcore.measurement import Measurement
from hullcore.messages import EVENT_SENSOR_FAULT
from hullcore.moremessages import EVENT_BOOT, EVENT_CONFIG_BAD, EVENT_NOISE_VOID
from hullcore.morerecords import config_record
from hullcore.records import RecordStamp
from hullnode import identity, spoolstart
from hullnode.drivers import catalogue
from hullnode.drivers.errors import SensorError
from hullnode.pipeline import Pipeline
from hullnode.sampler import Sampler

NO_FLASH = const(0x800)
"""In the register that survives resets: the flash refused to be written since power came on."""

_BOUNDS = (
    "temp_lag_ms", "temp_gradient_uk", "settling_ms", "u_volume_ppm", "u_gain_ppm",
    "tempco_mpa_k", "drift_mpa_day",
)  # fmt: skip
_REFERENCE = ("reference_pa", "reference_leak_mpa_day", "reference_lag_ms")


class _NoSensor:
    """Stands where a driver would, for a node that measures nothing."""

    SENSOR = "none"
    pressure_lsb_q8 = 1
    pressure_shift = 0
    temperature_shift = 0


def storage(board) -> tuple:
    """(spool, raw pages, events to tell) of what the flash holds."""
    if board.scratch_get() & NO_FLASH:
        return spoolstart.ram_spool(board.random32, 0)
    return spoolstart.open_spool(board.files, board.root, board.random32)


def stamp(board, spool) -> RecordStamp:
    """Epoch, boot and number of the records to come."""
    boot = identity.count_boot(board.root) or board.random32() | 0x80000000  # could not be stored
    return RecordStamp(spool.epoch, boot, spool.next)


def core_hash(board) -> bytes:
    """Hash of the code that is running."""
    return identity.core_hash(board.code_root)


def measuring(node, board, crashes: int, told: list) -> tuple:
    """(pipeline, sampler, sequencer) of a node that has everything else; the first sample is due.

    Without a sensor there is no sampler, without outputs no sequencer: None.
    `told` are (event, a, b, c) of what was found on the flash.
    """
    config = node.config
    values = config.values
    driver, code, detail = _driver(node, board, values)
    aux_lsb = getattr(driver, "aux_lsb", 0)
    m = Measurement(values, driver.pressure_lsb_q8, node.stamp.number, aux_lsb)
    pipeline = _pipeline_class(m, driver)(
        m, values["windows_s"], driver, node.clock, node.spool, node.ring, node.stamp
    )
    _snapshot(node, pipeline, m, driver)
    pipeline.event(EVENT_BOOT, board.reset_cause, crashes, node.clock.total_ms(), "")
    for event, a, b, c in told:
        pipeline.event(event, a, b, c, "")
    if config.damaged or config.fallback:
        pipeline.event(EVENT_CONFIG_BAD, config.damaged, int(config.fallback), 0, "")
    if code:
        pipeline.event(EVENT_SENSOR_FAULT, code, detail, 0, "")
    if driver.SENSOR == "none":
        return pipeline, None, None
    sink, sequencer = _sink(node, board, pipeline, m, driver)
    sampler = Sampler(board.ticks_us, driver, values["period_us"], sink, node.free_bus)
    _watching(pipeline, values, board.root)
    board.collect()  # the start's garbage: nothing is due yet
    sampler.begin()
    pipeline.begin()
    return pipeline, sampler, sequencer


def _pipeline_class(m, driver):
    """What a second sensor needs costs heap only with one."""
    if m.aux is None or driver.SENSOR == "none":
        return Pipeline
    if m.aux.lag_ms < 0:
        from hullnode.auxpipeline import AuxPipeline

        return AuxPipeline
    from hullnode.watchedpipeline import WatchedPipeline

    return WatchedPipeline


def _sink(node, board, pipeline, m, driver) -> tuple:
    """Where samples go, through the valves where outputs are declared; their sequencer or None."""
    values = node.config.values
    if values["outputs"] == "none":
        return pipeline, None
    from hullcore.outputs import parse  # its heap only with outputs
    from hullnode.sequencer import Sequencer
    from hullnode.testsink import TestSink
    from hullnode.valves import Valves

    limit_q8 = values["overpressure_pa"] << 8
    valves = Valves(board, parse(values["outputs"]), limit_q8, m.period_us, pipeline.event)
    sink = TestSink(node, valves, pipeline, driver)
    aux_lsb = getattr(driver, "aux_lsb", 0)
    return sink, Sequencer(valves, pipeline, m, aux_lsb, board.ticks_ms, sink)


def _watching(pipeline, values: dict, root: str) -> None:
    """What the settings ask for besides windows, each loaded only then."""
    profiles = trends = rapid = None
    if values["noise_profile"] != "off":
        profiles = _profiles(pipeline, values, root)
    if values["trend_s"] != (0,):
        from hullnode.trends import Trends

        trends = Trends(pipeline, values, root)
    if values["rapid_mpa_s"]:
        from hullnode.rapidalarm import RapidAlarm

        rapid = RapidAlarm(values["period_us"], values["rapid_mpa_s"])
    pipeline.watch(profiles, trends, rapid)


def _profiles(pipeline, values: dict, root: str):
    """Noise profiles that are learned or were calibrated; None and an event when none fits."""
    from hullnode import noisestore
    from hullnode.profiles import Profiles

    key = noisestore.key_of(values)
    if values["noise_profile"] == "learn":
        from hullcore.learner import Learner

        learner = Learner(pipeline.plan, pipeline.m.lsb_q8)
        return Profiles(pipeline, root, key, learner)
    rows, utc_s, why = noisestore.load(root, key)
    if why:
        pipeline.event(EVENT_NOISE_VOID, why, 0, 0, "")
        return None
    profiles = Profiles(pipeline, root, key, None)
    profiles.calibrated(rows, utc_s)
    return profiles


def _driver(node, board, values: dict) -> tuple:
    """(driver, 0, 0), or (no sensor, code, detail) for a setting that no driver can serve."""
    if values["sensor"] == "none":
        return _NoSensor, 0, 0
    try:
        return _load(board, values, node.free_bus()), 0, 0
    except SensorError as error:
        return _NoSensor, -error.code, error.detail


def _load(board, values: dict, i2c):
    sensor = values["sensor"]
    ratio = values["oversampling"] or catalogue.oversampling_for(sensor, values["period_us"])
    driver = catalogue.load(sensor, i2c, values["address"], ratio, board.sleep_ms)
    driver.oversampling = ratio
    if values["aux_sensor"] != "none":
        from hullnode import pairing  # its names are heap, too

        driver = pairing.paired(board, values, driver, i2c)
    elif hasattr(driver, "declare"):
        driver.declare(values)
    try:
        driver.start()  # some chips know their resolution only then, and the snapshot names it
    except (OSError, SensorError):
        pass  # the sampler tries again, and tells
    return driver


def _snapshot(node, pipeline, m, driver) -> None:
    values = node.config.values
    lengths = values["windows_s"]
    ratio = getattr(driver, "oversampling", 0)
    body = (
        node.config.generation, values["name"].encode(), values["sensor"].encode(),
        values["address"], ratio, m.period_us, m.lsb_q8, m.pressure_kind,
        m.compensation, m.gas, m.volume_ul, m.t_ref_mk, values["p_out_pa"],
    ) + tuple([lengths[i] if i < len(lengths) else 0 for i in range(5)]) + tuple(
        [values[key] for key in _BOUNDS]
    ) + (
        values["aux_sensor"].encode(), values["aux_address"],
        getattr(driver, "aux_oversampling", 0), getattr(driver, "aux_lsb", 0),
    ) + tuple([values[key] for key in _REFERENCE]) + (
        settings.NOISE_PROFILES.index(values["noise_profile"]), values["rapid_mpa_s"],
        values["reserve_limit_pa"],
    )  # fmt: skip
    clock = node.clock
    clock.poll()
    pipeline.append(config_record(node.stamp, clock.wraps, clock.ms, body))
