"""What other commands may ask of the program that holds ports: `{"do": …, "port": …}`."""

STATUS = "status"
CONFIG_SHOW = "config_show"
CONFIG_SET = "config_set"
CALIBRATION_ADD = "calibration_add"
TREND_MARK = "trend_mark"
CALIBRATE_NOISE = "calibrate_noise"
