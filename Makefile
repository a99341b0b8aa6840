# `make help` lists what there is. A machine needs Python 3.11 or newer and make, nothing else.
# The first of these that is new enough makes .venv; `make run PYTHON=...` names another.
PYTHONS = python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON := $(shell for python in $(PYTHONS); do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
	done; for python in $(PYTHONS); do command -v $$python >/dev/null && echo $$python && exit; done)
BIN = .venv/bin
export PORT MAIL_PORT
# Settings that production would refuse to start without; the values are made up.
PRODUCTION = env PRODUCTION=1 SECRET_KEY=zT6nWq3vRk8yBm1xLp9cHs4dJf7gAe2uNi5oVw0kXrQbYtMhCz LINK_KEY=pQ8sLw2nXv5kRt7yBc1mHd9gJf4eAz6uKi3o \
	LEDGER_KEY=bm90IGEgc2VjcmV0OiBvbmx5IGluIGNoZWNrcyE8PDw= SITE_URL=https://clinic.example ALLOWED_HOSTS=clinic.example TRUSTED_PROXIES=1 \
	DATABASE_URL=postgresql://clinic_app@127.0.0.1/clinic DATABASE_OWNER_URL=postgresql://clinic_owner@127.0.0.1/clinic \
	REDIS_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp+tls://clinic:password@mail.example:587
PIP_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

.PHONY: help run test fuzz races faults bench check lock shots install install-dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: install ## the demo clinic on this machine, until Ctrl-C (PORT=8000 MAIL_PORT=8025)
	@$(BIN)/python manage.py run

test: install-dev ## every test (ARGS="-k word" for some)
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

fuzz: install-dev ## made-up requests for the API, made-up clinics for the free times (EXAMPLES=1000 of each)
	@SCHEMATHESIS_EXAMPLES=$(or $(EXAMPLES),1000) ORACLE_EXAMPLES=$(or $(EXAMPLES),1000) \
		$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS) \
		tests/clinic/test_api_against_its_document.py tests/bookings/slots

races: install-dev ## 300 rounds of many clients for one time (RACE_ROUNDS=300)
	@RACE_ROUNDS=$(or $(RACE_ROUNDS),300) $(BIN)/python -m pytest tests/races tests/journeys/test_sent_ten_times.py $(ARGS)

faults: install-dev ## kill, freeze and refuse what sends e-mails: one table of what was lost and what came twice (half an hour)
	@FAULTS=full $(BIN)/python -m pytest tests/faults $(ARGS)

bench: install-dev ## how fast, beside a bare view, pgbench and smtplib: one table (some fifteen minutes)
	@DJANGO_SETTINGS_MODULE=tests.bench.settings $(BIN)/python -m tests.bench

check: install-dev ## style, types, import contracts, migrations, production settings, locked packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy, with production's settings"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python -m pip check

lock: install-dev ## write the requirements*.txt anew from the requirements*.in
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(PIP_COMPILE) requirements.in -o requirements.txt
	$(PIP_COMPILE) requirements-embedded.in -o requirements-embedded.txt
	$(PIP_COMPILE) requirements-dev.in -o requirements-dev.txt

shots: install-dev ## the README's pictures, from the running demo
	@$(BIN)/python -m tests.journeys.browser.shots

install install-dev:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python was found. Install Python 3.11 or newer (for example: apt-get install python3 python3-venv)." >&2; \
		exit 1; \
	fi
	@"$(PYTHON)" -I clinic/bootstrap.py $(if $(filter install-dev,$@),dev,run)
