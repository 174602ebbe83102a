# Every command works on a fresh machine with Python 3.11 or newer and nothing else: the first one makes
# the environment in .venv, and makes it again when pyproject.toml changes.
#
#   make demo [DATA=DIR] [PORT=8000]   the product with a sample community (or your data), until Ctrl-C
#   make test                          every gate and the whole suite, on a real PostgreSQL and Redis
#   make coverage                      the suite once more, slower, and which lines and branches it reaches
#   make check                         the gates only: style, types, layers, migrations, API schema, warnings of dependencies
#   make check-deploy                  that unsafe settings are refused, and safe ones pass Django's deployment checks
#   make bench [DATA=DIR]              the recommender beside its peers, in one run: on DATA, on a HetRec 2011
#                                      folder at ../shared/data where there is one, or on the sample community
#   make model-ci [DATA=DIR]           the model that this code makes of known data beside the committed figures: quality, cost,
#                                      faithfulness, privacy attacks; fails on a loss outside noise (WRITE=1: new figures)
#   make bench-scale                   what training costs as the graph grows to ten million plays (4 GB, minutes)
#   make soak                          the long proofs: 100,000 steps, 1,000 withdrawals and edits, 500 sockets, big exports, long histories
#   make faults                        services and workers that die, fill up or lose the time: nothing acknowledged is lost (35 minutes)
#   make load [MINUTES=30]             a life's load on a whole installation at seven tenths of what it can do: no answer fails, nothing grows
#   make bench-device [DATA=DIR]       a phone beside the server: 200 listeners in a real Chromium whose server is stopped, on data as for bench
#   make bench-privacy                 what consent costs, on the demo's data
#   make bench-api [DATA=DIR]          what every surface costs beside a plain view: on DATA (as for bench), and on
#                                      42,000 generated people; its databases stay in var/bench-api

# A hundred interpreters start in the suite alone: each would compile all of the code anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
PORT ?= 8000
DATA ?=
SEEDS ?= 1
MINUTES ?= 30
WRITE ?=

.DEFAULT_GOAL := help
.PHONY: help env demo test coverage check check-deploy soak faults load bench model-ci bench-scale bench-device bench-privacy bench-api bench-hostile clean

help:
	@sed -n 's/^#   //p' Makefile

env: $(READY)

# uv is quicker and knows which PyTorch build needs no graphics card; pip is what every machine has.
$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Earshot needs Python 3.11 or newer with venv and pip: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making the environment in $(VENV) with $$($(PYTHON) --version); the first time takes some minutes."
	$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --upgrade pip uv || echo "No newer pip or uv to be had; going on with $$($(PY) -m pip --version)."
	@UV_HTTP_RETRIES=0 $(VENV)/bin/uv pip install --python $(PY) --torch-backend cpu -e '.[dev]' \
		|| { echo "uv could not; installing with pip."; $(PY) -m pip install --progress-bar on -e '.[dev]'; }
	@touch $@

# exec: no shell stays between make and the program, so that a signal reaches it.
demo: $(READY)
	@exec $(PY) -m discovery.embedded.demo --with-parent --port "$(PORT)" $(if $(DATA),--data "$(DATA)")

check: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy accounts discovery graph tasks tests manage.py
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py export_schema --check
	$(PY) -m tests.audit

# Production settings as docs/operations.md makes them, through every check that Django has; and each unsafe one.
check-deploy: $(READY)
	$(PY) -m pytest -p no:cacheprovider tests/test_safe_settings.py

test: check
	$(PY) -m pytest -n 2 --durations=40 --durations-min=5

coverage: $(READY)
	$(PY) -m pytest --cov --cov-report=term:skip-covered -n 2

# A database of its own, made anew, so that what is measured is the data named and nothing else.
BENCH := var/bench
BENCH_DATA := $(or $(DATA),$(wildcard ../shared/data/lastfm-hetrec2011))
IN_BENCH := env -u DATABASE_URL EARSHOT_HOME=$(BENCH) $(PY) manage.py
bench: $(READY)
	@rm -rf $(BENCH) && mkdir -p $(BENCH)
	$(IN_BENCH) migrate --verbosity 0
	$(IN_BENCH) $(if $(BENCH_DATA),import_lastfm "$(BENCH_DATA)" --assume-consent --verbosity 0,create_sample_community)
	$(IN_BENCH) evaluate_recommender --compare --seeds $(SEEDS) --json $(BENCH)/results.json

# The two halves of the steps alone: beside other tests, pytest-xdist would give both to one worker.
SOAK := $(PY) -m pytest -rP -n 2 -p no:cacheprovider
soak: $(READY)
	EARSHOT_STEPS=100000 EARSHOT_PARTS=2 $(SOAK) tests/privacy/test_invariants.py
	EARSHOT_WITHDRAWALS=1000 EARSHOT_PLAYLIST_EDITS=1000 $(SOAK) \
		tests/soak/test_two_workers.py tests/soak/soak_export.py tests/graph/test_playlist_concurrency.py
	$(SOAK) tests/soak/soak_adversary.py tests/soak/soak_import.py tests/soak/soak_guessing.py tests/soak/soak_migrations.py \
		tests/soak/soak_workers.py tests/soak/soak_rounds.py
	EARSHOT_CALENDARS=20000 EARSHOT_SEED=$$(date +%j) $(SOAK) tests/discovery/moments/test_calendars.py
	EARSHOT_FUZZ=2000 $(SOAK) --timeout 3600 tests/fuzz
	EARSHOT_SOCKETS=500 SOCKETS_WAITING=500 $(PY) -m pytest -s -p no:cacheprovider tests/soak/test_sockets.py

faults: $(READY)
	$(PY) -m pytest -rP -p no:cacheprovider tests/faults/fault_*.py tests/graph/serving/test_healing.py tests/tasks/test_training.py \
		tests/tasks/test_privacy.py tests/tasks/test_histories.py tests/tasks/test_export.py tests/embedded

# In an environment of its own: locust brings much, and patches what it runs in.
LOCUST := var/load/bin/locust
$(LOCUST): pyproject.toml | $(READY)
	$(PYTHON) -m venv var/load
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["load"], sep="\n")' \
		| xargs var/load/bin/python -m pip install --quiet
	@touch $@

load: $(READY) $(LOCUST)
	$(PY) -m tests.load --minutes "$(MINUTES)" --locust $(LOCUST)

# $(1): a name; $(2): the command that brings the data in.
define check_model
	@rm -rf var/model-ci/$(1) && mkdir -p var/model-ci/$(1)
	env -u DATABASE_URL EARSHOT_HOME=var/model-ci/$(1) $(PY) manage.py migrate --verbosity 0
	env -u DATABASE_URL EARSHOT_HOME=var/model-ci/$(1) $(PY) manage.py $(2)
	env -u DATABASE_URL EARSHOT_HOME=var/model-ci/$(1) OMP_NUM_THREADS=1 $(PY) manage.py check_model --data $(1) \
		--baselines docs/results/model-ci.json --report var/model-ci/report $(if $(WRITE),--write)

endef
model-ci: $(READY)
	$(call check_model,sample,create_sample_community)
	$(if $(BENCH_DATA),$(call check_model,$(notdir $(BENCH_DATA)),import_lastfm "$(BENCH_DATA)" --assume-consent --verbosity 0))
	$(PY) -m pytest -q -p no:cacheprovider tests/adversary tests/golden

bench-scale: $(READY)
	$(PY) manage.py benchmark_scale --json docs/results/scale.json --markdown docs/recommender.md

IN_DEVICE := env -u DATABASE_URL EARSHOT_HOME=var/device OMP_NUM_THREADS=1 $(PY)
bench-device: $(READY)
	@rm -rf var/device && mkdir -p var/device
	$(IN_DEVICE) manage.py migrate --verbosity 0
	$(IN_DEVICE) manage.py $(if $(BENCH_DATA),import_lastfm "$(BENCH_DATA)" --assume-consent --verbosity 0,create_sample_community)
	$(IN_DEVICE) manage.py train_recommender
	$(IN_DEVICE) -m tests.soak.device_same --json var/device/device.json

bench-privacy: $(READY)
	$(PY) -m tests.soak.bench_privacy

bench-hostile: $(READY)
	$(PY) -m tests.soak.bench_hostile

bench-api: $(READY)
	env -u DATABASE_URL $(PY) manage.py benchmark_api $(if $(BENCH_DATA),--data "$(BENCH_DATA)")

clean:
	rm -rf $(VENV) build *.egg-info
