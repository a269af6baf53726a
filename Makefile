# One target a stage; `make help` lists them. Every target is a thin call of a command with a --help of its own.

PYTHON ?= python3
VENV   ?= .venv
RUN    ?= results/out/demo/run
CONFIG ?= demo
SET    ?=
SPACE  ?= thesis

BIN := $(VENV)/bin
PY  := $(BIN)/python

# Values that may hold blanks or quotes reach the recipes through the environment, behind -- where they may begin with a dash.
export AUDIO RUN ROOT CONFIG DATASET SPACE

# SET="a.b=c d.e=f" is --set a.b=c --set d.e=f
OVERRIDES = $(foreach field,$(SET),--set '$(field)')
SEARCH = $(if $(STRATEGY),--strategy $(STRATEGY)) $(if $(SEED),--seed $(SEED)) $(if $(POINTS),--points $(POINTS))
# Where an experiment runs: WORKERS processes here, or JOBS jobs of CLUSTER=slurm|local|debug as OPTIONS=file.toml says.
SUBMITTED = --cluster $(CLUSTER) $(if $(JOBS),--jobs $(JOBS)) $(if $(OPTIONS),--options "$(OPTIONS)")
WHERE = $(if $(CLUSTER),$(SUBMITTED),$(if $(WORKERS),--workers $(WORKERS)))
# $(call need,AUDIO,example): one sentence where a variable is missing
need = @test -n "$$$(1)" || { echo "make $@ needs $(1), for example: make $@ $(1)=$(2)" >&2; exit 2; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ Data

.PHONY: data

data: $(VENV)/runtime.stamp ## Prepare a data set (DATASET=shd|ssc|fsdd|asc|digits|audio, ROOT=folder)
	$(call need,DATASET,digits)
	@$(PY) -m pipeline data "$$DATASET" $(if $(ROOT),--root "$$ROOT")

##@ Training

.PHONY: demo train evaluate classify

demo: $(VENV)/runtime.stamp ## From nothing to a network that knows spoken words (SET="training.epochs=5 ...")
	@$(PY) -m results demo $(OVERRIDES)

train: $(VENV)/runtime.stamp ## Train a config, or go on where it stopped (CONFIG=demo, SET="a.b=c ...")
	@$(PY) -m pipeline train $(OVERRIDES) -- "$$CONFIG"

evaluate: $(VENV)/runtime.stamp ## Score a run (RUN=folder, SPLIT=validation|test)
	@$(PY) -m pipeline evaluate $(if $(SPLIT),--split $(SPLIT)) -- "$$RUN"

classify: $(VENV)/runtime.stamp ## Say which word a recording is (AUDIO=my.wav, PLOT=1 for a picture, RUN=folder)
	$(call need,AUDIO,my.wav)
	@test -e "$$RUN/config.toml" || { echo "there is no trained network in $$RUN; make demo trains one" >&2; exit 2; }
	@$(PY) -m pipeline classify $(if $(filter-out 0,$(PLOT)),--plot results/out/classify) -- "$$RUN" "$$AUDIO"

##@ Experiments

.PHONY: crossval sweep sweep-submit sweep-status study study-submit methods ablation sizes robustness gradcheck bench

crossval: $(VENV)/runtime.stamp ## Leave one speaker out: one network a speaker (CONFIG=demo, SET="a.b=c ...")
	@$(PY) -m results crossval $(WHERE) $(OVERRIDES) -- "$$CONFIG"

sweep: $(VENV)/runtime.stamp ## Search hyperparameters (SPACE=thesis, STRATEGY, SEED, POINTS)
	@$(PY) -m sweeps $(if $(CLUSTER),submit,run) $(SEARCH) $(WHERE) $(OVERRIDES) -- "$$SPACE"

sweep-submit: ## Search on a cluster: make sweep CLUSTER=slurm (or local, debug)
	@$(MAKE) --no-print-directory sweep CLUSTER=$(or $(CLUSTER),slurm)

sweep-status: $(VENV)/runtime.stamp ## How far a search is (SPACE, STRATEGY, SEED)
	@$(PY) -m sweeps status $(if $(STRATEGY),--strategy $(STRATEGY)) $(if $(SEED),--seed $(SEED)) -- "$$SPACE"

study: $(VENV)/runtime.stamp ## Compare the readout windows (SMALL=1 for ten minutes; PLAN="fsdd-loso shd ...", SET)
	@$(PY) -m results study $(if $(SMALL),--small) $(PLAN) $(WHERE) $(OVERRIDES)

study-submit: ## On a cluster; any experiment takes CLUSTER=slurm JOBS=16 OPTIONS=file.toml, or WORKERS=2
	@$(MAKE) --no-print-directory study CLUSTER=$(or $(CLUSTER),slurm)

methods: $(VENV)/torch.stamp ## Compare Eventprop with other training methods (SMALL=1 for ten minutes; PLAN="fsdd-index ...")
	@$(PY) -m results methods $(if $(SMALL),--small) $(PLAN) $(WHERE)

ablation: $(VENV)/runtime.stamp ## What each idea is worth, on fsdd (SET, SEEDS=5, LOSO=1); writes results/out/tables
	@$(PY) -m results ablation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(LOSO),--loso) $(WHERE) $(OVERRIDES)

sizes: $(VENV)/runtime.stamp ## Accuracy by hidden size, feed-forward and recurrent (SET, SEEDS=5); writes results/out/tables
	@$(PY) -m results sizes $(if $(SEEDS),--seeds $(SEEDS)) $(WHERE) $(OVERRIDES)

robustness: $(VENV)/runtime.stamp ## Train many seeds of fsdd, none may collapse (SEEDS=20); writes results/out/tables
	@$(PY) -m results robustness $(if $(SEEDS),--seeds $(SEEDS)) $(WHERE) $(OVERRIDES)

gradcheck: $(VENV)/runtime.stamp ## Compare gradients on time grids with the event-exact ones; writes results/out/tables
	@$(PY) -m results gradcheck $(if $(QUICK),--quick)

bench: $(VENV)/dev.stamp ## Measure speed against peers (CASE="cochlea ..."); writes results/out/bench
	@$(PY) -m results bench $(CASE)

##@ Results

.PHONY: tables figures report

tables: $(VENV)/runtime.stamp ## Write result tables, CSV, Markdown and LaTeX, from runs and committed results
	@$(PY) -m results tables

figures: $(VENV)/runtime.stamp ## Draw the thesis's figures (FIGURE="14-eventprop ..."); writes results/out/figures
	@$(PY) -m results figures $(FIGURE)

report: $(VENV)/runtime.stamp ## Write results/out/report.html, one page with everything, from committed results
	@$(PY) -m results report

##@ Project

.PHONY: help setup doctor test fuzz lint clean

help: ## List the targets by stage
	@awk -F ':.*## ' '/^##@ / { printf "%s%s\n", sep, substr($$0, 5); sep = "\n" } \
	/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/dev.stamp ## Make .venv with everything, pinned
	@echo "$(VENV) is ready"

doctor: $(VENV)/runtime.stamp ## Say what is installed and whether both engines run here
	@$(PY) -m pipeline doctor

test: $(VENV)/dev.stamp ## Run the quick tests, a process a core
	@$(PY) -m pytest -q --numprocesses logical --maxprocesses 4 --dist loadfile

fuzz: $(VENV)/dev.stamp ## Run the property tests with ten times the examples from new seeds (MINUTES=60)
	@end=$$(($$(date +%s) + 60 * $(or $(MINUTES),0))); \
	while seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); do \
	echo "seed $$seed"; \
	$(PY) -m pytest -q -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=$$seed || exit; \
	test $$(date +%s) -lt $$end || exit 0; done

lint: $(VENV)/dev.stamp ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/mypy

clean: ## Remove results and tool caches; data, runs and .venv stay
	rm -rf results/out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find models pipeline sweeps results tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment: made once, its packages installed again whenever the pins change.

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	"Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	"$(PYTHON) can't make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# pip's own output is a flood or nothing: packages are counted instead, and what pip complains of is shown if it fails.
# pip would compile all modules on one core; instead, all cores compile them, without the packages' own tests.
# The stamp is only touched if it succeeds.
define install
	@rm -f $@
	@{ $(PY) -m pip install --no-compile --disable-pip-version-check --no-input --progress-bar off -r $< \
	2>$(VENV)/pip.log && touch $@ || cat $(VENV)/pip.log >&2; } | { total=$$(grep -c '==' $<); n=0; while read -r verb rest; do case $$verb in \
	Collecting | Processing) n=$$((n + 1)); test $$((n % 10)) -ne 0 || echo "  $$n of $$total packages" ;; \
	Installing) echo "  unpacking" ;; esac; done; }
	@test -e $@
	@$(PY) -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib || true
endef

$(VENV)/runtime.stamp: requirements.txt | $(VENV)/made.stamp
	@echo "installing what $< pins"
	$(install)

$(VENV)/torch.stamp: requirements-torch.txt $(VENV)/runtime.stamp
	@echo "installing what $< pins"
	$(install)

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt $(VENV)/runtime.stamp | $(VENV)/made.stamp
	@echo "installing what $< pins"
	$(install)
