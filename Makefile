# `make` alone lists the commands. All of them install what they need first, into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed so far, each with all before it: what captioning needs, the web page, the rest.
BASE := $(VENV)/.base
PAGE := $(VENV)/.page
INSTALLED := $(VENV)/.installed
DEMO := demo/.made
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e

# Tests run in so many processes, each of which takes up to 2 GB. All of a file run in one. More than
# one thread of OpenMP each would only take the processor from the other, waiting.
WORKERS ?= 2
TESTS = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# More words for pip, such as a mirror: make setup PIP_FLAGS="--index-url https://..."
PIP_FLAGS ?=

# On Linux the torch of PyPI brings several GB of CUDA libraries; PyTorch's own index has the build
# without. Another one for a GPU, or none for pip's own choice: make setup TORCH_INDEX=
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s)),https://download.pytorch.org/whl/cpu)

.DEFAULT_GOAL := help
.PHONY: help setup demo check quick test browse chromium app

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## install everything into .venv, in the versions of constraints.txt

demo: $(BASE) $(DEMO)  ## caption four photos, a GIF and a video; installs only what that needs
	$(BIN)/python -m captioner demo

check: $(INSTALLED)  ## lint, format, types, which way imports run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

quick: $(INSTALLED)  ## of the tests those that one needs while working, without the slow ones
	$(TESTS) -m "not slow"

test: check chromium  ## check, then run all tests
	$(TESTS)

browse: $(INSTALLED) chromium  ## of the tests only those that drive the web page, and its pictures
	$(BIN)/python -m pytest tests/browser

chromium:  ## install the browser that tests drive, where there is none (Debian and its like, as root)
	@tools/chromium.sh

app: $(PAGE)  ## serve the web page on this machine
	$(BIN)/python app.py

$(BASE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Captionloom needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is none of these;" \
	    "name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into $(VENV)."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) .
	@touch $@

$(PAGE): $(BASE)
	@$(INSTALL) '.[app]'
	@touch $@

$(INSTALLED): $(BASE)
	@echo "Installing what training, the web page and the tests need; this takes a few minutes."
	@test -z "$(TORCH_INDEX)" || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps \
	  --retries 2 --timeout 20 --index-url "$(TORCH_INDEX)" -c constraints.txt torch 2>/dev/null || \
	  echo "$(TORCH_INDEX) cannot be reached; taking torch from where pip looks otherwise."
	@# Most of these modules are never imported: Python compiles those that are.
	@$(INSTALL) '.[hub,train,app,mcp,parquet,heic,av1,ray,dev]' --no-compile
	@touch $(PAGE) $@

$(DEMO): tools/demo.py $(BASE)
	@$(BIN)/python tools/demo.py $(@D) >/dev/null
	@touch $@
