# Each target does its own set-up in .venv; Python 3.11 or newer, git and make are all it takes.
PYTHON ?= python3
DIR ?= fixtures
BIN := .venv/bin

.PHONY: scan test check docs clean

## Scan DIR (by default the specimens in fixtures/, which are full of findings) and write chunklint.sarif beside it.
scan: .venv/.ready
	$(BIN)/chunklint scan --isolated --exit-zero --output-format text --output-format sarif=chunklint.sarif $(DIR)

## Run the tests, a file on one processor and the next on another.
test: .venv/.ready-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

## Everything else that must be clean: types, style, layers, rendered docs, and chunklint on itself.
check: .venv/.ready-dev
	$(BIN)/mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/chunklint scan .

## Render docs/rules and the README's table from the rules.
docs: .venv/.ready-dev
	$(BIN)/python docs/render.py

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chunklint needs Python 3.11 or newer; run: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

# Compiled once here, for where Python is told to leave no compiled files behind each start would do it again.
.venv/.ready: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q src rules
	touch $@

.venv/.ready-dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q src rules
	touch $@ .venv/.ready
