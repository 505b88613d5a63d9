# All set-up lives here: every target creates what it needs.
#   make demo   the main job on a bundled example (core packages alone)
#   make test   the whole suite
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# A new stamp for every change of the dependencies, of the C sources or of the checkout's place.
STATE := $(shell cat pyproject.toml setup.py mecbopt/_core/*/*.[ch] mecbopt/_core/*.py 2>/dev/null \
	| cat - Makefile | (cat; pwd) | cksum | cut -d' ' -f1)
CORE := $(VENV)/.core-$(STATE)
DEV := $(VENV)/.dev-$(STATE)
JOBS ?= auto

.PHONY: demo test test-slow stress prove bench mutation docs lint native sanitize figures clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(CORE): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e .
	@rm -f $(VENV)/.core-*; touch $@

$(DEV): | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@rm -f $(VENV)/.core-* $(VENV)/.dev-*; touch $(CORE) $@

demo: $(if $(wildcard $(DEV)),$(DEV),$(CORE))
	$(BIN)/mecbopt demo

test: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-slow: $(DEV)
	$(BIN)/python -m pytest -m slow --timeout 7200

stress: $(DEV)
	$(BIN)/python -m tests.stress $(STRESS)

prove: $(DEV)
	$(BIN)/mecbopt prove

bench: $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m tests.benchmarks

mutation: $(DEV)
	$(BIN)/python -m tests.mutation

docs: $(DEV)
	$(BIN)/mkdocs build --strict

lint: $(DEV)
	$(BIN)/pre-commit run --all-files

figures: $(CORE)
	$(BIN)/mecbopt figures --out docs/figures

native: | $(BIN)/python
	$(BIN)/python mecbopt/_core/build_native.py

# The compiled core with AddressSanitizer and UndefinedBehaviorSanitizer under its own tests and the solvers'.
sanitize: $(DEV)
	$(BIN)/python -m tests.sanitize

clean:
	rm -rf build dist site *.egg-info mecbopt/_core/_build mecbopt/_core/*.so $(VENV)/.core-* $(VENV)/.dev-*
