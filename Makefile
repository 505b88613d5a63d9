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
EXPERIMENT_JOBS ?= 1

.PHONY: demo test test-slow stress stress-certificates stress-neural prove bench mutation docs lint native sanitize figures gallery test-matrix dist wheels clean experiments

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
	$(BIN)/clang-format --dry-run --Werror mecbopt/_core/*/*.[ch]
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-slow: $(DEV)
	$(BIN)/python -m pytest -m slow --timeout 7200

stress: $(DEV)
	$(BIN)/python -m tests.stress $(STRESS)

# The oldest and the newest numpy and scipy that pyproject.toml allows, each in an environment of its own.
MATRIX_oldest := 'numpy==1.26.*' 'scipy==1.11.*' 'click==8.1.*' 'rich==13.7.*'
MATRIX_newest := --upgrade numpy scipy click rich
MATRIX_TESTS := tests/analysis tests/bernoulli tests/cli tests/core tests/info tests/formulation tests/control tests/mec \
	tests/plots tests/problem tests/engines tests/coding tests/codec

test-matrix: matrix-oldest matrix-newest

matrix-%:
	$(PYTHON) -m venv --clear $(VENV)-$*
	$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check -e '.[test]' $(MATRIX_$*)
	$(VENV)-$*/bin/python -m pip list --disable-pip-version-check | grep -E '^(numpy|scipy) '
	$(VENV)-$*/bin/python -m pytest -n $(JOBS) --dist worksteal $(MATRIX_TESTS)

# Source archive, and the wheel of this machine built from it; `make wheels` builds those of every platform here.
dist: $(DEV)
	$(BIN)/python -m build --outdir dist

wheels: $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'cibuildwheel>=2.20'
	$(BIN)/python -m cibuildwheel --output-dir dist

# 10,000 mutated streams and model files with repaired checksums: about ten minutes.
stress-neural: $(DEV)
	$(BIN)/python -m tests.stress.neural_files --count 10000

# 10,000 changed certificates for both checkers: about half an hour, and Node.
stress-certificates: $(DEV)
	$(BIN)/python -m tests.stress.certificates $(STRESS)

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

gallery: $(DEV)
	$(BIN)/python examples/gallery --out docs/figures/gallery

figures: $(CORE)
	$(BIN)/mecbopt figures --out docs/figures
	$(BIN)/mecbopt solve --samples examples/wine.csv --x flavanoids --bins 4 --label cultivar \
	  --py 1/4,1/2,1/4 --rate 0.8 --max-label-entropy 1.1 --quiet --plot docs/figures/wine-tags.png
	$(BIN)/mecbopt curve --samples examples/wine.csv --x flavanoids --bins 4 --label cultivar \
	  --py 1/4,1/2,1/4 --rates 0:1.5:16 --plot docs/figures/wine-curve.png

# Hours on a CPU; stopped and called again, it goes on.  DATA: root of the data sets; ONLY="--only mnist" for a part.
experiments: $(DEV)
	$(BIN)/python -m mecbopt.neural.experiments $(if $(DATA),--data $(DATA)) --out out/experiments --jobs $(EXPERIMENT_JOBS) $(ONLY)
	$(BIN)/python -m mecbopt.neural.experiments $(if $(DATA),--data $(DATA)) --out out/experiments --evaluate $(ONLY)
	$(BIN)/python -m mecbopt.neural.experiments --out out/experiments --draw out/experiments/figures

native: | $(BIN)/python
	$(BIN)/python mecbopt/_core/build_native.py

# The compiled core with AddressSanitizer and UndefinedBehaviorSanitizer under its own tests and the solvers'.
sanitize: $(DEV)
	$(BIN)/python -m tests.sanitize

clean:
	rm -rf build dist site *.egg-info mecbopt/_core/_build mecbopt/_core/*.so $(VENV)/.core-* $(VENV)/.dev-*
