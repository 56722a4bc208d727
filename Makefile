# Every command below works as the only one typed in a fresh clone: Python 3.11 and make are enough.
.PHONY: env demo test check bench
BIN := .venv/bin
BENCHES := $(shell grep -l __main__ infra/bench/*.py)

env: ## .venv as the lock says; nothing is done where it is current
	@sh infra/env.sh

demo: env ## the main job on the bundled real market
	@$(BIN)/foreshock run

test: env ## the tests, without the slow ones
	@$(BIN)/pytest -m "not slow"

check: env ## the whole gate: format, lint, types, room contracts, locks, every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	@! grep -n '://' infra/*.lock || { echo "A lock names a host (above): run infra/lock.sh."; exit 1; }
	$(BIN)/pytest

bench: env ## the benchmark tables, one script after the other
	@set -e; for script in $(BENCHES); do echo "== $$script"; $(BIN)/python $$script; done
