# EventFlow. `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8080
T ?= tests
VENV := .venv
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
export PYTHONPATH := $(CURDIR)

.PHONY: help run test check bench demo build openapi setup lint types imports sam-validate lock format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(BIN)/.ready ## set up, then the whole platform on http://127.0.0.1:8080 (PORT= moves it, KUBECONFIG= uses a real cluster)
	@$(BIN)/python -m local --port $(PORT)

test: $(BIN)/.ready ## set up, then the tests (T=path picks some)
	@$(BIN)/python -m pytest -n 2 -q $(T)

check: lint types imports openapi-fresh sam-validate test ## everything CI asks for

bench: $(BIN)/.ready ## the figures: cold starts, calls a request, latencies, convergence
	@$(BIN)/python -m tests.bench

demo: $(BIN)/.ready ## a function's life from token to delete, as a readable transcript
	@$(BIN)/python -m local.demo --port $(PORT)

build: $(BIN)/.ready $(SAM_VENV)/.ready ## sam build, with the layers' byte code compiled
	@PATH="$(CURDIR)/$(BIN):$$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM) build --parallel

openapi: $(BIN)/.ready ## write docs/openapi.json from the handlers
	@$(BIN)/python -m local.openapi --write

openapi-fresh: $(BIN)/.ready
	@$(BIN)/python -m local.openapi --check

setup: $(BIN)/.ready ## only make the virtual environment

lint: $(BIN)/.ready ## ruff: format and rules
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .

format: $(BIN)/.ready ## let ruff rewrite
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

types: $(BIN)/.ready ## mypy, strict
	@$(BIN)/mypy

imports: $(BIN)/.ready ## the layers of the house (.importlinter)
	@$(BIN)/lint-imports --no-cache

sam-validate: $(SAM_VENV)/.ready ## sam validate --lint
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM) validate --lint

lock: $(BIN)/.ready ## resolve the dependencies again
	@$(BIN)/python -m layers.lock

clean: ## remove what the targets made
	rm -rf $(VENV) $(SAM_VENV) .aws-sam .local

$(VENV)/bin/uv: requirements/uv.txt
	@echo "setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/uv.txt

$(BIN)/.ready: $(VENV)/bin/uv requirements/dev.txt
	@$(BIN)/uv pip install -q -p $(BIN)/python --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

$(SAM_VENV)/.ready: $(BIN)/.ready requirements/sam.txt
	@echo "setting up $(SAM_VENV) for aws-sam-cli"
	@$(BIN)/uv venv -q --clear -p $(PYTHON) $(SAM_VENV)
	@$(BIN)/uv pip install -q -p $(SAM_VENV)/bin/python --no-deps --require-hashes -r requirements/sam.txt
	@touch $@
