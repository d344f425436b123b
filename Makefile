# make demo   the main job on bundled data     make check   format, lint, types (seconds)
# make test   the whole test suite             make bench   the comparisons in benchmarks/
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
DATA = recipes/data

.PHONY: demo test check fix bench clean

# a stamp per extra: set-up runs again only when what it installs has changed
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/rnnauto fit $(DATA)/japanese_vowels_train.csv --target speaker \
	  --test $(DATA)/japanese_vowels_test.csv --budget 90s --seed 0 -o demo_model --overwrite
	$(BIN)/rnnauto predict $(DATA)/japanese_vowels_test.csv -m demo_model -o predictions.csv
	$(BIN)/rnnauto evaluate $(DATA)/japanese_vowels_test.csv -m demo_model

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/recipe.py
	$(BIN)/python docs/metrics.py
	$(BIN)/python docs/problems.py
	$(BIN)/rnnauto recipe schema > rnnauto/recipe.schema.json

bench: $(VENV)/.installed-dev
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) demo_model predictions.csv
