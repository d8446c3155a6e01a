PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# bytecode is compiled and kept when a module is first imported, not that of all modules at once
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check

.PHONY: help demo test lint docs oldest speed dist macho clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/'

demo: $(VENV)/.demo  ## the main job, offline: real stars -> embeddings -> classifier
	$(BIN)/python benchmarks/demo.py

# a worker more than cores, since many tests wait for processes of their own
test: $(READY)  ## what CI runs
	$(MAKE) --jobs 2 --output-sync lint docs
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile

lint: $(READY)  ## formatting, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(READY)  ## the site, with its examples run: docs/_build/index.html
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -j 2 -n -W --keep-going -q -b html docs docs/_build

oldest:  ## the tests with the oldest dependencies, on Python 3.11
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/pip install --quiet -c constraints-oldest.txt -e ".[test]"
	$(VENV)-oldest/bin/pytest tests

speed: $(READY)  ## whether embedding, training and periodograms are as fast as they were
	$(BIN)/python benchmarks/speed.py

dist: $(VENV)/.release  ## the wheel and the source archive, checked: dist/
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

$(VENV)/.release: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[release]"
	touch $@

MACHO ?= ../shared/weights/macho_a0.zip
macho: $(READY)  ## put the official weights, downloaded elsewhere, where pretrained="macho" looks
	install -D $(MACHO) "$$($(BIN)/python -c 'from sklearn_astromer.weights import WEIGHTS, store; \
	print(store.folder_of(WEIGHTS["macho"].url) / "partial" / "archive")')"
	$(BIN)/sklearn-astromer weights fetch macho

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[demo]"
	touch $@

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[dev,docs]"
	touch $@

clean:  ## remove all that make made
	rm -rf $(VENV) $(VENV)-oldest dist .mypy_cache .pytest_cache .ruff_cache .hypothesis docs/_build docs/api docs/gallery
