"""Layouts of what only a node with outputs needs. Made by tools/gen_messages.py: do not edit."""

# fmt: off
TEST_LOAD = 48
TEST_START = 49
TEST_START_FORMAT = "<IB"
TEST_ABORT = 50
TEST_STATE = 51
TEST_OUTPUTS = 52
TEST_OUTPUTS_FORMAT = "<BI"
TEST_PROGRESS_FORMAT = "<IIBBIIIiqqIBB"
KIND_RECIPE = 16
RECIPE_VERSION = 1
RECIPE_BODY = "<16sBBIIIIIIHIqIqIqBBIQIBII"
KIND_TEST = 17
TEST_VERSION = 1
TEST_BODY = "<IIIIBBBI32sQQIQIiiiiIqqqqq"
EVENT_OVERPRESSURE = 8205  # severity in bits 12…13
EVENT_OUTPUTS_SAFE = 8206  # severity in bits 12…13
EVENT_PHASE = 33  # severity in bits 12…13
# fmt: on
