"""What keeps the code small: direction of imports, where TensorFlow may be, length of files."""

import ast
from pathlib import Path

import pytest
from conftest import trains

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rnnauto"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SCRIPTS = [*TESTS, *sorted((ROOT / "benchmarks").glob("*.py"))]
MOST_LINES, MOST_TEST_LINES = 400, 800

# imports go to the left only
ORDER = [
    "errors",
    "recipe",
    "arrays",
    "names",
    "cores",
    "layout",
    "problem",
    "runs",
    "reading",
    "data",
    "inference",
    "problems",
    "inspection",
    "prepare",
    "networks",
    "search",
    "judge",
    "deploy",
    "report",
    "budget",
    "early",
    "fitted",
    "pipeline",
    "model",
    "run",
    "doctor",
    "cli",
    "__main__",
]
# what is imported at module level only by files that the driver loads late, or never
HEAVY = {"tensorflow", "keras", "keras_tuner", "sklearn", "scipy", "ray"}
MAY_BE_HEAVY = {
    "networks/adam.py": {"keras", "tensorflow"},
    "networks/build.py": {"keras"},
    "networks/calendar.py": {"tensorflow"},
    "networks/cells.py": {"keras", "tensorflow"},
    "networks/decoder.py": {"keras", "tensorflow"},
    "networks/forecast.py": {"keras"},
    "networks/forecast_layers.py": {"keras", "tensorflow"},
    "networks/fused.py": {"keras", "tensorflow"},
    "networks/layers.py": {"keras", "tensorflow"},
    "networks/losses.py": {"tensorflow"},
    "networks/moments.py": {"tensorflow"},
    "networks/text.py": {"tensorflow"},
    "search/oracle.py": {"keras_tuner"},
    "search/oracles.py": {"keras_tuner"},
    "search/traced.py": {"tensorflow"},
    "search/train.py": {"keras", "tensorflow"},
    "search/ray_cluster.py": {"ray"},
    "search/ray_workers.py": {"ray"},
    "judge/gradients.py": {"keras", "tensorflow"},
    "deploy/decoding.py": {"keras", "tensorflow"},
    "deploy/export.py": {"tensorflow"},
    "deploy/export_decoder.py": {"tensorflow"},
    "deploy/export_forecast.py": {"tensorflow"},
    "deploy/generation.py": {"tensorflow"},
    "deploy/language_module.py": {"tensorflow"},
    "networks/carried.py": {"keras", "tensorflow"},
    "search/train_carried.py": {"tensorflow"},
}
# these reach the files above at module level; nothing but a function may import them in turn
LATE = {
    *MAY_BE_HEAVY,
    "networks/network.py",
    "search/run_job.py",
    "search/members.py",
}
# what `rnnauto --help` waits for
LIGHT = [
    *("cli/app.py", "cli/inspect.py", "cli/options.py", "cli/console.py"),
    *("recipe/__init__.py", "recipe/model.py", "recipe/search.py", "recipe/values.py"),
    "recipe/faults.py",
]


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def part_of(module):
    """`rnnauto.reading.read` is of the part `data`."""
    return (module.split(".") + [""])[1]


def imports_of(path, *, top=False):
    """Every module that a file imports; with `top` only those it imports when it is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()

    def walk(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: a relative import"
                found.add(child.module)
                found.update(f"{child.module}.{alias.name}" for alias in child.names)
            elif top and runs_later(child):
                continue
            walk(child)

    walk(tree)
    return found


def runs_later(node):
    checked = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    return checked or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def files_named(modules):
    """The files of this package among the modules."""
    paths = (PACKAGE.parent / (module.replace(".", "/") + ".py") for module in modules)
    return {name_of(path) for path in paths if path.is_file()}


@pytest.mark.parametrize("path", [*SOURCES, *SCRIPTS], ids=lambda path: path.name)
def test_a_file_is_not_too_long(path):
    most = MOST_TEST_LINES if path in TESTS else MOST_LINES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_go_downwards(path):
    part = name_of(path).removesuffix(".py").split("/")[0]
    if part == "__init__":  # the public names
        assert files_named(imports_of(path, top=True)) == set()
        return
    mine = [part_of(module) for module in imports_of(path) if module.startswith("rnnauto.")]
    assert all(ORDER.index(other) <= ORDER.index(part) for other in mine)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_tensorflow_is_imported_by_few_files(path):
    tops = {module.split(".")[0] for module in imports_of(path, top=True)}
    assert tops & HEAVY == MAY_BE_HEAVY.get(name_of(path), set())


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_what_imports_tensorflow_is_imported_late(path):
    if name_of(path) not in LATE:
        assert not files_named(imports_of(path, top=True)) & LATE


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_tests_that_do_not_train_import_no_tensorflow(path):
    if not trains(path):
        tops = imports_of(path, top=True)
        assert not {module.split(".")[0] for module in tops} & {
            "tensorflow",
            "keras",
            "keras_tuner",
        }
        assert not files_named(tops) & LATE


def test_the_lists_name_files_that_there_are():
    assert {*MAY_BE_HEAVY, *LATE, *LIGHT} <= {name_of(path) for path in SOURCES}
    parts = {name_of(path).removesuffix(".py").split("/")[0] for path in SOURCES}
    assert parts - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("name", LIGHT)
def test_the_help_waits_for_little(name):
    tops = imports_of(PACKAGE / name, top=True)
    assert not {module.split(".")[0] for module in tops} & {*HEAVY, "polars", "numpy"}
    assert {part_of(module) for module in tops if module.startswith("rnnauto.")} <= {
        *("cli", "recipe", "errors")
    }


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_command_line_talks_exits_and_pickles_are_nowhere(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "print" not in called
    if not name_of(path).startswith("cli/"):
        assert not called & {"sys.exit", "exit", "sys.stdout.write", "sys.stderr.write", "input"}
    modules = {module.split(".")[0] for module in imports_of(path)}
    assert not modules & {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
    assert not called & {"eval", "exec", "__import__", "yaml.load", "keras.models.load_model"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_arrays_are_never_loaded_with_pickles(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
            options = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert options.get("allow_pickle") == "False"


@pytest.mark.parametrize("path", [*SOURCES, *SCRIPTS], ids=lambda path: path.name)
def test_every_todo_has_an_issue(path):
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    assert not [line for line in path.read_text().splitlines() if any(w in line for w in words)]


def test_every_file_says_what_it_is_for():
    silent = [
        name_of(path)
        for path in SOURCES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_test_file_has_tests_with_names_of_their_own():
    places = [path.name for path in TESTS if path.name.startswith("test_")]
    assert len(set(places)) == len(places)  # pytest imports them by their bare names
    for path in (path for path in TESTS if path.name.startswith("test_")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
        tests = [name for name in names if name.startswith("test_")]
        assert tests, path
        assert len(set(tests)) == len(tests), path  # the second would hide the first
