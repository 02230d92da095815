# Each line can be copied and run without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help film test quick check fix bench clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

film: $(VENV)/film  ## install and make a film of examples/day: day.mp4
	$(BIN)/cutroom make "A warm 40-second film called 'One good day'" examples/day -o day.mp4

test: $(VENV)/dev  ## the whole test suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup

quick: $(VENV)/dev  ## the tests without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

check: $(VENV)/dev  ## style, types and the direction of imports
	$(BIN)/ruff format --check --diff src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/pyright
	$(BIN)/lint-imports

fix: $(VENV)/dev  ## mend what a machine can mend
	$(BIN)/ruff format src tests benchmarks examples
	$(BIN)/ruff check --fix src tests benchmarks examples

bench: $(VENV)/dev  ## time, processor and memory of the 60 s film, as JSON
	$(BIN)/python benchmarks/film.py

clean:  ## forget the virtual environment
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cutroom needs Python 3.11 or later: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/film: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
