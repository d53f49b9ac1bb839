# make demo   everything, from nothing, on the samples; then the dashboard (SERVE=0: without it)
# make story  replays the account on the samples and writes docs/story.md; goes on where it was
# make run    the dashboard on the workspace as it is
# make check  lint, format and types      make test   all tests, browser too
SHELL := /bin/bash
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SERVE  ?= 1

.PHONY: demo story run check test format browser help

help:
	@sed -n '1,4p' Makefile

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Graft needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

# The stamps hold what was installed, so that a second make costs nothing.
$(VENV)/.installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@echo "Compiling the comparison of pairs, once"
	$(BIN)/python -m pipeline.curate.near
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/python -m pipeline demo $(if $(filter 0,$(SERVE)),--no-serve)

story: $(VENV)/.installed
	$(BIN)/python -m pipeline --workspace data/story story

run: $(VENV)/.installed
	$(BIN)/python -m streamlit run dashboard/app.py

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The browser tests drive Debian's Chromium; where apt cannot bring it, say what is missing.
browser:
	@command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . && exit 0; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "Installing chromium and fonts-noto-cjk for the browser tests"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null; \
	else \
	  echo "The browser tests need Chromium and a Chinese font. Install them, for example:"; \
	  echo "  sudo apt-get install chromium fonts-noto-cjk"; exit 1; \
	fi

test: $(VENV)/.installed-dev browser
	$(BIN)/python -m pytest -m "not browser" -n logical --maxprocesses 4 --dist loadfile
	@# What failed in the browser is walked again, alone: a busy machine redraws late now and then.
	$(BIN)/python -m pytest -m browser -n logical --maxprocesses 2 --dist loadfile || \
	  $(BIN)/python -m pytest -m browser --lf
