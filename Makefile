# `make demo` shows the main job, `make test` passes the tests. Both need Python 3.11 or newer, pip and make only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test bench lock clean help

help:  ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(READY)  ## Stamp a photo with examples/imager on the embedded AWS
	@$(BIN)/python examples/imager/demo.py

test: $(READY)  ## Run the whole suite: linters, types, import contracts, tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/pytest -n 2 --dist loadgroup

bench: $(READY)  ## Print the table of promised speeds, each beside its peer
	@$(BIN)/python -m bench

lock: $(READY)  ## Resolve requirements-dev.lock anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade \
		--python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock

clean:  ## Remove the virtual environment and what was built
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache examples/*/.lakon

$(READY): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		version=$$($(PYTHON) --version 2>/dev/null) || version="not there"; \
		echo "error: Lakon needs Python 3.11 or newer; '$(PYTHON)' is $$version. Try: make PYTHON=python3.12" >&2; exit 1; }
	@echo "making the virtual environment $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "error: python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -m1 -o '^uv==[^ ]*' requirements-dev.lock)"
	@echo "installing dependencies"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@
