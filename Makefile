# `make demo` and `make test` install what they need by themselves: only Python 3.11+ and make have to be there.
PYTHON ?= python3
BIN := .venv/bin
comma := ,

.PHONY: help install demo test lint types tests spark names package clean

install: .venv/installed  ## Build .venv: qacrawl, and all that its tests need

help:  ## List these targets
	@sed -n 's/^\([a-z]*\):.*##/\1 /p' Makefile | awk '{printf "make %-8s ", $$1; $$1 = ""; print}'

# A .venv of another Python than $(PYTHON), or one whose Python is gone, is made anew.
version = $(shell $(1) -c 'import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])' 2>&-)
WANTED := $(call version,$(PYTHON))
FOUND := $(if $(wildcard .venv),$(or $(call version,$(BIN)/python),gone))
ifneq ($(FOUND),$(or $(WANTED),$(FOUND:gone=)))
WHY := $(if $(FOUND),making .venv anew: its Python is $(FOUND)$(comma) $(PYTHON) is $(WANTED))
.PHONY: .venv/installed
endif

# --no-deps: requirements.txt names everything, with hashes.
.venv/installed: requirements.txt pyproject.toml
	@test "$(WANTED)" || { echo "qacrawl needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@if test "$(WHY)"; then echo "$(WHY)"; rm -rf .venv; fi
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: install  ## Crawl and publish an invented site on this machine, and show the result
	$(BIN)/qacrawl demo

test: lint types tests  ## All that CI runs: lint, types, tests

lint: install  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## mypy, strict
	$(BIN)/mypy

tests: install  ## The tests, or some: make tests ARGS="tests/parse -q"
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

spark: .venv/spark  ## The tests on a Spark cluster, after installing PySpark (half a gigabyte)
	$(BIN)/python -m pytest tests/rebuild/test_spark.py $(ARGS)

names: .venv/names  ## The tests of a model that finds names, after installing spaCy
	$(BIN)/python -m pytest tests/redact/test_third.py $(ARGS)

.venv/spark .venv/names: .venv/%: requirements-%.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r $<
	touch $@

package:  ## Build wheel and sdist, and try both
	.ci/package

clean:  ## Remove .venv, builds and caches
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
