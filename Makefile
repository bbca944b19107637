# Needs make, git, a C compiler and any Python from 3.11 on. Everything else is fetched into .venv, as constraints.txt says.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/sh

VENV := .venv
RUN := $(VENV)/bin/python

# Whoever forbids Python its caches would have every node and every test process compile all files anew.
unexport PYTHONDONTWRITEBYTECODE

# Words for the command behind a target: make serve ARGS="--no-work", make test ARGS="-k scan".
ARGS ?=

# Three processes, each with a PostgreSQL of its own: much of a test is waiting, and two leave a third of two processors
# idle. ARGS="-n 0" for one.
PYTEST := $(RUN) -m pytest --numprocesses 3 --dist worksteal

# An environment is ready for exactly these files, in this place: a moved checkout and another branch get theirs.
KEY := $(shell { pwd; cat pyproject.toml constraints.txt; } | cksum | tr -d ' \t')
READY := $(VENV)/.ready-$(KEY)
READY_BENCH := $(VENV)/.ready-bench-$(KEY)
READY_INTEROP := $(VENV)/.ready-interop-$(KEY)
READY_BROWSER := $(VENV)/.ready-browser-$(KEY)

# pip builds in environments of their own, which obey only these. Old pips read the first, new ones the second.
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(RUN) -m pip

.PHONY: help
help: ## tell what there is (this)
	@echo "Revenge: a media server on River's tables"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22
	@echo
	@echo 'Words for the command itself: make serve ARGS="--no-work"; make test ARGS="-k scan"'

.PHONY: serve
serve: $(READY) ## run the server: web face, workers and, if none is configured, PostgreSQL
	@exec $(RUN) -m app serve $(ARGS)

.PHONY: test
test: $(READY) ## run all tests on the bundled PostgreSQL; on the system's, where there is one, those that ask it directly
	@echo "tests on the bundled PostgreSQL"
	@REVENGE_TEST_POSTGRES=bundled $(PYTEST) $(ARGS)
	@found=$$($(RUN) -m tests.system_postgres); case $$? in \
	0) echo "tests on the system's PostgreSQL $$found"; REVENGE_TEST_POSTGRES=system $(PYTEST) $(ARGS);; \
	3) echo "tests on the system's PostgreSQL: skipped, $$found";; \
	*) exit 1;; esac

.PHONY: soak
soak: $(READY) ## every fault of tests/faults for ten minutes (REVENGE_TEST_SOAK=600s); all damaged media; plans on a million rows
	@REVENGE_TEST_ROWS=1000000 $(RUN) -m pytest --timeout 3600 tests/catalog/test_plans.py tests/catalog/test_plans_of_kinds.py tests/catalog/test_search_plans.py
	@REVENGE_TEST_SOAK=$${REVENGE_TEST_SOAK:-600s} $(RUN) -m pytest tests/faults tests/library/probing/test_mutants.py $(ARGS)

.PHONY: fuzz
fuzz: $(READY) ## attack the API by its own document, every parser, and all properties with new examples (long)
	@REVENGE_TEST_FUZZ=$${REVENGE_TEST_FUZZ:-100} $(RUN) -m pytest tests/fuzz $(ARGS)
	@REVENGE_TEST_FUZZ=1 $(RUN) -m pytest --ignore tests/fuzz -m hypothesis $(ARGS)
	@$(PIP) install --quiet --only-binary=:all: -c constraints.txt -e '.[dev,fuzz]' || \
		{ echo "atheris: skipped, there is none for this Python and machine"; exit 0; }; \
		$(RUN) -m tests.fuzz.atheris_parsers --seconds $${REVENGE_TEST_FUZZ_SECONDS:-60}

.PHONY: lint
lint: style types imports ## check style, types and who imports whom

.PHONY: style
style: $(READY) ## check style and format (ruff)
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

.PHONY: types
types: $(READY) ## check types (mypy, strict)
	@$(RUN) -m mypy

.PHONY: imports
imports: $(READY) ## check who imports whom (import-linter)
	@$(VENV)/bin/lint-imports

.PHONY: bench
bench: $(READY_BENCH) ## measure against the others, on a PostgreSQL of its own
	@$(RUN) -m bench $(ARGS)

.PHONY: evidence
evidence: $(READY) ## tell what the library makes of real media, what metadata and playback do, how a household is set up (long)
	@$(RUN) -m tests.library.evidence
	@$(RUN) -m pytest -q -s -p no:randomly tests/metadata/evidence.py
	@REVENGE_TEST_TABLES=1 $(RUN) -m pytest -q -p no:randomly tests/playback/test_decision.py tests/playback/test_seeks.py \
		tests/playback/test_truth.py tests/playback/evidence.py
	@REVENGE_TEST_SOAK=1s $(RUN) -m pytest -q -p no:randomly tests/faults/test_playback.py -k rows
	@$(RUN) -m tests.cli.evidence

.PHONY: conformance
conformance: $(READY) ## run River's own harness on our queue (RIVER_CHECKOUT=… names a checkout of River)
	@RIVER_CHECKOUT="$(RIVER_CHECKOUT)" $(RUN) -m tests.conformance.harness $(ARGS)

.PHONY: interop
interop: $(READY_INTEROP) ## meet released River, where there is Go: its client, its command, its UI, its Python package
	@.ci/interop $(RUN) $(ARGS)

.PHONY: test-browser
test-browser: $(READY_BROWSER) ## let Chromium play, where there is one: with hls.js, and files as they are
	@.ci/browser $(RUN) $(ARGS)

.PHONY: test-install
test-install: $(READY) ## build the wheel, install it elsewhere, run it from there
	@.ci/test-install $(RUN)

.PHONY: setup
setup: $(READY) ## make the environment and nothing more
	@echo "ready: $$($(RUN) --version) in $(VENV)"

.PHONY: clean
clean: ## remove all that make made, .venv too; your data is elsewhere and stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +

$(READY):
	@.ci/venv $(VENV) $(PYTHON)
	@$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@rm -f $(VENV)/.ready-* && touch $@

# A Python that was upgraded or removed leaves its environments broken behind it.
ifneq ($(shell [ ! -d $(VENV) ] || $(RUN) -c '' 2>/dev/null || echo broken),)
.PHONY: $(READY)
endif

$(READY_BENCH): $(READY)
	@$(PIP) install --quiet -c constraints.txt -e '.[dev,bench]'
	@touch $@

$(READY_INTEROP): $(READY)
	@$(PIP) install --quiet -c constraints.txt -e '.[dev,interop]'
	@touch $@

$(READY_BROWSER): $(READY)
	@$(PIP) install --quiet --only-binary=playwright -c constraints.txt -e '.[dev,browser]' || \
		echo "playwright cannot be had for this Python and machine"
	@touch $@
