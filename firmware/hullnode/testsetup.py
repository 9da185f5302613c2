"""Loading a recipe, starting it, moving outputs by hand, with every reason not to.

Forgotten between two of them.
"""

import binascii
import struct

from hullcore import recipecheck
from hullcore.compat import const
from hullcore.interlocks import conflict
from hullcore.messages import NO_RECORD
from hullcore.recipe import Recipe
from hullcore.testmessages import (
    KIND_RECIPE,
    RECIPE_BODY,
    RECIPE_VERSION,
    TEST_LOAD,
    TEST_OUTPUTS,
    TEST_OUTPUTS_FORMAT,
    TEST_START_FORMAT,
)
from hullnode.sequencer import FAULT, IDLE
from hullnode.testrun import Run

_DONE = const(0)
_MALFORMED = const(2)
_REFUSED = const(9)
_RETEST = const(2)
_PART = const(32)
_HOLD_MS = const(86400000)


def command(node, message: int, payload: bytes) -> tuple:
    """(status, data) of TEST_LOAD, TEST_START or TEST_OUTPUTS."""
    if message == TEST_OUTPUTS:
        return _outputs(node, node.sequencer, payload)
    return (_load if message == TEST_LOAD else _start)(node, node.sequencer, payload)


def _outputs(node, seq, payload: bytes) -> tuple:
    if len(payload) != struct.calcsize(TEST_OUTPUTS_FORMAT):
        return _MALFORMED, b"mask and time expected"
    mask, hold_ms = struct.unpack(TEST_OUTPUTS_FORMAT, payload)
    valves = seq.valves
    reason = _why_not_now(node, seq)
    if not reason and not 0 < hold_ms <= _HOLD_MS:
        reason = "hold_ms: 1 to %d" % _HOLD_MS
    if not reason and mask >> len(valves.rows):
        reason = "there are %d outputs" % len(valves.rows)
    if not reason and conflict(valves.rows, mask) >= 0:
        reason = (
            "%s is open together with what it excludes"
            % valves.rows[conflict(valves.rows, mask)][1]
        )
    if not reason and not valves.open_only(mask, hold_ms):
        reason = "not moved"
    return (_REFUSED, reason.encode()) if reason else (_DONE, b"")


def _checked(node, seq, body: bytes):
    """The recipe of a body, or raises RecipeError."""
    config = node.config.values
    recipe = Recipe(body)
    wiring = config["outputs"].encode()
    recipecheck.check(recipe, config, seq.valves.rows, binascii.crc32(wiring))
    recipecheck.check_range(recipe, config, *node.sampler.range_pa())
    return recipe


def _load(node, seq, payload: bytes) -> tuple:
    if len(payload) != struct.calcsize(RECIPE_BODY):
        return _MALFORMED, b"recipe expected"
    if seq.phase not in (IDLE, FAULT):
        return _REFUSED, b"a test is running"
    body = bytes(payload)
    try:
        _checked(node, seq, body)
    except recipecheck.RecipeError as error:
        return _REFUSED, (error.field + ": " + str(error)).encode()[:160]
    seq.loaded = body
    seq.loaded_crc = binascii.crc32(body)
    seq.loaded_record = NO_RECORD
    return _DONE, struct.pack("<I", seq.loaded_crc)


def _start(node, seq, payload: bytes) -> tuple:
    size = struct.calcsize(TEST_START_FORMAT)
    if not size < len(payload) <= size + _PART:
        return _MALFORMED, b"recipe, attempt, part id expected"
    crc, attempt = struct.unpack_from(TEST_START_FORMAT, payload)
    try:
        part = bytes(payload[size:]).decode()
    except UnicodeError:
        return _MALFORMED, b"the part id is no UTF-8"
    reason = _why_not(node, seq, crc, attempt, part)
    if reason:
        return _REFUSED, reason.encode()[:160]
    try:
        recipe = _checked(node, seq, seq.loaded)
        run = _run_of(node, seq, recipe)
    except recipecheck.RecipeError as error:
        return _REFUSED, (error.field + ": " + str(error)).encode()[:160]
    if not 1 <= attempt <= recipe.tries:
        return _REFUSED, b"attempt: the recipe permits %d" % recipe.tries
    run.part = part
    run.attempt = attempt
    if seq.loaded_record == NO_RECORD:
        seq.loaded_record = seq.keep(
            (KIND_RECIPE, RECIPE_VERSION), RECIPE_BODY, struct.unpack(RECIPE_BODY, seq.loaded)
        )
    seq.begin(run)
    return _DONE, struct.pack("<I", seq.number)


def _why_not_now(node, seq) -> str:
    if seq.phase == FAULT or seq.valves.fault:
        return "outputs are cut after a fault: acknowledge it (test abort)"
    if seq.phase != IDLE:
        return "a test is running"
    if seq.valves.over:
        return "the pressure is at the over-pressure limit"
    if node.sampler is None or not node.sampler.healthy:
        return "the sensor does not deliver"
    return ""


def _why_not(node, seq, crc: int, attempt: int, part: str) -> str:
    reason = _why_not_now(node, seq)
    if reason:
        return reason
    if not seq.loaded or crc != seq.loaded_crc:
        return "another recipe is loaded"
    for known, before, verdict in seq.tested:
        if known == part and (verdict != _RETEST or attempt != before + 1):
            return "part id %s was used in test attempt %d" % (part, before)
    return ""


def _run_of(node, seq, recipe) -> Run:
    main = seq.main
    m = recipecheck.measurement_of(
        recipe, node.config.values, main.lsb_q8, main.record, seq.aux_lsb
    )  # fmt: skip
    profiles = node.pipeline.profiles
    known = _known(profiles.known if profiles else {}, recipe.measure_s)
    measure_s = recipe.measure_s
    if recipe.goal_fpa_m3_s:
        measure_s = recipecheck.predicted_s(recipe, m, known)
    return Run(recipe, m, seq.valves.rows, known, measure_s)


def _known(profiles: dict, length_s: int):
    """The noise profile for a window: of the shortest length that is as long, else the longest."""
    fitting = [s for s in profiles if s >= length_s]
    if fitting:
        return profiles[min(fitting)]
    if not profiles:
        return None
    longest = profiles[max(profiles)]
    # as in hullcore.learner: lags of one and a half windows have been seen
    return longest if 2 * longest.profile.lag_us >= 3 * length_s * 1000000 else None
