# One command each; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "The venv module is missing: apt install python3-venv" >&2; exit 1; }

.venv/.run: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

CATALOGUES := $(wildcard c2b/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(CATALOGUES:.po=.mo)

%.mo: %.po | .venv/.run
	@$(BIN)/pybabel --quiet compile -i $< -o $@ -l $(notdir $(patsubst %/,%,$(dir $(patsubst %/,%,$(dir $<)))))

.PHONY: install
install: .venv/.run $(COMPILED)  ## create the environment in .venv from the lock file

.PHONY: run
run: export C2B_DEMO ?= 1
run: install  ## migrate, fill an empty database with the demo, serve web and jobs on http://127.0.0.1:8000
	@$(BIN)/c2b migrate
	@$(BIN)/c2b seed --if-empty
	@exec $(BIN)/c2b run

.PHONY: cluster
cluster: .venv/.dev $(COMPILED)  ## the site in several processes on a throw-away PostgreSQL and Redis, to kill parts of (ARGS="--port 8001 --empty")
	@exec $(BIN)/python -m bench.cluster $(ARGS)

.PHONY: test
test: lint pytest  ## everything: lint, types, import contracts, all tests on both databases and in a browser

.PHONY: lint
lint: .venv/.dev $(COMPILED)  ## style, types, import contracts, unused dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

.PHONY: pytest
pytest: .venv/.dev $(COMPILED)  ## the tests alone (ARGS="-k pledge" passes on)
	$(BIN)/python -m pytest -n 2 --dist worksteal -q $(ARGS)

.PHONY: e2e
e2e: .venv/.dev $(COMPILED)  ## the browser tests alone (ARGS=--all-combinations: every page in every scheme, width and language)
	$(BIN)/python -m pytest tests/e2e -n 2 --dist worksteal -q $(ARGS)

.PHONY: shots
shots: .venv/.dev $(COMPILED)  ## pictures of the key pages, on a phone and a desk, in light and dark, into var/shots/
	$(BIN)/python -m tests.e2e.shots $(ARGS)

.PHONY: bench
bench: .venv/.dev $(COMPILED)  ## how fast the hot paths are, beside yardsticks (ONLY=pledge ROUNDS=5; docs/performance.md)
	$(BIN)/python -m bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(foreach one,$(ONLY),--only $(one)) $(ARGS)

.PHONY: faults
faults: .venv/.dev $(COMPILED)  ## break what can break, one named test for each fault, on both databases (docs/faults.md)
	$(BIN)/python -m pytest tests/faults tests/webhooks tests/settlement/test_reconciling.py -n 2 --dist worksteal -q --faults all $(ARGS)

.PHONY: storm
storm: .venv/.dev $(COMPILED)  ## charge 100,000 pledges under lost answers, kills and a database restart (ARGS="--pledges 10000")
	$(BIN)/python -m tests.storm.storm $(ARGS)

.PHONY: soak
soak: .venv/.dev $(COMPILED)  ## a million acts at random on the whole life of a campaign, beside a plain model
	SOAK_STEPS=1000000 $(BIN)/python -m pytest -n 2 --dist worksteal -q tests/life $(ARGS)

.PHONY: crash
crash: .venv/.dev $(COMPILED)  ## kill a process at every statement of every saga, on both databases (docs/crash.md)
	$(BIN)/python -m pytest tests/crash -n 2 --dist worksteal -q -p no:randomly --crash all $(ARGS)

.PHONY: fix
fix: .venv/.dev  ## put the style right where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: check
check: install  ## ask the running database whether it keeps every promise
	$(BIN)/c2b check

.PHONY: seed
seed: export C2B_DEMO ?= 1
seed: install  ## fill an empty database with the demo data
	$(BIN)/c2b migrate
	$(BIN)/c2b seed --if-empty

.PHONY: states
states: install  ## redraw docs/states.md
	$(BIN)/c2b states --write

.PHONY: messages
messages: .venv/.dev  ## collect the sentences for the translators
	$(BIN)/pybabel --quiet extract -F babel.cfg -k _l -k mark -k lazy_gettext --no-location --sort-output -o c2b/translations/messages.pot .
	@sed -i -E 's/^"(POT-Creation-Date): .*/"\1: 2025-01-01 00:00+0000\\n"/' c2b/translations/messages.pot
	for po in $(CATALOGUES); do $(BIN)/pybabel --quiet update -i c2b/translations/messages.pot -o $$po -l $$(basename $$(dirname $$(dirname $$po))) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 100; done

.PHONY: lock
lock: .venv/.dev  ## renew the lock files from pyproject.toml (needs uv on the PATH)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group build -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra s3 --extra celery --extra redis --group build --group test --group lint -o requirements-dev.txt

.PHONY: clean
clean:  ## remove what the commands made (not var/, where the data is)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
