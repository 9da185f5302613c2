"""What other commands may ask of the program that holds a port; the keys of the JSON are here."""

STATUS = "status"
CONFIG_SHOW = "config_show"
CONFIG_SET = "config_set"
