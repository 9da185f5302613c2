# make setup   the environment in .venv (the other targets do it themselves when needed)
# make demo    a leaking chamber, the node and the logger; ARGS="--bench sim --for 2h" adds options
# make test    everything the project checks about itself
# make lint    the part of it that runs no code
# make docs    generated parts of the pages; ARGS=--outputs also runs their console blocks
# make bench   performance against stated yardsticks
.PHONY: setup demo test lint format docs bench lock clean
.DEFAULT_GOAL := setup

PYTHON ?= python3
ARGS ?=
# two workers (tools/one_clock.py says what goes together); WORKERS= is one, as a debugger wants it
WORKERS ?= -n 2 --dist loadgroup
BIN := .venv/bin
PY_SOURCES := firmware host tools $(wildcard hil_tests)
FIRMWARE := firmware/hullcore firmware/hullnode $(wildcard firmware/boards firmware/main.py)
NODE_TYPES := --custom-typeshed-dir .venv/typings --cache-dir .mypy_cache/firmware
STAMP := .venv/.installed

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock tools/make_venv.sh
	@PYTHON="$(PYTHON)" sh tools/make_venv.sh
	@touch $@

demo: $(STAMP)
	@$(BIN)/hullwatch demo $(ARGS)

test: lint
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff format --check --output-format concise $(PY_SOURCES)
	$(BIN)/ruff check --output-format concise $(PY_SOURCES)
	$(BIN)/mypy
	MYPYPATH=.venv/typings $(BIN)/mypy $(NODE_TYPES) $(FIRMWARE)
	$(BIN)/python tools/lint_subset.py
	$(BIN)/python tools/lint_size.py
	$(BIN)/lint-imports
	$(BIN)/python tools/gen_messages.py --check
	$(BIN)/python tools/gen_docs.py --check

format: $(STAMP)
	$(BIN)/ruff format $(PY_SOURCES)
	$(BIN)/ruff check --fix $(PY_SOURCES)

docs: $(STAMP)
	@$(BIN)/python tools/gen_messages.py
	@$(BIN)/python tools/gen_docs.py $(ARGS)

bench: $(STAMP)
	@$(BIN)/python tools/bench $(ARGS)

# Newest versions that pyproject.toml allows, written to the lock file.
lock:
	rm -rf .venv
	echo > requirements.lock
	$(MAKE) setup
	$(BIN)/python tools/make_lock.py

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
