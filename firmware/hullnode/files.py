"""The file system of a board on MicroPython, as the spool uses it."""

import os


class Files:
    """`open`, `remove`, `listdir`, `mkdir`, `statvfs` of the port."""

    def __init__(self) -> None:
        self.open = open
        self.remove = os.remove
        self.listdir = os.listdir
        self.mkdir = os.mkdir
        self.statvfs = os.statvfs
