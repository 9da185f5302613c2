"""The windows of a layout's nodes, from the databases they are logged into."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from hullwatch.errors import InputError
from hullwatch.isolate.closing import Reading
from hullwatch.isolate.layout import Layout, Section
from hullwatch.store import BootKey, ConfigRow, DeviceClock, Reader, WindowRow

_UNUSABLE = ("SATURATED",)
_COVERAGE = 1.96  # of the 95 % half-widths in the records; wider than Student's where those are


class StoredWindows:
    """Windows by UTC; ``now_s`` is the present, s since 1970.

    ``windows_s``: the lengths all nodes make; ``t_ref_k``: the reference temperature they share.
    InputError unless every node is in one of the databases with a configuration, all alike.
    """

    def __init__(
        self, readers: Sequence[Reader], layout: Layout, now_s: Callable[[], float]
    ) -> None:
        self._now_s = now_s
        self._held = [(s, _holder(readers, s)) for s in layout.sections if s.node]
        configs = [_newest_config(reader, section.node) for section, reader in self._held]
        self._volume_m3 = {config.node: config.volume_m3 for config in configs}
        lengths = [{float(text) for text in config.windows_s.split(",")} for config in configs]
        self.windows_s: tuple[float, ...] = tuple(sorted(set.intersection(*lengths)))
        self.t_ref_k = configs[0].t_ref_k
        if not self.windows_s:
            raise InputError("the nodes have no window length in common", "set windows_s alike")
        if any(config.t_ref_k != self.t_ref_k for config in configs):
            raise InputError("the nodes' reference temperatures differ", "set t_ref_mk alike")

    def readings(self, window_s: float, since_s: float, until_s: float) -> list[Reading]:
        """Windows within two UTC times; those without interval or clock fit are left out."""
        most = math.ceil((self._now_s() - since_s) / window_s) + 2
        found = []
        for section, reader in self._held:
            clocks: dict[BootKey, DeviceClock] = {}
            for row in reader.windows(section.node, window_s, most):
                boot = BootKey(row.node, row.epoch, row.boot)
                if boot not in clocks:
                    clocks[boot] = DeviceClock(reader.clock_fits(boot))
                u_pa_s = self._uncertainty(row)
                start_s = _utc_s(clocks[boot], row.first_device_ms)
                if start_s is None or u_pa_s is None:
                    continue
                end_s = start_s + window_s
                if since_s <= start_s and end_s <= until_s:
                    found.append(
                        Reading(section.name, start_s, end_s, row.slope_pa_s, u_pa_s,
                                row.pressure_mean_pa, row.u95_kind)
                    )  # fmt: skip
        return found

    def _uncertainty(self, row: WindowRow) -> float | None:
        """Of the slope; with everything that was declared where the record has that."""
        if any(flag in row.flags.split(",") for flag in _UNUSABLE):
            return None
        half = row.u95_slope_pa_s
        if row.u95_kind.startswith("full") and row.u95_pa_m3_s is not None:
            half = row.u95_pa_m3_s / self._volume_m3[row.node]
        return half / _COVERAGE if half else None


def _utc_s(clock: DeviceClock, device_ms: int) -> float | None:
    utc_us, bound_us = clock.utc_us(np.array([device_ms * 1000], np.int64))
    return None if bound_us[0] < 0 else float(utc_us[0]) / 1e6


def _holder(readers: Sequence[Reader], section: Section) -> Reader:
    for reader in readers:
        if section.node in (known.node for known in reader.nodes()):
            return reader
    raise InputError(
        f"section {section.name}: no database given has node {section.node}",
        "hullwatch nodes lists ids; log every node and name its database with --db",
    )


def _newest_config(reader: Reader, node: str) -> ConfigRow:
    for row in reader.configs(node, 1):
        return row
    raise InputError(f"node {node} has sent no configuration yet", "let it run for a minute")
