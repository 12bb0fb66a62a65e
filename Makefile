# trainwell: `make` alone explains itself. Needs Python 3.11 to 3.13 and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage check format bench-data bench-memory bench-diagnosis bench-watching bench-speed bench-kernels bench-peers problem-pages clean

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.ready
TENSORFLOW ?= tensorflow-cpu==2.21.0
TORCH ?= torch==2.13.0
KERAS := keras==3.15.1

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with everything trainwell needs

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "trainwell needs Python 3.11, 3.12 or 3.13; none was found on PATH" >&2; exit 2; }
	@echo "Installing into .venv (about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: setup ## Train a CNN on handwritten digits, watched, and write a report
	@$(BIN)/trainwell train digits --network cnn --seed 0

test: setup ## Run the tests
	@$(BIN)/pytest -q -n 2

coverage: setup ## Run the tests and show which lines they miss
	@$(BIN)/pytest -q -n 2 --cov --cov-report=term-missing:skip-covered

check: setup ## Lint, format and type checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

format: setup ## Mend what the linter and formatter can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench-data: setup ## Every kind of data: figures beside Keras and classical models (needs ../shared/data; hours)
	@$(BIN)/python benchmarks/real_data.py

bench-memory: setup ## Who remembers: SimpleRNN, LSTM and GRU on the adding problem (about half an hour)
	@$(BIN)/python benchmarks/adding_problem.py

bench-diagnosis: setup ## How often the doctor is right: trains the gallery of faults, beside four other tools (hours)
	@$(BIN)/python benchmarks/diagnosis.py record
	@$(BIN)/python benchmarks/diagnosis.py score --half score

bench-watching: setup ## What watching costs, in each of its three ways (about ten minutes)
	@$(BIN)/python benchmarks/watching.py

bench-speed: setup ## How fast: ms per step, start, memory, beside its peers (about an hour; make bench-peers first)
	@$(BIN)/python benchmarks/speed.py

bench-kernels: setup ## Our kernels for the CPU beside XLA's programs for the same (three minutes)
	@$(BIN)/python benchmarks/kernels.py

bench-peers: setup ## Install the peers of bench-speed into .venv-peers (a few GB)
	@$(PYTHON) -m venv .venv-peers/tensorflow
	@.venv-peers/tensorflow/bin/python -m pip install --quiet --disable-pip-version-check $(TENSORFLOW) $(KERAS)
	@$(PYTHON) -m venv .venv-peers/torch
	@.venv-peers/torch/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) $(KERAS) lightning==2.6.6 numpy

problem-pages: setup ## Write docs/problems: a page, a picture and an example for every problem (about six minutes)
	@$(BIN)/python docs/problems/build.py

clean: ## Remove what can be made again (keeps runs/)
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis .coverage htmlcov dist build
