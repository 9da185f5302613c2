"""What a simulated bench is made of, and the world (chamber, bus, sensor) built from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hullcore import settings
from hullwatch.errors import InputError, UnknownSensor
from hullwatch.sim.bus import SimBus
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.frontend import (
    GaugePort,
    OpenPressure,
    PhysicalFrontEnd,
    ProbedPressure,
    SensorFaults,
)
from hullwatch.sim.network import Network
from hullwatch.sim.networkpins import NetworkPins, check_wiring
from hullwatch.sim.networkport import (
    DifferentialPort,
    SectionLeak,
    SectionLoss,
    SectionPort,
    outside_of,
)
from hullwatch.sim.networkspec import NetworkSpec
from hullwatch.sim.onewire import SimOneWire
from hullwatch.sim.plumbing import Pins, PlumbedSection, PlumbingSpec
from hullwatch.sim.registers.catalogue import CATALOGUE, PROBES, specimen
from hullwatch.sim.registers.ds18b20 import Ds18b20Model
from hullwatch.sim.registers.hsc import hsc_range
from hullwatch.sim.replay import Replay, ReplayFrontEnd
from hullwatch.sim.second import (
    BarometerSpec,
    DifferenceSpec,
    DifferenceSpot,
    OutsideSpot,
    ProbeSpec,
    ProbeSpot,
    ReferenceSpec,
    ReferenceSpot,
)
from hullwatch.sim.section import Section
from hullwatch.sim.truth import ChamberTruth, Truth, UnknownTruth

Second: TypeAlias = ProbeSpec | ReferenceSpec | BarometerSpec

_OTHER_SPECIMEN = 0x5EC0  # added to the seed for what the second sensor draws


@dataclass(frozen=True)
class BenchSpec:
    """Sensor, rate, chamber or replay file, and settings pushed to the node.

    `compensation` None chooses "sensor" where it is permitted, else "none". `replay` replaces
    the chamber's physics by recorded rows at the file's own spacing. `ticks_at_boot_us` is what
    the node's counters show when it starts: after a soft reset they go on from where they were.
    With `plumbing` the node has the outputs of its wiring, and they move the chamber's valves.
    `second` is what compensation `probe` or `reference` is done with, None one with defaults; or
    the barometer beside a gauge sensor.
    `flash_blocks` is the size of the node's file system in blocks of 4 KiB; a Pico's has 352, and
    the firmware fills 110 of them.
    With `network` the node sits in its section `chamber.section`; make it with `in_network`. The
    outputs in `extra` then move the paths of their names.
    """

    chamber: ChamberSpec = field(default_factory=ChamberSpec)
    sensor: str = "bmp581"
    period_us: int = 100_000
    compensation: str | None = None
    profile: str = "default"
    seed: int = 0
    replay: Replay | None = None
    ticks_at_boot_us: int = 0
    plumbing: PlumbingSpec | None = None
    second: Second | None = None
    network: NetworkSpec | None = None
    extra: dict[str, object] = field(default_factory=dict)
    flash_blocks: int = 352

    @classmethod
    def in_network(cls, network: NetworkSpec, section: str, **rest: Any) -> BenchSpec:
        """A node in one section of a network; InputError when there is no such section."""
        network.check()
        names = [known.name for known in network.sections]
        if section not in names:
            raise InputError(f"no section {section!r}", "there are " + ", ".join(names))
        spec = network.sections[names.index(section)]
        outside = {boundary.name: boundary.pressure_pa for boundary in network.boundaries}
        chamber = ChamberSpec(
            section=section, volume_m3=spec.volume_m3, pressure_pa=spec.pressure_pa,
            p_out_pa=outside[outside_of(network, section)], gas=network.gas, leak_pa_m3_s=0.0,
        )  # fmt: skip
        return cls(chamber=chamber, network=network, **rest)

    def check(self) -> None:
        """Raise InputError unless node and chamber can both be built."""
        if self.sensor not in CATALOGUE:
            raise UnknownSensor(
                f"unknown sensor {self.sensor!r}", "choose one of " + ", ".join(CATALOGUE)
            )
        self.chamber.check()
        self._check_network()
        if self.plumbing is not None:
            self.plumbing.rows()
            if self.replay is not None:
                raise InputError("a recording has no valves", "leave the plumbing away")
        SensorFaults.drawn(self.seed, self.profile)
        self._check_second()
        low, high = self._pressure_span()
        entry = CATALOGUE[self.sensor]
        if low < entry.pressure_min_pa or high > entry.pressure_max_pa:
            raise InputError(
                f"{low:.0f}..{high:.0f} Pa is outside the range of the {self.sensor}, "
                f"{entry.pressure_min_pa}..{entry.pressure_max_pa} Pa",
                "choose another --sensor or --pressure",
            )
        self.node_settings()

    def _check_network(self) -> None:
        if self.network is None:
            return
        if self.plumbing or self.replay:
            raise InputError("a scenario has its own physics", "leave replay and plumbing away")
        check_wiring(str(self.extra.get("outputs", "none")), self.network)
        second = self.second_sensor()
        if second is None:
            return
        names = [section.name for section in self.network.sections]
        if not isinstance(second, ReferenceSpec) or second.section not in names:
            raise InputError(
                "a second sensor of a scenario sits in another section, as a reference chamber",
                "use --compensation sensor or none",
            )

    def second_sensor(self) -> Second | None:
        """The second sensor there is, with its defaults where only the compensation asks for it."""
        if self.second is None and self.compensation == "probe":
            return ProbeSpec()
        if self.second is None and self.compensation == "reference":
            return ReferenceSpec()
        return self.second

    def _check_second(self) -> None:
        second = self.second_sensor()
        if second is None:
            return
        second.check()
        if self.replay is not None:
            raise InputError("a recording has no second sensor", "use compensation none or sensor")
        if second.sensor not in (*PROBES, *CATALOGUE):
            raise UnknownSensor(
                f"unknown second sensor {second.sensor!r}",
                "choose one of " + ", ".join((*PROBES, *CATALOGUE)),
            )

    def _pressure_span(self) -> tuple[float, float]:
        if self.replay is None:
            pressure_pa = self.chamber.pressure_pa
            if self._sensor_kind() != "abs":
                pressure_pa -= self.chamber.p_out_pa
            return pressure_pa, pressure_pa
        values = [row[0] for _, row in self.replay.rows()]
        return min(values), max(values)

    def node_settings(self) -> dict[str, object]:
        """A complete, checked configuration for the node; InputError when settings contradict."""
        values = settings.defaults()
        values.update(CATALOGUE[self.sensor].settings)
        values.update(
            sensor=self.sensor,
            address=CATALOGUE[self.sensor].address,
            period_us=self.replay.period_us if self.replay else self.period_us,
            compensation=self._compensation(),
            pressure_kind=self._pressure_kind(),
            volume_ul=round(self.chamber.volume_m3 * 1e9),
            gas=self.chamber.gas,
            t_ref_mk=round(self.chamber.t_ref_k * 1000),
            p_out_pa=round(self.chamber.p_out_pa),
        )
        if self.plumbing is not None:
            values.update(outputs=self.plumbing.wiring)
        second = self.second_sensor()
        if second is not None:
            values.update(second.settings())
        values.update(self.extra)
        try:
            checked = {key: settings.check(key, value) for key, value in values.items()}
            settings.check_together(checked)
        except settings.SettingError as error:
            raise InputError(str(error), "see: hullwatch config show --help") from error
        return checked

    def _sensor_kind(self) -> str:
        """What the sensor itself measures: an HSC what its part number says."""
        model = str(self.extra.get("sensor_model", ""))
        if self.sensor == "hsc" and model:
            return hsc_range(model[:5]).kind
        return CATALOGUE[self.sensor].kind

    def _pressure_kind(self) -> str:
        if self.replay is None:
            return "abs" if isinstance(self.second, BarometerSpec) else self._sensor_kind()
        return "abs" if self.replay.absolute else "gauge"

    def _compensation(self) -> str:
        if self.replay is None:
            possible = self._pressure_kind() == "abs"
            if self.compensation not in (None, "none") and not possible:
                raise InputError(
                    f"the {self.sensor} measures gauge pressure: no temperature compensation",
                    "use none, or a sensor of absolute pressure",
                )
            return self.compensation or ("sensor" if possible else "none")
        possible = self.replay.compensable
        if self.compensation not in (None, "none") and not possible:
            raise InputError(
                "this file permits no temperature compensation",
                "it has gauge pressures without --ambient, or no temperatures: use none",
            )
        return self.compensation or ("sensor" if possible else "none")


class World:
    """Chamber, front end, register model on a bus: what the node's pins see.

    ``network``: the one to sit in, when several nodes share it; made from the spec otherwise.
    `leaking` is what a leak can be set of, None for recorded data.
    """

    def __init__(
        self, spec: BenchSpec, now_us: Callable[[], int], network: Network | None = None
    ) -> None:
        self.spec = spec
        self.bus = SimBus()
        self.wire = SimOneWire()
        self.truth: Truth = UnknownTruth()
        self.pins = Pins()
        self.network: Network | None = None
        self.leaking: Chamber | SectionLeak | None = None
        entry = CATALOGUE[spec.sensor]
        if spec.replay is not None:
            self.model = entry.model(ReplayFrontEnd(spec.replay), now_us)
        else:
            port = self._port(network)
            faults = SensorFaults.drawn(spec.seed, spec.profile)
            front_end = PhysicalFrontEnd(port, faults, spec.seed)
            self.model = specimen(spec.sensor, front_end, now_us, spec.node_settings())
            if self.model.kind != "abs":
                front_end.connect(GaugePort(port))
            second = spec.second_sensor()
            if second is not None:
                self._add_second(second, now_us)
        self.bus.add(entry.address, self.model)

    def _add_second(self, second: Second, now_us: Callable[[], int]) -> None:
        """Another specimen, with faults of its own."""
        spec = self.spec
        seed = spec.seed + _OTHER_SPECIMEN
        if not isinstance(second, ProbeSpec):
            faults = SensorFaults.drawn(seed, spec.profile)
            front_end = PhysicalFrontEnd(self._place(second), faults, seed)
            chip = specimen(second.sensor, front_end, now_us, spec.node_settings())
            self.bus.add(second.address, chip)
            return
        faults = SensorFaults(random_walk_pa2_s=0.0)
        front_end = PhysicalFrontEnd(ProbeSpot(self.chamber, second), faults, seed)
        probe = PROBES[second.sensor](front_end, now_us)
        if isinstance(probe, Ds18b20Model):
            self.wire.slaves.append(probe)
        else:
            self.bus.add(second.address, probe)

    def _place(self, second: ReferenceSpec | BarometerSpec) -> ProbedPressure:
        """Where a second pressure sensor is."""
        if isinstance(second, BarometerSpec):
            return OutsideSpot(self.chamber)
        if self.network is not None:
            name = self.spec.chamber.section
            if isinstance(second, DifferenceSpec):
                return DifferentialPort(self.network, name, second.section)
            return SectionPort(self.network, second.section)
        reference = ReferenceSpot(self.chamber, second, self.spec.chamber.t_ref_k)
        if isinstance(second, DifferenceSpec):
            return DifferenceSpot(self.chamber, reference)
        return reference

    def _port(self, network: Network | None) -> OpenPressure:
        """Where the sensor is; truth and pins go with it."""
        spec = self.spec
        if spec.network is not None:
            self.network = network = network or Network(spec.network)
            name = spec.chamber.section
            wiring = str(spec.node_settings()["outputs"])
            if wiring != "none":
                self.pins = NetworkPins(wiring, network)
            self.truth = ChamberTruth(SectionLoss(network, name), spec.chamber.t_ref_k)
            self.leaking = SectionLeak(network, name, spec.chamber.t_ref_k)
            return SectionPort(network, name, outside_of(spec.network, name))
        self.leaking = self.chamber = Chamber(spec.chamber, _section(spec))
        self.truth = ChamberTruth(self.chamber, spec.chamber.t_ref_k)
        if spec.plumbing is not None:
            self.pins = Pins(spec.plumbing, self.chamber)
        return self.chamber


def _section(spec: BenchSpec) -> Section:
    if spec.plumbing is None:
        return Section(spec.chamber)
    return PlumbedSection(spec.chamber, spec.plumbing.start_pa)
