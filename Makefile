# Every target is one line of glue; the work is in the `ballast` command.
UV ?= $(or $(shell command -v uv 2>/dev/null),$(HOME)/.cache/ballast/tools/uv/bin/uv)
export UV_PYTHON_PREFERENCE ?= only-system
export UV_COMPILE_BYTECODE ?= 1
RUN = $(UV) run --frozen --all-packages

.DEFAULT_GOAL := help
.PHONY: help up down test coverage e2e promote bench

help: ## List the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

up: $(UV) ## Bring the whole platform up on this machine (root, Linux)
	@$(RUN) --no-dev ballast up

down: $(UV) ## Stop it and leave nothing behind (data is kept; PURGE=1 drops it too)
	@$(RUN) --no-dev ballast down $(if $(PURGE),--purge)

test: $(UV) ## Lint, types, import contracts and every test that needs no cluster
	@$(RUN) --extra clouds ballast check

coverage: $(UV) ## The same, refused below the coverage that pyproject.toml asks for
	@$(RUN) --extra clouds ballast check --cov --cov-report=term:skip-covered

e2e: $(UV) ## Bring the platform up, run the tests that need it, take it down
	@$(RUN) ballast e2e

promote: $(UV) ## Gate what runs in dev and promote it to staging
	@$(RUN) --no-dev ballast promote dev staging

bench: $(UV) ## Measure this machine's bring-up and print it beside published figures
	@$(RUN) python benchmarks/up.py

$(HOME)/.cache/ballast/tools/uv/bin/uv:
	@python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target $(HOME)/.cache/ballast/tools/uv 'uv==0.13.8' || { echo "error: uv could not be installed by pip"; echo "fix: apt-get install python3-pip, then run make again"; exit 1; }
