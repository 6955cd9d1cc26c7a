# make demo    both sandboxes, the six flows, edits on both sides, and the proof
# make test    all tests
# Each does all its own set-up on a machine with Python 3.11+ and make, and can be repeated.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: help setup demo test check lint types rooms locked lock reliability reference picture clean

help:
	@sed -n '1,3s/^# //p' Makefile
	@echo "make setup   the virtual environment alone      make check  linters, types, import contract, lock"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Accord needs Python 3.11 or newer; none is here as '$(PYTHON)'. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Accord needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12"; exit 1; }
	@echo "== making $(VENV) with the pinned dependencies (once; a minute or so)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup
	@$(BIN)/accord demo $(DEMO_ARGS)

test: setup
	@echo "== tests"
	@$(BIN)/python -m pytest -n auto

check: setup lint types rooms locked

lint: setup
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q . || { echo "Some files are not formatted: $(BIN)/ruff format ."; exit 1; }

types: setup
	@echo "== mypy --strict"
	@$(BIN)/mypy

rooms: setup
	@echo "== import contract"
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log; exit 1; }

locked: setup
	@echo "== lock"
	@cp requirements.lock $(VENV)/requirements.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--group dev pyproject.toml -q -o $(VENV)/requirements.lock
	@cmp -s requirements.lock $(VENV)/requirements.lock || { echo "requirements.lock does not fit pyproject.toml: make lock"; exit 1; }

lock: setup
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--group dev pyproject.toml -q -o requirements.lock

reliability: setup
	@$(BIN)/python benchmarks/reliability.py $(RELIABILITY_ARGS)

reference: setup
	@$(BIN)/python docs/reference/make.py

picture: setup
	@$(BIN)/python docs/pictures/make.py

clean:
	@rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
