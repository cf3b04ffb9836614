# Two commands:  make run   the sample day, end to end
#                make test  every check and test
#
# Each sets up what it needs under .venv: with uv when it is installed, else with venv and pip.
# Dependencies are locked with hashes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAMPLE_DAY := 2026-05-18
# Processes that tests run in: two take 0.6 of the time, more hurt the tests with kills in them.
WORKERS ?= 2

.PHONY: run serve test check lean unit bench chaos eval pictures lock clean browser referees help

help:
	@sed -n '1,2s/^# *//p' Makefile

run: $(VENV)/.installed
	@$(BIN)/digest subscribers import seeds/subscribers.csv
	@$(BIN)/digest run --date $(SAMPLE_DAY)

serve: $(VENV)/.installed
	@$(BIN)/digest serve

test: check lean unit

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The sample day with nothing installed but what requirements.lock names, as a new user has it.
lean:
	@rm -rf build/lean && mkdir -p build/lean && cp -r config.toml seeds build/lean/
	@$(MAKE) --no-print-directory VENV=build/lean/.venv build/lean/.venv/.installed
	@cd build/lean && .venv/bin/digest subscribers import seeds/subscribers.csv \
	  && .venv/bin/digest run --date $(SAMPLE_DAY) --json >told.json \
	  && grep -q '"sent": 25' told.json && echo "the sample day runs on requirements.lock alone"

unit: $(VENV)/.installed-dev browser referees
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/run_day.py
	$(BIN)/python benchmarks/collect.py
	$(BIN)/python benchmarks/compose.py
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/serve.py
	$(BIN)/python benchmarks/audience.py
	$(BIN)/python benchmarks/send.py --people 20000

# Sends that are killed 200 times, into a relay that misbehaves: about a quarter of an hour.
chaos: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/chaos.py

# How well documents are read, editions composed, and bounces understood, on texts that nobody
# tuned them on.
eval: $(VENV)/.installed-dev
	$(BIN)/python eval/reading/run.py
	$(BIN)/python eval/editorial/measure.py --split heldout
	$(BIN)/python eval/returns/measure.py

# Pages and mails are looked at in a real browser; no wheel brings one.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Chromium for the browser tests"; \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null \
	      || echo "Chromium could not be installed: the browser tests will say that they were skipped"; \
	  else echo "no Chromium here, and not root to install it: the browser tests will be skipped"; fi; }

# Who judges pages and feeds besides our own tests: axe and the Nu checker by npm, and newsboat,
# a feed reader, and nginx as the manual sets it up, unpacked but not installed, so that none is
# started; tests that need one that is not here say so and are skipped.
referees: build/referees/.installed
	@command -v newsboat >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing newsboat for the feeds' tests"; \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends newsboat; } >/dev/null 2>&1 \
	      || echo "newsboat could not be installed: its test will say that it was skipped"; \
	  else echo "no newsboat here, and not root to install it: its test will be skipped"; fi; }
	@command -v nginx >/dev/null || test -x /usr/sbin/nginx || test -x build/referees/nginx/usr/sbin/nginx || { \
	  if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then \
	    echo "unpacking nginx for the manual's test"; mkdir -p build/referees/nginx; \
	    { cd build/referees/nginx && apt-get download -qq nginx && dpkg -x nginx_*.deb .; } >/dev/null 2>&1 \
	      || echo "nginx could not be had: its tests will say that they were skipped"; \
	  else echo "no nginx here: the tests of the manual will be skipped"; fi; }

build/referees/.installed: tests/referees/package.json
	@mkdir -p build/referees && cp tests/referees/package.json build/referees/
	@if command -v npm >/dev/null; then \
	  echo "installing axe and the Nu checker (once)"; \
	  (cd build/referees && npm install --no-package-lock --no-audit --no-fund --silent) && touch $@ \
	    || echo "npm could not install them: their tests will say that they were skipped"; \
	else echo "no npm here: the tests by axe and the Nu checker will be skipped"; fi

# The pictures of the README, from the sample day.
pictures: $(VENV)/.installed-dev browser run
	@$(BIN)/digest preview > /dev/null
	$(BIN)/python docs/make_pictures.py

# Write the locks again from pyproject.toml (needs uv).
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -q
lock:
	$(LOCK) --extra postgres --group build -o requirements.lock
	$(LOCK) --extra postgres --group build --group dev -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Digest needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@if command -v uv >/dev/null; then uv venv -q --seed --python $(PYTHON) $(VENV); \
	 else $(PYTHON) -m venv $(VENV); fi

define install
	@echo "installing what $(1) names (once)"
	@if command -v uv >/dev/null; then \
	   uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) && \
	   uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	 else \
	   $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1) && \
	   $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	 fi
	@$(BIN)/python -m compileall -q src
	@touch $@
endef

$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(VENV)/.installed-dev: $(VENV)/bin/python requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.installed

clean:
	rm -rf $(VENV) data out preview build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
