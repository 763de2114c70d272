# make help

.DEFAULT_GOAL := help
.PHONY: help run demo test lint format bench soak eval docs kafka kafka-stop clean
SHELL := bash
CONFIG ?= configs/chelyabinsk.yaml
PYTHON ?= $(if $(VIRTUAL_ENV),python,.venv/bin/python)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/bin/python:
	. scripts/lib.sh && environment dev

run: $(filter .venv%,$(PYTHON)) ## start every role with CONFIG=configs/chelyabinsk.yaml
	$(PYTHON) -m otklik run $(CONFIG)

demo: ## install what is missing and watch invented posts become incidents
	scripts/demo

test: ## install what the tests need and run them all; one file: make test ARGS=tests/bus
	scripts/test $(ARGS)

lint: $(filter .venv%,$(PYTHON)) ## ruff, mypy, import-linter
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

format: $(filter .venv%,$(PYTHON)) ## rewrite the code as the formatter wants it
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

bench: $(filter .venv%,$(PYTHON)) ## speed against plain tools; figures, no verdict
	for file in $(filter-out %/__init__.py %/common.py,$(wildcard benchmarks/*.py)); do \
		echo "== $$file"; $(PYTHON) -m "benchmarks.$$(basename "$$file" .py)" || exit 1; done

soak: $(filter .venv%,$(PYTHON)) ## ten minutes of crawling through faults and kills; MINUTES=10 SEED=1
	$(PYTHON) -m tests.soak --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1)

eval: $(filter .venv%,$(PYTHON)) ## measure the classifier and grouping, fail below its floors; OTKLIK_DATA=../shared/data ARGS=--help
	$(PYTHON) -m otklik.evaluation $(or $(DATA),$(OTKLIK_DATA),../shared/data) $(ARGS)

docs: $(filter .venv%,$(PYTHON)) ## renew what is generated: schemas, AsyncAPI, the commands' help
	$(PYTHON) -m schemas.export docs
	$(PYTHON) -m otklik.docs docs

kafka: ## fetch Apache Kafka and start one node on 127.0.0.1:9092
	scripts/kafka start

kafka-stop: ## stop it
	scripts/kafka stop

clean: ## delete caches and builds; data in var/ stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
