"""Orders about tests that other commands send through the owner of a port."""

from __future__ import annotations

from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.link import messages as m

_PERMITTED = {x.name: x for x in (m.TEST_LOAD, m.TEST_START, m.TEST_ABORT, m.TEST_STATE)}


def order(message: m.Message, payload: bytes) -> Message:
    """The request that passes a message on to the node."""
    return {"do": requests.TEST, "message": message.name, "payload": payload.hex()}


def answer_data(answer: Message) -> bytes:
    """What the node answered."""
    return bytes.fromhex(str(answer.get("data", "")))


def about_tests(dialogue: Dialogue, request: Message) -> Message:
    """Pass a message of `order` on; Refused, Unanswered. InputError for any other message."""
    message = _PERMITTED.get(str(request.get("message")))
    try:
        payload = bytes.fromhex(str(request.get("payload", "")))
    except ValueError as error:
        raise InputError(f"payload: {error}", "this is a program error") from error
    if message is None:
        raise InputError("no message about tests", "are both programs of one version?")
    return {"data": dialogue.ask_now(message, payload).hex()}
