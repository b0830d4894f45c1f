# `make demo` and `make test` do all the set-up themselves; everything they make lies in .venv and demo-data.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PYTHON

.PHONY: help demo test quick check lint bench binary catalogue picture clean

help:
	@echo "make demo       back up a folder, list it, restore it, compare: five minutes with the program"
	@echo "make test       the whole test suite"
	@echo "make quick      the tests that take no more than seconds each"
	@echo "make check      linters, types, layers, catalogue, and the quick tests"
	@echo "make bench      side by side with restic and borg (long; BENCH_ARGS= narrows it)"
	@echo "make binary     dist/gdp/ and dist/gdp-portable, the downloads"
	@echo "make catalogue  translations: extract, merge, compile"
	@echo "make picture    the README's pictures, from real runs"
	@echo "make clean      remove what the above made"

demo: $(READY)
	@docs/demo.sh

test: $(READY)
	@.ci/system-packages test
	$(BIN)/pytest -n 2 --cov --cov-report=term

quick: $(READY)
	$(BIN)/pytest -n 2 -q -m "not slow"

check: lint quick

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/catalogue.py --check

bench: $(READY)
	$(BIN)/python -m bench.run $(BENCH_ARGS)

# A venv of its own with the runtime packages only: whatever lies in it ends up in the download.
binary:
	@.ci/system-packages binary
	rm -rf build/venv build/lib build/pyinstaller dist
	$(PYTHON) -m venv build/venv
	build/venv/bin/pip install -q --disable-pip-version-check ".[binary]"
	build/venv/bin/pyinstaller --noconfirm --clean --log-level WARN --workpath build/pyinstaller --distpath dist gdp.spec
	dist/gdp/gdp --version
	dist/gdp-portable --version

catalogue: $(READY)
	$(BIN)/python .ci/catalogue.py

picture: $(READY)
	$(BIN)/python docs/picture.py
	$(BIN)/python docs/picture_of_ui.py

clean:
	rm -rf build dist demo-data .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf *.egg-info $(VENV)

$(READY): setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@.ci/system-packages demo
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install -q --disable-pip-version-check -e ".[server,dev]"
	@touch $@
