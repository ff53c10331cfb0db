# What a person or a server runs here. Every target first makes sure of the environment; nothing needs root, or a path without spaces.
#
#   make             the environment and the compiled kernels, then this list
#   make demo        one generated trading day, from the market to the report
#   make dashboard   the page to keep open while something trades: 127.0.0.1, with a token    (ARGS="--data data/demo")
#   make lab         JupyterLab: 127.0.0.1, with a token; it asks no other address            (ARGS="--port 8890")
#   make lab-git     git strips, compares and merges notebooks of notebooks/lab by cells; in this clone alone
#   make test        everything once, in ten minutes on two cores          (ARGS="-k fold" picks)
#   make proof       the full counts, in half an hour
#   make nightly     what takes longer
#   make check       style, types, floors, and whether generated pages are up to date
#   make bench       every row of the performance table beside its peers   (make bench-quick: without the peers)
#   make coverage    write docs/coverage.md: which test shows which requirement
#   make screenshots the pictures of the page in docs/images        (needs chromium)
#   make lock        resolve pyproject.toml anew into requirements.lock
#   make clean       remove all that make has made; never data/

PYTHON = python3.11 python3.12 python3.13 python3
ARGS =
PY = .venv/bin/python
IN_RANGE = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
TESTS = $(PY) -m pytest -n 2 --dist worksteal --durations 10 --durations-min 5

.PHONY: help environment install demo dashboard lab lab-git test proof nightly check check-style check-types check-floors check-coverage
.PHONY: bench bench-quick coverage screenshots lock clean

help: environment
	@sed -n '3,16s/^#   //p' Makefile

# Keyed by content: the environment remembers the lock and the project it was made from.
environment:
	@cmp -s requirements.lock .venv/made.lock && cmp -s pyproject.toml .venv/made.toml || $(MAKE) --no-print-directory install
	@$(PY) -m workbench.commands.warm

install:
	@set -e; python=; \
	for each in $(PYTHON); do \
	  if "$$each" -c '$(IN_RANGE)' >/dev/null 2>&1; then python=$$("$$each" -c 'import sys; print(sys.executable)'); break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'python: 3.11, 3.12 or 3.13 is needed and none was found. Install one (Debian, Ubuntu: apt-get install python3.11-venv; macOS:' >&2; \
	  echo '        brew install python@3.11), or say where one is: make PYTHON=/path/to/python3.11. Then run make again.' >&2; \
	  exit 1; \
	fi; \
	uv=$$(command -v uv) || uv=.tools/uv/bin/uv; \
	if ! [ -x "$$uv" ]; then \
	  echo 'tools: installing uv into .tools/uv'; \
	  "$$python" -m venv .tools/uv || { echo 'tools: this Python makes no environments; Debian, Ubuntu: apt-get install python3-venv' >&2; exit 1; }; \
	  .tools/uv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.9,<1'; \
	fi; \
	if ! $(PY) -c '$(IN_RANGE)' >/dev/null 2>&1; then \
	  echo "environment: .venv with $$("$$python" --version)"; \
	  "$$uv" venv -q --clear --python "$$python" .venv; \
	fi; \
	rm -f .venv/made.lock; \
	echo 'environment: installing what requirements.lock names (1.8 GB; minutes the first time, then seconds)'; \
	"$$uv" pip sync -q --python $(PY) --require-hashes requirements.lock; \
	"$$uv" pip install -q --python $(PY) --no-deps -e .; \
	cp pyproject.toml .venv/made.toml; cp requirements.lock .venv/made.lock; \
	echo 'environment: ready'

demo: environment
	@$(PY) -m workbench demo $(ARGS)

dashboard: environment
	@$(PY) -m workbench dashboard $(ARGS)

lab: environment lab-git
	@$(PY) -m workbench lab $(ARGS)

lab-git: environment
	@! git rev-parse --git-dir >/dev/null 2>&1 || { \
	  git config filter.lab.clean .venv/bin/nbstripout; \
	  git config filter.lab.smudge cat; \
	  git config diff.lab.command '.venv/bin/git-nbdiffdriver diff --source'; \
	  git config merge.lab.driver '.venv/bin/git-nbmergedriver merge %O %A %B %L %P'; }

test: environment
	@$(TESTS) $(ARGS)

proof: environment
	@$(TESTS) -m proof --timeout 1500 $(or $(ARGS),tests)

nightly: environment
	@$(TESTS) -m nightly --timeout 7200 --hypothesis-profile nightly $(or $(ARGS),tests)

check: check-style check-types check-floors check-coverage

check-style: environment
	@echo 'style:    ruff'; $(PY) -m ruff check --quiet --output-format concise .
	@$(PY) -m ruff format --check --quiet benchmarks notebooks pipelines tests workbench || \
	  { echo 'style:    not formatted: .venv/bin/ruff format benchmarks notebooks pipelines tests workbench'; exit 1; }

check-types: environment
	@echo 'types:    mypy --strict'; $(PY) -m mypy --no-error-summary

check-floors: environment
	@echo 'floors:   import-linter'; found=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$found"; exit 1; }

check-coverage: environment
	@echo 'coverage: docs/coverage.md'; $(PY) -m tests.coverage_table --check

coverage: environment
	@$(PY) -m tests.coverage_table

screenshots: environment
	@$(PY) -m tests.dashboard.screenshots

bench: environment
	@$(PY) -m benchmarks $(ARGS)

bench-quick: environment
	@$(PY) -m benchmarks --quick $(ARGS)

lock: environment
	@uv=$$(command -v uv) || uv=.tools/uv/bin/uv; \
	"$$uv" pip compile -q pyproject.toml --universal --generate-hashes --group test --python-version 3.11 -o requirements.lock

clean:
	@rm -rf .venv .tools .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@for folder in workbench tests benchmarks; do \
	  if [ -d "$$folder" ]; then find "$$folder" -name __pycache__ -type d -prune -exec rm -rf {} +; fi; \
	done
