"""What other commands may ask of the program that holds ports: `{"do": …, "port": …}`."""

STATUS = "status"
CONFIG_SHOW = "config_show"
CONFIG_SET = "config_set"
CALIBRATION_ADD = "calibration_add"
MARK_ADD = "mark_add"
TREND_MARK = "trend_mark"
CALIBRATE_NOISE = "calibrate_noise"
TEST = "test"

RELEASE = "release"
"""Lend the port to process `pid`; with `drain` only once nothing is left on the node."""

TAKE_BACK = "take_back"
"""The borrower is done with the port."""
