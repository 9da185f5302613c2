"""`hullwatch calibrate noise`: keep the noise that a node has learned."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hullwatch.cli.options import DURATION, json_option, print_json
from hullwatch.cli.reach import ask_owner, holder_for
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import ControlError
from hullwatch.ingest.marks import Learned, blocks_needed, calibrate_noise
from hullwatch.ingest.ownport import own_dialogue

_LOOK_S = 2.0


@click.command("noise", epilog="Example: hullwatch calibrate noise --port /dev/ttyACM0 --upto 1h")
@click.option("--port", default=None, help="Port or USB serial number, when there are several.")
@click.option(
    "--upto", type=DURATION, default="10min", show_default=True,
    help="Longest window that is to have a profile.",
)  # fmt: skip
@json_option
def command(port: str | None, upto: float, as_json: bool) -> None:
    """Store the noise profile a node has learned as its calibrated one.

    The chamber has to be tight, or its leak steady, and its temperature quiet while the node
    learns (noise_profile=learn): what varies then counts as noise. Waits until enough is learned,
    7 min for windows of 1 min and 2 h for windows of 10 min; Ctrl-C ends it and nothing is stored.
    Then: hullwatch config set noise_profile=calibrated
    """
    upto_s = max(1, round(upto))
    with _reached(port) as ask, _bar() as bar:
        task = bar.add_task("learning", total=None)
        state = ask(0, upto_s)
        needed = blocks_needed(state.block_us, upto_s)
        while not state.stored:
            bar.update(task, total=needed, completed=min(state.blocks, needed))
            if state.blocks >= needed:
                state = ask(int(time.time()), upto_s)
                needed = state.blocks + state.blocks // 20 + 1  # if not stored: gaps cost blocks
            else:
                time.sleep(_LOOK_S)
                state = ask(0, upto_s)
    if as_json:
        print_json({"blocks": state.blocks, "block_us": state.block_us, "upto_s": state.longest_s})
    else:
        click.echo(f"stored, for windows of up to {state.longest_s} s")


@contextlib.contextmanager
def _reached(port: str | None) -> Iterator[Callable[[int, int], Learned]]:
    """A function that asks the node, through the owner of the port or over a port of our own."""
    holder = holder_for(port)
    if holder is None:
        with own_dialogue(port) as dialogue:
            yield lambda utc_s, upto_s: calibrate_noise(dialogue, utc_s, upto_s)
        return
    owner = holder

    def ask(utc_s: int, upto_s: int) -> Learned:
        request: Message = {"do": requests.CALIBRATE_NOISE, "utc_s": utc_s, "upto_s": upto_s}
        return _learned(ask_owner(owner, request))

    yield ask


def _learned(answer: Message) -> Learned:
    blocks, block_us, longest_s = (answer.get(key) for key in ("blocks", "block_us", "longest_s"))
    if not (isinstance(blocks, int) and isinstance(block_us, int) and isinstance(longest_s, int)):
        raise ControlError(
            "the logger's answer has no numbers", "are both programs of one version?"
        )
    return Learned(blocks, block_us, longest_s, answer.get("stored") is True)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} blocks"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
