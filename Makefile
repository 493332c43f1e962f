# The entry points for people and CI. Every target makes the environment it needs.

BIN := .venv/bin
STAMP := .venv/.installed
PYTEST_ARGS ?= -n auto

.DEFAULT_GOAL := help
.PHONY: help install demo test browser-test check format lint types imports definitions bench clean

help:
	@echo "make demo     the whole system on a sandbox, with the Dagster UI; Ctrl-C stops it"
	@echo "make install  only the environment, in .venv"
	@echo "make test     the whole test suite (PYTEST_ARGS='-k acceptance' for a part)"
	@echo "make browser-test  the Dagster UI in a real headless Chromium"
	@echo "make check    lint, types, import rules, Dagster definitions, tests"
	@echo "make bench    the benchmarks, as ratios"
	@echo "make clean    remove .venv, caches and the local stack's data"

install: $(STAMP)

# Made again only when what it is made from changed.
$(STAMP): requirements.lock pyproject.toml .ci/install
	@.ci/install
	@touch $(STAMP)

demo: install
	@$(BIN)/integration-pipelines demo

test: install
	$(BIN)/python -m pytest -m "not browser" $(PYTEST_ARGS)

# Needs a Chromium (Debian: apt-get install chromium); .ci/run installs it.
browser-test: install
	$(BIN)/python -m pytest -m browser

check: lint types imports definitions test

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

# Without a Dagster home, a database or keys: definitions load from the files alone.
definitions: install
	env -u DAGSTER_HOME -u DATABASE_URL CHANNELS_FILE=channels.example.yaml \
		$(BIN)/dagster definitions validate -w workspace.yaml

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .local build *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
