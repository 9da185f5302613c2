"""Power cuts: whatever was synced is read again, in order, once; no number comes twice."""

import contextlib
import random

import pytest

from hullnode.spool import BUFFER, SEGMENT
from hullnode.spoolstart import open_spool
from hullwatch.sim.flashfiles import PowerCut


def atomic(_n):
    return -1


TEARS = {"kept": atomic, "nothing": lambda n: 0, "half": lambda n: n // 2, "all": lambda n: n,
         "but one": lambda n: n - 1}  # fmt: skip


@pytest.mark.parametrize("tear", TEARS)
def test_a_cut_at_every_operation_of_a_script(cut_script, tear):
    operation = 0
    while cut_script(operation, TEARS[tear], 11) is not None:
        operation += 1
    assert operation >= 50


def cut_at_random(cut_script, seed):
    rng = random.Random(seed)
    # mostly a torn tail: any byte of what was being written
    life = cut_script(rng.randrange(70), lambda n: rng.randint(-1, n), seed)
    if life is None:
        return 0
    files = life.files
    for _ in range(3):  # and again, before and after that start has synced anything
        files.cut_at(rng.randrange(12), lambda n: rng.randint(-1, n))
        with contextlib.suppress(PowerCut):
            life.script(rng.random(), 10)
        files.power_on()
        life.start()
    return 1


def test_cuts_at_random_bytes(cut_script):
    assert sum(cut_at_random(cut_script, seed) for seed in range(60)) > 20


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_cuts_at_random_bytes_a_thousand_times(cut_script):
    assert sum(cut_at_random(cut_script, seed) for seed in range(1000, 3000)) >= 1000


@pytest.mark.parametrize("tear", ["kept", "nothing", "half"])
def test_cuts_while_the_spool_is_found_again(run, tear):
    life = run()
    life.start()
    life.append(3 * SEGMENT)
    life.sync()
    life.append(5)
    files = life.files
    before = dict(files.content)
    for operation in range(20):
        files.content = dict(before)
        files.cut_at(operation, TEARS[tear])
        try:
            open_spool(files, "", lambda: 77)
        except PowerCut:
            pass
        else:
            break
        files.power_on()
        again = run(files)
        again.__dict__.update(copied(vars(life)))
        again.start()
    assert 0 < operation < 19


def test_runs_that_sync_nothing_never_share_a_number(run):
    """A host may have got what each of them sent."""
    life = run()
    life.start()
    life.append(20)
    life.sync()
    for _ in range(5):
        life.start()
        life.append(7)
    assert len(life.given) == 20 + 5 * 7
    numbers = sorted(life.given)
    assert numbers[20:27] == list(range(20 + BUFFER, 20 + BUFFER + 7))


def test_a_clean_stop_leaves_no_gap(run):
    life = run()
    life.start()
    for _ in range(5):
        life.append(30)
        life.stop()
        life.start()
    assert sorted(life.given) == list(range(150))
    assert life.told == set()


def copied(state):
    return {key: type(x)(x) if isinstance(x, (set, dict)) else x for key, x in state.items()}


# --- on littlefs ------------------------------------------------------------------------------


def journal(run, lfs, blocks, seed, steps):
    """(image before, steps of the flash, marks): (length of the journal, state) after each call."""
    files = lfs.LfsFiles(blocks=blocks)
    life = run(files)
    image = bytes(files.flash.buffer)
    files.flash.steps.clear()
    marks = []
    note = life.note

    def noted():
        note()
        marks.append((len(files.flash.steps), copied(vars(life))))

    life.start()
    life.note = noted
    noted()
    life.script(seed, steps)
    return image, files.flash.steps, marks


def played_back(run, lfs, made, chosen, rng):
    """Start again from the flash as it was after each of the chosen steps, or amid it."""
    image, steps, marks = made
    flash = bytearray(image)
    mark = 0
    checked = 0
    for k, (block, off, data) in enumerate(steps):
        at = block * lfs.BLOCK + off
        new = data if data is not None else b"\xff" * lfs.BLOCK
        while mark + 1 < len(marks) and marks[mark + 1][0] <= k:
            mark += 1
        if k in chosen and marks[0][0] <= k:
            torn = bytearray(flash)
            part = rng.randint(0, len(new))
            torn[at : at + part] = new[:part]
            life = run(lfs.LfsFiles(bytes(torn)))
            state = marks[mark][1]
            later = marks[min(mark + 1, len(marks) - 1)][1]
            # what the step was part of may have happened, or not
            life.__dict__.update(copied(state), files=life.files, acked=later["acked"])
            life.start(later["oldest"] + SEGMENT)
            life.append(BUFFER + 1)
            checked += 1
        flash[at : at + len(new)] = new
    return checked


@pytest.mark.parametrize("seed", [3])
def test_littlefs_cut_amid_chosen_programs_and_erases(run, lfs, seed):
    made = journal(run, lfs, 64, seed, 40)
    chosen = set(range(0, len(made[1]), 9))
    assert played_back(run, lfs, made, chosen, random.Random(seed)) > 20


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_littlefs_cut_amid_every_program_and_erase(run, lfs, seed):
    made = journal(run, lfs, 64, seed, 60)
    assert played_back(run, lfs, made, set(range(len(made[1]))), random.Random(seed)) > 250
