# One word per task; bare `make` prints them.

VENV := .venv
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
BIN := $(VENV)/bin
STORES ?= 20
MONTHS ?= 2017-01
LINES ?= 1000000
LEADERS ?= 10000
LESSONS ?= 100
SCALE ?= 1
RACES ?=
SECONDS ?= 5
CLIENTS ?= 1,16,64

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-long fuzz check inspect lint types map migrations pages docs migration \
        format replay races bench bench-settlement bench-school pins clean

help: ## print this list
	@echo "groupbuy: the backend of a community group-buying mini-program"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "PYTHON=… chooses the interpreter (3.11 or newer); GROUPBUY_PORT and"
	@echo "GROUPBUY_VALKEY_PORT choose the ports of make run (8000 and 6380)."

run: $(RUNTIME) ## start everything and print where it is; Ctrl-C stops it
	@$(BIN)/python -m scripts.dev.serve

test: $(DEVELOPMENT) ## run the tests
	@$(BIN)/python -m pytest -n logical --dist worksteal -m "not long"

fuzz: $(DEVELOPMENT) ## odd requests of every kind, as everybody, for an hour at most
	@$(BIN)/python -m pytest -m long tests/app/test_description_holds.py tests/app/test_unusual_requests.py

test-long: $(DEVELOPMENT) ## run the tests that take longer than CI allows
	@$(BIN)/python -m pytest -m long

check: inspect test ## everything that CI runs

inspect: lint types map migrations pages ## everything that CI runs, but the tests

lint: $(DEVELOPMENT) ## ruff: lint and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(DEVELOPMENT) ## mypy, strict
	@$(BIN)/mypy

map: $(DEVELOPMENT) ## the import map
	@$(BIN)/lint-imports

migrations: $(DEVELOPMENT) ## one head, and equal to the models
	@$(BIN)/python -m scripts.dev.migrations

pages: $(DEVELOPMENT) ## the generated pages of docs/ are up to date
	@$(BIN)/python -m scripts.dev.document --check

docs: $(DEVELOPMENT) ## write the generated pages of docs/
	@$(BIN)/python -m scripts.dev.document

migration: $(DEVELOPMENT) ## draft the next migration: name=<domain>_<verb>
	@$(BIN)/python -m scripts.dev.migrations --draft "$(name)"

format: $(DEVELOPMENT) ## put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

replay: $(DEVELOPMENT) ## run a month of grocery data through the services
	@mkdir -p .replay
	@$(BIN)/python scripts/replay.py --stores $(STORES) --months $(MONTHS) --json .replay/result.json

races: $(DEVELOPMENT) ## race clients, kill processes, and see what holds; SCALE=… SEED=… RACES="…"
	@mkdir -p .races
	@$(BIN)/python -m scripts.races --scale $(SCALE) $(if $(SEED),--seed $(SEED)) --json .races/result.json $(RACES)

bench: $(DEVELOPMENT) ## how fast the shop is, beside the physical floor; SECONDS=… CLIENTS=…
	@$(BIN)/python -m scripts.bench.shop --seconds $(SECONDS) --clients $(CLIENTS)

bench-settlement: $(DEVELOPMENT) ## settle a month of a million lines; LINES=… LEADERS=… HALF=1
	@$(BIN)/python -m scripts.bench.settlement --lines $(LINES) --leaders $(LEADERS) $(if $(HALF),--half)

bench-school: $(DEVELOPMENT) ## the school of 10,000 leaders: its pages, its nightly count; LEADERS=… LESSONS=…
	@$(BIN)/python -m scripts.bench.school --leaders $(LEADERS) --lessons $(LESSONS) --json .bench/school.json

pins: ## renew the pinned requirements
	@scripts/dev/pins.sh

clean: ## stop leftovers; remove .venv, .data, .replay, .races, .bench and caches
	@if [ -e $(RUNTIME) ]; then $(BIN)/python -m scripts.dev.leftovers .data .replay; fi
	@rm -rf .data .replay .races .bench .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): requirements.txt
	@scripts/dev/environment.sh requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt requirements.txt
	@scripts/dev/environment.sh requirements-dev.txt
	@touch $(RUNTIME) $@
