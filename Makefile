# Every target works on a fresh machine: `setup` comes first by itself and does nothing twice.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
PROGRAM := ingestion rag_agent ui
DATA ?= ../shared/data/retrieval/scifact
QA ?= ../shared/data/qa
AGAINST ?=
REVIEWS ?= ../shared/data/reviews/deepscholar.jsonl
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## List all targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/.installed ## Make the virtual environment with pinned dependencies

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0]) if sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing dependencies into .venv (3 to 7 GB, a few minutes)"
	@$(BIN)/python -m pip install --quiet -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

.PHONY: setup-ray
setup-ray: setup ## Add Ray, which `ingest --ray` needs (70 MB more to download)
	@$(BIN)/python -m pip install --quiet -c requirements.lock -r requirements-ray.lock

.PHONY: setup-server
setup-server: setup ## Add what many readers on one PostgreSQL, metrics and traces need (10 MB more to download)
	@$(BIN)/python -m pip install --quiet -c requirements.lock -r requirements-server.lock

.PHONY: run
run: setup ## Open the chat page at http://localhost:8501 (weights come at first use)
	@$(BIN)/arxiv-agent ui

.PHONY: chat
chat: setup ## Ask in the terminal
	@$(BIN)/arxiv-agent chat

.PHONY: ask
ask: setup ## Answer one question: make ask Q="How does …?"
	@test -n "$$Q" || { echo 'usage: make ask Q="How does low-rank adaptation save memory?"'; exit 2; }
	@$(BIN)/arxiv-agent ask "$$Q"

# Each worker and some hundred child processes would compile the program anew where this is set.
test test-slow test-all: export PYTHONDONTWRITEBYTECODE =

.PHONY: test
test: setup ## Run the fast tests (no network, no weights)
	@$(BIN)/python -m pytest -q -m "not slow and not long" -n 2

.PHONY: test-slow
test-slow: setup ## Run what takes longer and needs nothing more: tuning, servers, kills, more invented examples
	@$(BIN)/python -m pytest -q -m slow -n 2 tests/finetune tests/rag_agent/serving tests/rag_agent/conversations tests/rag_agent/jobs
	@$(BIN)/python -m pytest -q -m "(long or hypothesis) and not slow" -n 2 --hypothesis-profile thorough

.PHONY: test-all
test-all: setup ## Run all tests; those whose part is missing skip with the reason
	@$(BIN)/python -m pytest -q --timeout 1800 --hypothesis-profile thorough

.PHONY: check
check: setup ## Lint, format, types, import contracts, tests: what CI runs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/deptry .
	@$(BIN)/deptry $(PROGRAM) --optional-dependencies-dev-groups bench,dev,finetune --ignore DEP002
	@$(MAKE) --no-print-directory test

.PHONY: wheel-test
wheel-test: setup ## Install the wheel into an empty environment and ask it a question
	@.ci/wheel

.PHONY: docs
docs: setup ## Write docs/map.md and docs/settings.md from the code
	@$(BIN)/python -m docs.generate

.PHONY: format
format: setup ## Format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

.PHONY: bench
bench: bench-retrieval bench-review bench-threshold bench-ingest bench-latency bench-growth bench-answer-latency bench-answers bench-reading bench-functions bench-code ## All measurements (hours; each resumes or is short)

.PHONY: bench-retrieval
bench-retrieval: setup ## Ranking quality on a BEIR-layout folder: DATA=DIR
	@$(BIN)/python -m bench.retrieval --data $(DATA)

.PHONY: bench-crowd
bench-crowd: setup ## A judged set alone and among the papers of a data folder: DATA=DIR LIBRARY=HOME
	@$(BIN)/python -m bench.crowd --data $(DATA) --library $(LIBRARY)

.PHONY: bench-on-ray
bench-on-ray: setup-ray ## Metadata files by the plain ingest and by Ray, with kills: FILES="…" PLAIN=HOME
	@$(BIN)/python -m bench.on_ray $(FILES) $(if $(PLAIN),--plain $(PLAIN))

.PHONY: bench-ingest
bench-ingest: setup ## Abstracts a second, embedding alone and whole pipeline
	@$(BIN)/python -m bench.ingest

.PHONY: bench-latency
bench-latency: setup ## Search latency against library size and clients
	@$(BIN)/python -m bench.latency

.PHONY: bench-threshold
bench-threshold: setup ## What a cosine threshold lets pass, for queries in and out of the library
	@$(BIN)/python -m bench.threshold --data ../shared/data/retrieval/scifact ../shared/data/retrieval/cacm

.PHONY: bench-growth
bench-growth: setup ## Each engine of the library grown to a million papers: time, memory, disk, recall, 1 to 64 clients
	@$(BIN)/python -m bench.growth

.PHONY: bench-answer-latency
bench-answer-latency: setup ## First words and whole answers, cold and warm, with and without prompt cache
	@$(BIN)/python -m bench.answer_latency

.PHONY: bench-engine
bench-engine: setup ## Prompt and reply speed, memory and start-up of each engine here
	@$(BIN)/python -m bench.engine

.PHONY: bench-answers
bench-answers: setup ## Answers right, quoted, declined, on each set, beside the LangChain recipe and AGAINST=REVISION
	@for set in bench/questions/unseen.jsonl "bench/questions/papers.jsonl --half held" $(QA)/qasper.jsonl $(QA)/pubmedqa.jsonl; do \
	  $(BIN)/python -m bench.answers --data $$set --recipe $(AGAINST:%=--against %) || exit 1; done

.PHONY: bench-reading
bench-reading: setup ## PDF parsers, passages and their speed
	@$(BIN)/python -m bench.reading

.PHONY: bench-review
bench-review: setup ## Does a review find what its authors cited: REVIEWS=FILE
	@$(BIN)/python -m bench.review --data $(REVIEWS)

.PHONY: bench-tables
bench-tables: setup ## A table of the PDFs in a folder, its cells to be read: PDFS=DIR
	@$(BIN)/python -m bench.tables --pdfs $(PDFS)

.PHONY: bench-reviewing
bench-reviewing: setup ## Five reviews, 60 of their sentences to be read: CORPUS=FILE PDFS=DIR
	@$(BIN)/python -m bench.reviewing --corpus $(CORPUS) --pdfs $(PDFS)

.PHONY: bench-code
bench-code: setup ## HumanEval and paper-to-code in the sandbox
	@$(BIN)/python -m bench.code

.PHONY: bench-functions
bench-functions: setup ## pass@1 of both embedded coders on HumanEval+ in full, and the table of all that was measured
	@for model in qwen2.5-coder-0.5b-instruct qwen2.5-coder-1.5b-instruct; do \
		$(BIN)/python -m bench.functions --data ../shared/data/code/HumanEvalPlus.jsonl.gz --model $$model --adapter none || exit 1; \
	done
	@$(BIN)/python -m bench.functions --table

.PHONY: bench-serving
bench-serving: setup ## Eight clients at once on the HTTP API for five minutes, with a scripted model
	@$(BIN)/python -m bench.serving

.PHONY: torture
torture: setup ## Eight clients for MINUTES=30 while store, model and disk fail and the clock jumps
	@$(BIN)/python -m bench.torture --minutes $(or $(MINUTES),30)

.PHONY: smoke-ui
smoke-ui: setup ## The page in a real browser with the real model
	@$(BIN)/python -m bench.smoke_ui
