"""What the owner of a port answers to other commands, about the store and about the node."""

from __future__ import annotations

from dataclasses import asdict

from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.marks import Mark, calibrate_noise, send_mark
from hullwatch.ingest.settings import check_changes, read_settings, write_settings
from hullwatch.ingest.testorders import about_tests
from hullwatch.store import CalibrationRow, MarkRow, Store


def about_store(request: Message, store: Store) -> Message | None:
    """The answer to a request for a row in the database; None when it is another request."""
    if request.get("do") == requests.CALIBRATION_ADD:
        values = request.get("calibration")
        if not isinstance(values, dict):
            raise InputError("calibration missing", "this is a program error")
        store.add_calibration(CalibrationRow.from_message(values))
        return {"stored": True}
    if request.get("do") == requests.MARK_ADD:
        values = request.get("mark")
        if not isinstance(values, dict):
            raise InputError("mark missing", "this is a program error")
        return {"number": store.add_mark(MarkRow.from_message(values))}
    return None


def about_node(logger: Logger, what: object, request: Message) -> Message:
    """The answer to a request that the node has to be asked about."""
    if what == requests.CONFIG_SHOW:
        return {"settings": read_settings(logger)}
    if what == requests.CONFIG_SET:
        changes = request.get("settings")
        if not isinstance(changes, dict):
            raise InputError("settings missing", "this is a program error")
        texts = {str(key): str(value) for key, value in changes.items()}
        check_changes(texts)
        write_settings(logger, texts)
        return {"written": texts}
    if what == requests.TREND_MARK:
        send_mark(logger, Mark(*_numbers(request, "what", "window_s", "rate", "u", "bound")))
        return {"marked": True}
    if what == requests.CALIBRATE_NOISE:
        return asdict(calibrate_noise(logger, *_numbers(request, "utc_s", "upto_s")))
    if what == requests.TEST:
        return about_tests(logger, request)
    raise InputError(f"unknown request {what!r}", "are both programs of one version?")


def _numbers(request: Message, *names: str) -> list[int]:
    found = [request.get(name) for name in names]
    if not all(isinstance(value, int) for value in found):
        raise InputError(f"{', '.join(names)}: numbers expected", "this is a program error")
    return [value for value in found if isinstance(value, int)]
