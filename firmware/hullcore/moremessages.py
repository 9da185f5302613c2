"""Layouts for some settings and the start. Made by tools/gen_messages.py: do not edit."""

# fmt: off
TREND_MARK_FORMAT = "<BIqqq"
CALIBRATE_NOISE_FORMAT = "<QI"
LEARNED_FORMAT = "<IIIB"
RAW_AUX_FORMAT = "<BBi"
RAW_HAS_AUX = 128
KIND_CONFIG = 3
CONFIG_VERSION = 1
CONFIG_BODY = "<I16s12sBHIIBBBQIIIIIIIiIiIIII12sBHIIiiBII"
KIND_PROFILE = 4
PROFILE_VERSION = 1
PROFILE_BODY = "<IIBQIIQQQQQiIQI"
KIND_TREND = 5
TREND_VERSION = 1
TREND_BODY = "<IIIBBBbqqqqBB100s"
KIND_WATCH = 6
WATCH_VERSION = 1
WATCH_BODY = "<IIIIIIHHBQII"
EVENT_BOOT = 1  # severity in bits 12…13
EVENT_CONFIG_BAD = 4100  # severity in bits 12…13
EVENT_AUX = 4111  # severity in bits 12…13
EVENT_AUX_FAULT = 4112  # severity in bits 12…13
EVENT_AUX_BACK = 17  # severity in bits 12…13
EVENT_REFERENCE_LEAK = 8210  # severity in bits 12…13
EVENT_RAPID = 8216  # severity in bits 12…13
EVENT_STEP = 8217  # severity in bits 12…13
EVENT_RAPID_END = 26  # severity in bits 12…13
EVENT_TREND = 27  # severity in bits 12…13
EVENT_TREND_ALARM = 8220  # severity in bits 12…13
EVENT_TREND_VOID = 4125  # severity in bits 12…13
EVENT_KNOWN_LEAK = 30  # severity in bits 12…13
EVENT_NOISE_STORED = 31  # severity in bits 12…13
EVENT_NOISE_VOID = 4128  # severity in bits 12…13
# fmt: on
