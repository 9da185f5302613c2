"""The switch under a power cut at every single operation of the flash, on littlefs itself."""

import json

import pytest

import capability
import run_on_vm
from hullwatch.flash.corehash import file_hash
from hullwatch.flash.onboard import FOLDER
from hullwatch.flash.pack import make_pack

OLD = {
    "main.py": b"print('old')\n",
    "hullcore/a.mpy": b"a" * 300,
    "hullcore/b.mpy": b"b" * 5000,
    "hullnode/stray.mpy": b"s" * 700,
    "board/c.mpy": b"c" * 100,
}
NEW = {
    "main.py": b"print('new')\n",
    "hullcore/a.mpy": b"A" * 400,
    "hullcore/b.mpy": b"B" * 4500,
    "hullcore/deep/d.mpy": b"d" * 900,
    "board/c.mpy": b"c" * 100,
}

_PROGRAM = """
import json, os, vfs

class Cut(Exception):
    pass

class Flash:
    def __init__(self, image, left):
        self.image = image
        self.left = left  # operations until the power fails, -1: never
    def _operation(self):
        if self.left == 0:
            raise Cut
        self.left -= 1
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = self.image[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        self._operation()
        at = block * 4096 + offset
        torn = len(buffer) // 2 if self.left == 0 else len(buffer)  # the last one only in half
        self.image[at : at + torn] = buffer[:torn]
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.image) // 4096
        if op == 5:
            return 4096
        if op == 6:
            self._operation()
            self.image[arg * 4096 : arg * 4096 + 4096] = b"\\xff" * 4096
        return 0

def mounted(image, left):
    vfs.mount(vfs.VfsLfs2(Flash(image, left)), "/f")
    os.chdir("/f")

def unmounted():
    os.chdir("/")
    vfs.umount("/f")

def started():
    # what the board does when it is powered: main.py runs
    names = {"__name__": "switch"}
    with open("main.py") as f:
        text = f.read()
    if text.startswith("print("):
        return eval(text[6:-2])
    exec(text, names)
    names["switch"](lambda path: None)
    return "switched"

def tree(folder, found):
    for name in os.listdir(folder or "."):
        path = folder + "/" + name if folder else name
        if os.stat(path)[0] & 0x4000:
            tree(path, found)
        else:
            with open(path, "rb") as f:
                found[path] = f.read()

def put(path, data):
    at = path.find("/")
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass
        at = path.find("/", at + 1)
    with open(path, "wb") as f:
        f.write(data)

with open("$DATA/plan.json") as f:
    plan = json.load(f)
with open("$DATA/update.pack", "rb") as f:
    pack = f.read()
first = bytearray(64 * 4096)
vfs.VfsLfs2.mkfs(Flash(first, -1))
mounted(first, -1)
for path, text in plan["old"].items():
    put(path, text.encode())
put("update.pack", pack)
put("main.py", plan["switch"].encode())
unmounted()
first = bytes(first)
new = {path: text.encode() for path, text in plan["new"].items()}
cuts = 0
while True:
    image = bytearray(first)
    mounted(image, cuts)
    try:
        started()
        cut = False
    except Cut:
        cut = True
    except OSError:
        cut = True  # littlefs makes an I/O error of it
    unmounted()
    mounted(image, -1)
    then = started()  # nobody but the board itself
    if then == "switched":
        then = started()
    found = {}
    tree("", found)
    unmounted()
    if then != "new" or found != new:
        print("after", cuts, then, sorted(found), [p for p in new if found.get(p) != new[p]])
        break
    if not cut:
        print("whole after", cuts)
        break
    cuts += 1
"""


@pytest.mark.parametrize("switched", ["once", "twice"])
def test_a_cut_at_any_flash_operation_ends_in_the_new_version(tmp_path, switched):
    """`twice`: half of the files are in place already from a run that was cut before."""
    capability.executable("micropython")
    old = dict(OLD)
    pack = make_pack(NEW, {path: file_hash(data) for path, data in old.items()})
    if switched == "twice":
        old |= {"hullcore/a.mpy": NEW["hullcore/a.mpy"], "main.py~": b"half a f"}
    (tmp_path / "update.pack").write_bytes(pack.data)
    plan = {
        "switch": (FOLDER / "switch.py").read_text(),
        "old": {path: data.decode() for path, data in old.items()},
        "new": {path: data.decode() for path, data in NEW.items()},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    said = run_on_vm.run("unix64", _PROGRAM, extra={"DATA": tmp_path}).stdout
    words = said.splitlines()[-1].split()  # collected files of a cut flash complain before
    assert words[:2] == ["whole", "after"], said
    assert int(words[2]) > 30  # it did take so many operations
