"""The spool on the littlefs of a real MicroPython: the power goes amid its flash operations."""

PROGRAM = """
import struct
import vfs
from hullcore.records import RecordStamp, event_record
from hullnode.spool import BUFFER
from hullnode.spoolstart import open_spool

class Flash:
    dead = False
    def __init__(self, data, left):
        self.data = data
        self.left = left
    def _cut(self):
        if self.left == 0:
            self.dead = True
            raise OSError(5)
        self.left -= 1
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        if self.dead:  # a file is closed by the collector
            return
        at = block * 4096 + offset
        n = len(buffer)
        if self.left == 0:
            n //= 3  # a page programmed in part
        self.data[at : at + n] = memoryview(buffer)[:n]
        self._cut()
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // 4096
        if op == 5:
            return 4096
        if op == 6 and not self.dead:
            self._cut()
            self.data[arg * 4096 : (arg + 1) * 4096] = b"\\xff" * 4096
        return 0

class Files:
    def __init__(self, flash):
        fs = vfs.VfsLfs2(flash, progsize=256)
        self.open = lambda path, mode="r": fs.open(path, mode)
        self.remove = fs.remove
        self.mkdir = fs.mkdir
        self.statvfs = fs.statvfs
        self._fs = fs
    def listdir(self, path):
        return [entry[0] for entry in self._fs.ilistdir(path)]

def run(data, cut):
    flash = Flash(data, -1)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    spool, pages, told = open_spool(Files(flash), "", lambda: 7)
    flash.left = cut
    kept = 0
    while spool.next < 420 and not spool.failed:
        head = RecordStamp(7, 1, spool.next)
        spool.append(event_record(head, 0, 0, 1, spool.next, 0, 0, ""))
        if spool.next % 40 == 0:
            while spool.sync():
                pass
        if not spool.failed:
            kept = spool.synced
    flash.dead = True
    return kept, spool

def check(data, kept, before):
    spool, pages, told = open_spool(Files(Flash(data, -1)), "", lambda: 8)
    assert spool.flash
    if kept:
        assert spool.epoch == 7, told
        assert spool.next >= before.next
        assert spool.oldest in (before.oldest, before.oldest + 185, max(0, before.oldest - 185))
        for number in range(spool.oldest, kept):
            record = spool.get(number)
            assert record and struct.unpack_from("<III", record) == (number, 7, 1), number

data = bytearray(44 * 4096)
cut = done = 0
while not done:
    kept, before = run(data, cut)
    done = not before.failed
    check(data, kept, before)
    cut += STEP
print(cut)
"""


def test_the_power_goes_at_every_few_operations_of_the_flash(on_vm):
    assert int(on_vm("unix64", PROGRAM.replace("STEP", "7")).split()[-1]) > 150
