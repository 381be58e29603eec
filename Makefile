# From a clone with git, make and Python 3.11 to 3.13: `make paper` or `make test`, each by itself.
# Everything is installed in .venv, from locked and hashed requirements. `make help` lists the rest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: install paper paper-full test docs lint bench lock clean help FORCE

PYTHON ?=
PYTEST_ARGS ?=
PROCESSES ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps

export MPLBACKEND := Agg

install: $(VENV)/.run ## install the package and what it needs in .venv

paper: $(VENV)/.run ## build every figure and table into results/paper/
	$(BIN)/ceasefire paper

paper-full: $(VENV)/.run ## compute every experiment anew, then build the paper
	$(BIN)/ceasefire paper --full --jobs $(PROCESSES)

test: $(VENV)/.dev ## run the tests and the examples in the documentation
	$(BIN)/python -m pytest -n $(PROCESSES) $(PYTEST_ARGS)

docs: $(VENV)/.dev ## build the documentation into docs/_build/html; a warning is an error
	@echo "building the documentation, some minutes; then open docs/_build/html/index.html"
	$(BIN)/python -m sphinx -W --keep-going -n -q -j $(PROCESSES) docs docs/_build/html

lint: $(VENV)/.dev ## check style, types and the order of the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## time the solvers, cold and warm
	$(BIN)/python -m pytest benchmarks/ $(PYTEST_ARGS)

lock: ## resolve pyproject.toml again into requirements/*.lock (needs the network)
	UPGRADE="$(UPGRADE)" PYTHON="$(PYTHON)" sh requirements/lock.sh

clean: ## remove .venv, caches and build products; results/ stays
	rm -rf $(VENV) build dist docs/_build docs/gallery docs/reference/api docs/reference/commands docs/reference/tables .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks
	find models tests benchmarks experiments -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "PYTHON=python3.12 chooses the interpreter; PYTEST_ARGS='-k course' passes options to pytest."

# A stamp is removed before an install and written after it, so an interrupted install leaves none.
# dev.lock holds run.lock at the same versions, so the larger install serves for both.

$(VENV)/.run: $(VENV)/.base requirements/run.lock pyproject.toml
	@echo "installing requirements/run.lock in $(VENV)"
	@rm -f $(VENV)/.run $(VENV)/.dev
	@$(INSTALL) --only-binary :all: --require-hashes -r requirements/run.lock
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.lock pyproject.toml
	@echo "installing requirements/dev.lock in $(VENV)"
	@rm -f $(VENV)/.run $(VENV)/.dev
	@$(INSTALL) --only-binary :all: --require-hashes -r requirements/dev.lock
	@$(INSTALL) --no-build-isolation --editable .
	@touch $(VENV)/.run $@

# Made anew when there is none, its interpreter is gone, the checkout has moved, or PYTHON changed.
$(VENV)/.base: FORCE
	@sh requirements/venv.sh $(VENV) "$(PYTHON)"

FORCE:
