# The two commands of the README are `make demo` and `make test`; both set up what they need in .venv.
# `make help` lists the rest.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: faults stuck-eval help demo test lint fmt bench risk-eval docs-reference screenshots setup clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(VENV)/run.stamp ## the whole story, from an issue to a merge, in a scratch repository
	@$(BIN)/fleet demo $(ARGS)

test: $(VENV)/dev.stamp ## all tests, in parallel; ARGS="-k gate" passes words on to pytest
	@$(BIN)/python -m pytest -q -n auto --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp ## ruff, format, types, and the floors of the architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/dev.stamp ## put all code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/dev.stamp ## measure handoff, start-up, shim and log; writes bench/results/bench.json
	@$(BIN)/python bench/run.py $(ARGS)

risk-eval: $(VENV)/run.stamp ## how well the risk score tells defects, on git repositories: ARGS="REPO..."
	@$(BIN)/python bench/risk/evaluate.py $(ARGS)

stuck-eval: $(VENV)/dev.stamp ## how well stuck runs are told from healthy ones; ARGS names files of samples
	@$(BIN)/python tests/stuck/evaluate.py $(ARGS)

faults: $(VENV)/dev.stamp ## nights of random kills: ARGS="--nights 5 --harness all --seed 7", --help says more
	@$(BIN)/python -m tests.faults $(ARGS)

docs-reference: $(VENV)/dev.stamp ## write the pages of docs/ that are made from the code
	@$(BIN)/python docs/reference.py

screenshots: $(VENV)/dev.stamp ## take the pictures of the page that docs/ shows; needs Chromium
	@$(BIN)/python docs/screenshots.py $(ARGS)

setup: $(VENV)/dev.stamp ## everything that working on Fleet needs, and nothing more

clean: ## remove what the targets above have made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis bench/results build dist
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# A stamp is newer than pyproject.toml when what that asks for is installed.
$(VENV)/run.stamp: pyproject.toml | $(VENV)/made.stamp
	@echo "Installing Fleet into $(VENV) (once)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/made.stamp
	@echo "Installing Fleet and its tools into $(VENV) (once)"
	@$(PIP) install --editable '.[dev]'
	@touch $(VENV)/run.stamp $@

$(VENV)/made.stamp:
	@sh .ci/venv $(PYTHON) $(VENV)
	@touch $@
