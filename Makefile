# Everything a developer types. All that is installed goes to .tools; nothing outside this folder is changed,
# but for Chromium and Java, which `make test` and `make bench` install where they may.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TOOLS := $(CURDIR)/.tools
DEV := $(TOOLS)/dev/bin

# sam build looks for python3.13 on PATH.
export PATH := $(TOOLS)/bin:$(PATH)
export SAM := $(TOOLS)/sam/bin/sam
export SAM_CLI_TELEMETRY := 0
# Its pip builds the layer: a system's Python may come without one.
export LAYER_PYTHON := $(DEV)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run sam-local deploy manifest secret doctor users check test fuzz soak load bench dashboard format lock clean

help: ## List these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## Make the Python environments in .tools (the others do it where needed)
	@local/link-python
	@$(MAKE) -j4 environment-dev environment-sam environment-ministack environment-checkov

# All that a run needs. The first one should not wait for more.
.PHONY: environment-run
environment-run:
	@local/link-python
	@$(MAKE) -j3 environment-dev environment-sam environment-ministack

.PHONY: environment-dev environment-sam environment-ministack environment-checkov environment-schemathesis environment-bench
environment-dev environment-sam environment-ministack environment-checkov environment-schemathesis environment-bench:
	@local/make-environment $(@:environment-%=%)

# DOMAIN_API_URL, APP_INSTALLS and PORT, given to make, reach the runner as environment variables.
run: environment-run ## Run the whole system here: make run [PORT=...] [DOMAIN_API_URL=... APP_INSTALLS=account=id]
	@exec $(DEV)/python -m local.runner

sam-local: environment-run ## Run sam local start-api against the same emulator and simulator (needs a container engine)
	@exec $(DEV)/python -m local.sam_local

# The operators' tool on the deployed stack. ARGS has further options, such as ARGS='--config-env test' or ARGS=--help.
OPERATE := exec $(DEV)/python -m operator_cli

.PHONY: environment-operator
environment-operator:
	@local/link-python
	@$(MAKE) environment-dev

deploy: environment-operator environment-sam ## Deploy to AWS: asks the first time, remembers it in samconfig.toml
	@$(OPERATE) deploy $(ARGS)

# Make hands its variables on in the environment, from where any character but $ reaches the tool as it is.
manifest: environment-operator ## Print LivePerson's manifest: make manifest CLIENT_NAME=com.example.my-app PROFILES=0,1
	@$(OPERATE) manifest --output liveperson-manifest.json $${CLIENT_NAME:+--client-name "$$CLIENT_NAME"} \
		$${DISPLAY_NAME:+--display-name "$$DISPLAY_NAME"} $${DESCRIPTION:+--description "$$DESCRIPTION"} \
		$${PROFILES:+--profiles "$$PROFILES"} $(ARGS)

secret: environment-operator ## Store the AppInstall secret that LivePerson gave; asks for it
	@$(OPERATE) secret $(ARGS)

doctor: environment-operator ## Check the deployed stack, and say what is wrong and how to mend it
	@$(OPERATE) doctor $(ARGS)

users: environment-operator ## List who is signed in, how fresh their tokens are, who must sign in again
	@$(OPERATE) users $(ARGS)

check: setup ## Lint, types, template and unit tests, in about a minute
	@$(MAKE) -j2 --output-sync=target check-code check-types check-template check-security
	@$(DEV)/python -m pytest -q tests/unit

.PHONY: check-code check-types check-template check-security
check-code:
	@$(DEV)/ruff check --quiet
	@$(DEV)/ruff format --check --quiet || { echo "make format brings the files above into form" >&2; exit 1; }

check-types:
	@$(DEV)/mypy

check-template:
	@$(DEV)/cfn-lint template.yaml docs/events-example.yaml
	@$(SAM) validate --lint --template template.yaml

# What these two are told to pass over stands, with the reason, in pyproject.toml and .checkov.yaml.
check-security:
	@$(DEV)/bandit --quiet --configfile pyproject.toml --recursive functions layers/le_auth local operator_cli
	@$(TOOLS)/checkov/bin/checkov --config-file .checkov.yaml

# The unit tests run here among all others, so that one coverage report has all. Those of e2e come by themselves: each process
# has a stack and a browser for all its tests, and the security tests' browser would be a second one.
PROCESSES := 2
test: setup environment-schemathesis browser dynamodb-local ## Everything: the checks, then all tests with their branch coverage
	@$(MAKE) -j2 --output-sync=target check-code check-types check-template check-security
	@$(DEV)/python -m pytest tests --ignore=tests/e2e -n $(PROCESSES) --dist worksteal --cov --cov-report=
	@$(DEV)/python -m pytest tests/e2e -n $(PROCESSES) --dist loadfile --cov --cov-append --cov-report=term-missing:skip-covered

# 4,000 for each test are some 150,000 in all. Atheris has no build for arm64.
FUZZ_INPUTS := 4000
GUIDED_INPUTS := 1000000
fuzz: setup ## Try hostile inputs on functions and parsers, 100,000 and more; some ten minutes
	@FUZZ_INPUTS=$(FUZZ_INPUTS) FUZZ_AT_LEAST=100000 $(DEV)/python -m pytest -q -n 2 -p no:logging tests/security/fuzz
	@if $(DEV)/python -c 'import atheris' 2>/dev/null; then \
		echo "The parsers, guided by coverage:"; \
		$(DEV)/python -m tests.security.fuzz.guided $(GUIDED_INPUTS); \
	fi

# Without the search for secrets: among so many tokens, a piece of one turns up elsewhere by chance.
EXAMPLES := 2000
soak: setup ## Live thousands of lives with faults at random: make soak [EXAMPLES=2000]; up to half an hour
	@EXAMPLES=$(EXAMPLES) $(DEV)/python -m pytest -q -n 2 -p no:logging -p no:canaries tests/faults/test_any_life.py

load: environment-run ## Load the local stack with sign-ins, refreshes and faults: make load [USERS=500] [REFRESHES=5000]
	@exec $(DEV)/python -m tests.load

bench: setup environment-bench dynamodb-local ## Measure all that docs/performance.md tells, and write it anew; some fifteen minutes
	@exec $(DEV)/python -m tests.benchmarks

dashboard: setup environment-bench ## Draw docs/images/dashboard.png anew, from a short load of the local stack; some eight minutes
	@mkdir -p .local
	@$(DEV)/python -m tests.load.dashboard.record .local/dashboard.json
	@$(TOOLS)/bench/bin/python -m tests.load.dashboard.draw .local/dashboard.json docs/images/dashboard.png

.PHONY: browser dynamodb-local
browser:
	@local/install-browser
	@local/install-axe

dynamodb-local:
	@local/install-dynamodb-local

format: setup ## Bring the code into its form
	@$(DEV)/ruff check --fix --quiet
	@$(DEV)/ruff format --quiet

UV := 0.13.9
# Versions already locked stay; `make lock UPGRADE=--upgrade` takes the newest.
LOCK := $(TOOLS)/uv/bin/uv pip compile --quiet --universal --python-version 3.13 \
	--generate-hashes --no-header --no-annotate $(UPGRADE)
lock: ## Lock the requirements anew from the *.in files (needs the network)
	@local/link-python
	@test -x $(TOOLS)/uv/bin/uv || { python3.13 -m venv $(TOOLS)/uv && $(TOOLS)/uv/bin/pip install --quiet uv==$(UV); }
	@cd layers/third_party && $(LOCK) -o requirements.txt requirements.in
	@cd requirements && for name in dev cli sam ministack schemathesis lambda checkov bench; do $(LOCK) -o $$name.txt $$name.in; done

clean: ## Remove all that the other targets made
	@rm -rf .tools .aws-sam .local .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis crash-* timeout-*
	@find functions layers local operator_cli tests -name __pycache__ -type d -prune -exec rm -rf {} +
