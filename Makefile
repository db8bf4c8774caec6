# Everything that this project does is a target here; CI calls the same ones. `make` lists them.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough; set PYTHON to choose another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# `make test T=tests/probes` runs a part of the tests.
T ?=

.DEFAULT_GOAL := help
.PHONY: help setup test check demo bench benchmark benchmark-quick benchmark-speed corpus labels constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the virtual environment with pinned versions

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "specfuzz needs Python 3.11 or newer" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

check: setup ## lint, types, the rooms' walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check ## all checks and all tests (CI calls exactly this)
	$(BIN)/python -m pytest -q -n auto --dist worksteal $(if $(T),$(T),--cov --cov-report=term --cov-fail-under=85)

demo: setup ## test the shipped insecure API, then its repaired twin
	$(BIN)/specfuzz demo

benchmark: setup ## score specfuzz against the APIs in specs/, five seeds; writes specs/SCOREBOARD.md
	$(BIN)/python -m specs.run specs --board specs/SCOREBOARD.md --json specs/scoreboard.json

benchmark-quick: setup ## the same with one seed, all on and all off; fails where it got worse
	$(BIN)/python -m specs.run specs --mode quick

benchmark-speed: setup ## measure planning, the engine, whole runs and growth; writes specs/SPEED.md
	$(BIN)/python -m specs.speed --output specs/SPEED.md

corpus: setup ## derive a contract for thousands of real documents; writes specs/CORPUS.md
	$(BIN)/python -m specs.corpus --output specs/CORPUS.md

labels: setup ## compare the derivation with labelled operations; writes the figures into docs/derivation.md
	$(BIN)/python -m specs.labels --write docs/derivation.md

constraints: ## pin the versions that a new environment gets
	rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --disable-pip-version-check --editable '.[dev]'
	{ echo "# Versions for a repeatable set-up: make constraints"; \
	  $(BIN)/python -m pip freeze --exclude-editable --all | grep -Ev '^(pip|setuptools|wheel)=='; } > constraints.txt
	@touch $(VENV)/.ready

clean: ## remove what the targets made
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
