# `make demo` and `make test` install what they need by themselves: only Python 3.11+ and make have to be there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test lint types tests clean

install: .venv/installed

# --no-deps: requirements.txt names everything, with hashes.
.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: install
	$(BIN)/qacrawl demo

test: lint types tests

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

tests: install
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
