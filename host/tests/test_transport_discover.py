"""Boards are told apart by what USB says of them; the enumerator is injected."""

from types import SimpleNamespace

import pytest

from hullwatch.errors import PortAmbiguous, PortMissing
from hullwatch.transport.discover import PortInfo, find_port, list_ports


def usb(device, serial_number=None, vid=None, pid=None, product=None, location=None):
    return SimpleNamespace(
        device=device, serial_number=serial_number, vid=vid, pid=pid, product=product,
        location=location,
    )  # fmt: skip


PICO = usb("/dev/ttyACM3", "E6614104", 0x2E8A, 0x0005, "Board in FS mode", "1-1:1.0")
PICO_DATA = usb("/dev/ttyACM2", "E6614104", 0x2E8A, 0x0005, "Board in FS mode", "1-1:1.2")
OTHER = usb("/dev/ttyACM1", "E6619999", 0x2E8A, 0x0005, "Board in FS mode", "1-2:1.0")
PROBE = usb("/dev/ttyACM0", "E660AAAA", 0x2E8A, 0x000C, "Debug Probe (CMSIS-DAP)", "1-3:1.1")
FTDI = usb("/dev/ttyUSB0", "A50285BI", 0x0403, 0x6001, "FT232R", "1-4")
UART = usb("/dev/ttyS0")


def these(*ports):
    return lambda: list(ports)


def test_what_usb_says_is_kept():
    assert list_ports(these(PICO)) == [
        PortInfo("/dev/ttyACM3", "E6614104", 0x2E8A, 5, "Board in FS mode", 0, "1-1")
    ]
    assert list_ports(these(UART)) == [PortInfo("/dev/ttyS0")]


def test_the_only_pico_is_meant_when_nothing_is_said():
    assert find_port(None, these(FTDI, UART, PICO)).device == "/dev/ttyACM3"


def test_a_debug_probe_is_no_node():
    assert find_port(None, these(PROBE, PICO)).device == "/dev/ttyACM3"
    with pytest.raises(PortMissing):
        find_port(None, these(PROBE))


def test_of_two_interfaces_the_lowest_is_the_console_whatever_its_tty_number():
    for order in ((PICO, PICO_DATA), (PICO_DATA, PICO)):
        assert find_port(None, these(*order)).device == "/dev/ttyACM3"
        assert find_port("E6614104", these(*order)).device == "/dev/ttyACM3"
        assert find_port("E6614104:2", these(*order)).device == "/dev/ttyACM2"
        assert find_port("E6614104:0", these(*order)).device == "/dev/ttyACM3"


def test_without_interface_numbers_the_lowest_tty_is_the_console():
    first = usb("/dev/cu.usbmodem9", "E6", 0x2E8A, 5, "Board", "20-1")
    second = usb("/dev/cu.usbmodem11", "E6", 0x2E8A, 5, "Board", "20-1")
    assert find_port(None, these(second, first)).device == "/dev/cu.usbmodem9"


def test_no_board_lists_what_is_there():
    with pytest.raises(
        PortMissing, match=r"no Pico found; ports: /dev/ttyUSB0 \(FT232R, 0403"
    ) as e:
        find_port(None, these(FTDI))
    assert e.value.exit_code == 10
    assert "\n" not in e.value.message
    with pytest.raises(PortMissing, match="ports: none"):
        find_port(None, these())


def test_two_boards_are_not_guessed_between():
    with pytest.raises(PortAmbiguous, match=r"2 boards fit.*E6614104.*E6619999"):
        find_port(None, these(PICO, OTHER))
    assert find_port("e6619999", these(PICO, OTHER)).device == "/dev/ttyACM1"


def test_a_serial_number_must_be_whole():
    with pytest.raises(PortMissing, match="serial number E661; ports"):
        find_port("E661", these(PICO))


def test_copies_with_one_serial_number_are_ambiguous_by_it_and_fine_by_path():
    twin = usb("/dev/ttyACM9", "E6614104", 0x2E8A, 0x0005, "Board in FS mode", "1-9:1.0")
    with pytest.raises(PortAmbiguous):
        find_port("E6614104", these(PICO, twin))
    found = find_port("/dev/ttyACM9", these(PICO, twin))
    assert found.spec == "/dev/ttyACM9"


def test_a_path_is_taken_as_it_is_and_learns_its_serial_number(tmp_path):
    assert find_port("/dev/ttyACM3", these(PICO)).spec == "E6614104:0"
    link = tmp_path / "by-id"
    link.symlink_to("/dev/ttyACM3")
    assert find_port(str(link), these(PICO)).serial_number == "E6614104"
    assert find_port("/dev/null", these(PICO)) == PortInfo("/dev/null")


def test_a_path_that_is_not_there_lists_what_is():
    with pytest.raises(PortMissing, match=r"/dev/ttyACM77: no such port; ports: /dev/ttyACM3"):
        find_port("/dev/ttyACM77", these(PICO))


def test_a_board_is_found_again_under_another_tty():
    before = find_port("/dev/ttyACM3", these(PICO, PICO_DATA))
    moved = usb("/dev/ttyACM7", "E6614104", 0x2E8A, 0x0005, "Board in FS mode", "2-4:1.0")
    squatter = usb("/dev/ttyACM3", "E6619999", 0x2E8A, 0x0005, "Board in FS mode", "1-1:1.0")
    assert find_port(before.spec, these(squatter, moved)).device == "/dev/ttyACM7"
    with pytest.raises(PortMissing):
        find_port(before.spec, these(squatter))


def test_a_url_needs_no_enumeration():
    def never():
        raise AssertionError

    assert find_port("socket://host:5000", never).spec == "socket://host:5000"


def test_a_board_unplugged_while_looked_at_is_looked_for_again():
    tries = iter([TypeError("int() argument"), FileNotFoundError(), None])

    def enumerator():
        error = next(tries)
        if error is not None:
            raise error
        return [PICO]

    assert [port.device for port in list_ports(enumerator)] == ["/dev/ttyACM3"]


def test_the_machines_own_enumerator_works():
    assert all(isinstance(port, PortInfo) for port in list_ports())
