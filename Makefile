# Every target prints its own help: run `make`.
PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv
LOCK := requirements/dev.lock
BOOTSTRAP := requirements/bootstrap.lock
CODE := $(wildcard src legacy tests benchmarks examples scripts)
# What the image of deploy/Dockerfile holds.
IMAGE_EXTRAS := aws notices oidc postgres traces web
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
# The docs theme announces a future release on every build; strict builds must stay quiet.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

.DEFAULT_GOAL := help
.PHONY: help install lock linters demo test check format format-check lint types layers docs bench screenshots clean

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv: every dependency, hash-checked, and duetime itself in editable form.

$(BIN)/uv: $(BOOTSTRAP)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "duetime needs Python 3.11 or newer and $(PYTHON) is not; name another: make install PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(BOOTSTRAP)
	@touch $@

$(VENV)/.installed: pyproject.toml $(LOCK) $(BIN)/uv
	$(UV) pip sync --quiet --require-hashes $(LOCK)
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(BIN)/uv ## Rewrite the lock files from pyproject.toml; pins that still fit stay, UPGRADE=1 takes the newest.
	$(COMPILE) --group bootstrap --output-file $(BOOTSTRAP)
	$(COMPILE) --all-extras --group dev --output-file $(LOCK) pyproject.toml
	$(COMPILE) --constraint $(LOCK) $(IMAGE_EXTRAS:%=--extra %) --output-file requirements/runtime.lock pyproject.toml
	$(COMPILE) --constraint $(LOCK) --group build --output-file requirements/build.lock
	$(COMPILE) --constraint $(LOCK) --group linters --output-file requirements/linters.lock

linters: install ## Add what lints deploy/ to .venv; about 400 MB, and without it those tests are skipped.
	$(UV) pip install --quiet --require-hashes --requirement requirements/linters.lock

demo: install ## Show duetime at work on a simulated cloud; needs no account.
	@$(BIN)/duetime demo

test: install ## Run all tests; pass options as ARGS="-k name".
	@echo "== tests"
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

check: format-check lint types layers test docs ## Everything that must pass before a change lands.
	@echo "== all checks passed"

format: install ## Format the code and apply the safe lint fixes.
	@$(BIN)/ruff check --quiet --fix-only $(CODE)
	@$(BIN)/ruff format $(CODE)

format-check: install
	@echo "== format"
	@$(BIN)/ruff format --check $(CODE)

lint: install ## Lint the code and spell-check everything.
	@echo "== lint"
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/codespell

types: install ## Check all types, strictly.
	@echo "== types"
	@$(BIN)/mypy $(CODE)

layers: install ## Check which package may import which.
	@echo "== layers"
	@$(BIN)/lint-imports --no-logo

docs: install ## Build the documentation into site/; a broken link is an error.
	@echo "== docs"
	@$(MKDOCS) build --strict

bench: install ## Measure speed; QUICK=1 for a short run.
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

screenshots: install ## Make the pictures of the README anew; needs chromium, and takes a minute or two.
	@$(BIN)/python scripts/screenshots.py

clean: ## Remove everything that make creates, .venv included.
	rm -rf $(VENV) site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
