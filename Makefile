# Two commands: `make demo` analyzes an example posting in each language, `make test` runs the whole test suite.
# Both make their own environment in .venv first, with the versions of requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint train env clean

env: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

demo: env
	$(BIN)/jd-analyzer analyze examples/zh.txt --title 品牌经理
	$(BIN)/jd-analyzer analyze examples/es.txt --title "Especialista de operaciones"

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy analyzer

test: env lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

train: env
	$(BIN)/jd-analyzer train -o models

clean:
	rm -rf $(VENV) build dist
