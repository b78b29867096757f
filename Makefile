# ticketgate: one command sets up and runs, one sets up and tests. Needs python3 >= 3.11 and make.

PYTHON ?= python3
BIN := .venv/bin
MYPY_PATHS := src connectors tests tools

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test lint gates check bench vectors screenshots lock python

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: python ## Make .venv with everything in it (done once; hash-pinned)
	@$(PYTHON) tools/bootstrap.py test

run: python ## Set up, then do the main job start to end on real parts
	@$(PYTHON) tools/bootstrap.py run
	$(BIN)/ticketgate demo

test: setup ## Set up, then run the tests with branch coverage (at least 95 %)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered --cov-fail-under=95 $(ARGS)

lint: setup ## Style, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(MYPY_PATHS)
	MYPYPATH=bench $(BIN)/mypy bench
	$(BIN)/lint-imports --no-logo

gates: setup # coverage of the last test run: every branch of domain and operations
	$(BIN)/coverage report --include='src/ticketgate/domain/*,src/ticketgate/operations/*' --fail-under=100

check: lint test gates ## Everything that must be green: lint, test, and full coverage of the rules

bench: setup ## Print the table of ratios
	$(BIN)/python bench/run.py $(ARGS)

vectors: setup ## Write docs/evidence-vectors.json anew (tests compare it)
	$(BIN)/python -m tools.vectors

screenshots: setup ## Write docs/screenshots/*.png anew (needs Debian's chromium)
	$(BIN)/python -m tools.screenshots

lock: # pin requirements/*.in anew; needs uv on the path
	cd requirements && $(UV_COMPILE) test.in -o test.lock
	cd requirements && for use in run build; do $(UV_COMPILE) -c test.lock $$use.in -o $$use.lock || exit; done

UV_COMPILE = uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11

python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "ticketgate needs Python 3.11 or newer; there is no $(PYTHON) here (try: make PYTHON=python3.12 …)" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "ticketgate needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) -V 2>&1` (try: make PYTHON=python3.12 …)" >&2; exit 2; }
