# make          lists the commands
# make serve    runs the server on an empty or existing ./data
# make test     lint, types, imports and tests

PYTHON ?= python3
BIN := .venv/bin
SERVE ?=
PYTEST ?=
FUZZ ?= 100

# The tests start many processes: each would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup serve test test-all check ready lint format screenshots lock clients chromium bench fuzz clean

help:  ## Say which commands there are
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.runtime  ## Make .venv from the locked requirements

serve: .venv/.runtime  ## Run the server at http://127.0.0.1:8000 with its data in ./data
	@$(BIN)/shipmark serve $(SERVE)

# Three workers for two processors: a third of the time a test waits, for a disk, a server or a browser.
test: ready  ## Check lint, types, imports and tests, on one database and without exhaustive ones
	$(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST)

check: test-all  ## What CI runs

test-all: ready  ## The same with all tests, on both databases
	SHIPMARK_TEST_DATABASES=all $(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST)

# Clients and the browser are downloaded while the packages of Python are installed. Types are checked on one processor
# while the other one compiles what tests import, which each of their workers would do.
ready:
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target clients chromium lint .venv/.compiled

lint: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/.test  ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.test  ## Measure publishing, lists and starting, beside their targets
	$(BIN)/python bench/publish.py
	$(BIN)/python bench/list.py
	$(BIN)/python bench/pages.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/start.py
	$(BIN)/python bench/upload.py
	$(BIN)/python bench/sign_in.py
	$(BIN)/python bench/digest.py

fuzz: .venv/.test  ## Try many examples that nobody thought of: requests, properties, writers at the same moment
	SHIPMARK_FUZZ_EXAMPLES=$(FUZZ) $(BIN)/python -m pytest -n 2 tests/api/test_any_request.py \
	  tests/api/test_writing_at_once.py $(PYTEST)
	SHIPMARK_FUZZ_EXAMPLES=$(FUZZ) $(BIN)/python -m pytest -n 2 -m hypothesis $(PYTEST)

screenshots: .venv/.test chromium  ## Take pictures of every page into ./screenshots
	$(BIN)/python tests/browser/screenshots.py

lock: .venv/.test  ## Lock the requirements anew
	$(BIN)/python -m uv pip compile pyproject.toml requirements/runtime.in \
	  --python-version 3.11 --universal --generate-hashes --no-header --no-emit-index-url \
	  --output-file requirements/runtime.txt --quiet
	$(BIN)/python -m uv pip compile pyproject.toml requirements/runtime.in --group test \
	  --constraints requirements/runtime.txt \
	  --python-version 3.11 --universal --generate-hashes --no-header --no-emit-index-url \
	  --output-file requirements/test.txt --quiet

clients:
	@bash tests/conformance/install_clients.sh

chromium:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)

clean:  ## Remove everything that was made, but for ./data
	rm -rf .venv .clients .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements/runtime.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What fails here fails again, and is told, in the run.
.venv/.compiled: .venv/.test
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 || true
	@touch $@

.venv/.test: requirements/test.txt .venv/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@
