# make demo    both sandboxes, the six flows, edits on both sides, and the proof
# make test    all tests
# Each does all its own set-up on a machine with Python 3.11+ and make, and can be repeated.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
RUNS := $(VENV)/.runs
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
WORKERS = $(shell $(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')# many tests wait for processes of their own
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help setup demo test browser check lint types rooms locked lock mutants reliability bench bench-quick reference picture clean

help:
	@sed -n '1,3s/^# //p' Makefile
	@echo "make setup   the virtual environment alone      make check  linters, types, import contract, lock"

setup: $(STAMP)

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "Accord needs Python 3.11 or newer; none is here as '$(PYTHON)'. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Accord needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $(VENV)/.python

# What running needs, and no more: the demo starts within a minute of a clone.
$(RUNS): requirements-run.lock pyproject.toml | $(VENV)/.python
	@echo "== installing the pinned dependencies into $(VENV) (once; half a minute or so)"
	@$(INSTALL) --require-hashes -r requirements-run.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(RUNS)

$(STAMP): requirements.lock pyproject.toml | $(VENV)/.python
	@echo "== installing the pinned dependencies for developing into $(VENV) (once; a minute or two)"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(STAMP) $(RUNS)

demo: $(RUNS)
	@$(BIN)/accord demo $(DEMO_ARGS)

test: setup browser
	@echo "== tests"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Pages are looked at in a real browser, PDF is set by Pango, and MariaDB is one of the databases: all three are packages of the system.
PACKAGES := chromium libpangoft2-1.0-0 fonts-dejavu-core mariadb-server-core mariadb-client-core
browser:
	@if command -v chromium >/dev/null && ldconfig -p | grep -q libpangoft2 && PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then echo "== installing $(PACKAGES)"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES) >/dev/null; \
	else echo "Some tests need a browser, Pango and MariaDB, and fail without; on Debian: sudo apt-get install $(PACKAGES)"; fi

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
	@cp requirements.lock requirements-run.lock $(VENV)/
	@$(COMPILE) --group dev pyproject.toml -q -o $(VENV)/requirements.lock
	@$(COMPILE) --group build -c requirements.lock pyproject.toml -q -o $(VENV)/requirements-run.lock
	@cmp -s requirements.lock $(VENV)/requirements.lock && cmp -s requirements-run.lock $(VENV)/requirements-run.lock \
		|| { echo "The lock files do not fit pyproject.toml: make lock"; exit 1; }

lock: setup
	@$(COMPILE) --group dev pyproject.toml -q -o requirements.lock
	@$(COMPILE) --group build -c requirements.lock pyproject.toml -q -o requirements-run.lock

# Small faults, planted one at a time in the modules that decide; MODULES="merging conflicts" tries a part of them.
mutants: setup
	@nice -n 15 $(BIN)/python tests/mutants/run.py $(MODULES)

reliability: setup
	@$(BIN)/python benchmarks/reliability.py $(RELIABILITY_ARGS)

# Figures, each beside another of the same run: half an hour on a machine that does nothing else. bench-quick: only that it runs.
bench: setup
	@$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

bench-quick: setup
	@$(BIN)/python benchmarks/run.py --quick $(BENCH_ARGS)

reference: setup
	@$(BIN)/python docs/reference/make.py

picture: setup
	@$(BIN)/python docs/pictures/make.py

clean:
	@rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
