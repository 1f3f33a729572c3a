# Everything runs from a virtual environment in this checkout; every target makes it first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Compiled files are kept, also on machines that are set up otherwise: each process starts quicker.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo run test check bench venv lock clean

demo: venv
	@$(BIN)/python -m bot rehearse --config config.example.toml

run: venv
	@$(BIN)/python -m bot run

test: venv
	@$(BIN)/python -m pytest -q -n 4

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m bot check --config config.example.toml
	$(BIN)/python -m pytest -q -n 4

bench: venv
	@$(BIN)/python -m bench

venv: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Porchlight needs Python 3.11 or newer. Set PYTHON to one, as in: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "Python is here without its venv part. On Debian: apt install python3-venv"; exit 1; }
	@echo "Making $(VENV) (once; this takes a minute or two)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# Renews the lock for every supported Python; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra rehearse --extra dev --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
