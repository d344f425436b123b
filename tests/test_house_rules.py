"""What keeps the code small: direction of imports, where TensorFlow may be, length of files."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from conftest import trains

from rnnauto.recipe.column_names import OUR_OWN

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rnnauto"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SCRIPTS = [*TESTS, *sorted((ROOT / "benchmarks").glob("*.py"))]
MOST_LINES, MOST_TEST_LINES = 400, 800

# imports go to the left only
ORDER = [
    "errors",
    "late",
    "visible",
    "late",
    "metrics",
    "cells",
    "recipe",
    "arrays",
    "names",
    "cores",
    "mapped",
    "machine",
    "files",
    "times",
    "layout",
    "problem",
    "runs",
    "reading",
    "data",
    "inference",
    "problems",
    "inspection",
    "prepared",
    "splitting",
    "networks",
    "search",
    "judge",
    "unroll",
    "deploy",
    "exchange",
    "report",
    "families",
    "streaming",
    "prepare",
    "budget",
    "fitted",
    "early",
    "finish",
    "tracking",
    "pipeline",
    "exports",
    "updating",
    "pieces",
    "model",
    "comparing",
    "backtesting",
    "mlflow_model",
    "run",
    "doctor",
    "serve",
    "cli",
    "estimators",
    "__main__",
]
# a family's folder spans these parts: each of its files stands with one of them
FAMILIES = ("direct", "decoder", "forecast", "language", "lists", "anomaly")
STANDS_WITH = {
    "data": """encode misfits tokens pairs series future windows origins cut streams batches
    levels""",
    "splitting": "prepare",
    "networks": "network layers features smooth",
    "search": "space simple_errors calibrate train learner lessons",
    "judge": """evaluate baselines metrics mistakes order probing attention calibrated simple
    probabilistic ngrams linear predictors stored boosted last_timestep order_free summaries
    look_up rivals meter deciding conformal forest
    bigrams""",
    "deploy": """answer check compare table finish generate decoding generation members
    token_module set_module writer light signatures streaming""",
    "exchange": "choosing export graph graphs emitters steps early lite",
    "report": "shown inside onward",
    "families": "family",
}
# the callers of families: nobody else outside `families/` names a file of one
MAY_NAME_FAMILIES = {"families/families.py", "families/learners.py"}
# what is imported at module level only by files that the driver loads late, or never
HEAVY = {"tensorflow", "keras", "keras_tuner", "sklearn", "scipy", "ray"}
BOTH = {"keras", "tensorflow"}
MAY_BE_HEAVY = {
    "estimators/base.py": {"sklearn"},
    "estimators/classifier.py": {"sklearn"},
    "estimators/forecaster.py": {"sklearn"},
    "estimators/regressor.py": {"sklearn"},
    "networks/adam.py": BOTH,
    "networks/calendar.py": {"tensorflow"},
    "networks/gaps.py": {"tensorflow"},
    "networks/grams.py": BOTH,
    "networks/built.py": {"keras"},
    "networks/cells.py": BOTH,
    "networks/decay.py": BOTH,
    "networks/ends.py": {"tensorflow"},
    "networks/fused.py": BOTH,
    "networks/kernels/graph.py": {"tensorflow"},
    "networks/layers.py": BOTH,
    "networks/losses.py": {"tensorflow"},
    "networks/moments.py": {"tensorflow"},
    "networks/optimizers.py": BOTH,
    "networks/stack.py": {"keras"},
    "networks/text.py": {"tensorflow"},
    "networks/ways.py": {"tensorflow"},
    "networks/weight_drop.py": {"tensorflow"},
    "search/oracle.py": {"keras_tuner"},
    "search/oracles.py": {"keras_tuner"},
    "search/traced.py": {"tensorflow"},
    "search/train.py": {"tensorflow"},
    "unroll/watch.py": BOTH,
    "search/ray_cluster.py": {"ray"},
    "search/ray_workers.py": {"ray"},
    "judge/gradients.py": BOTH,
    "deploy/inputs.py": {"tensorflow"},
    "families/direct/network.py": {"keras"},
    "exchange/layers.py": {"keras"},
    "exchange/recurrent.py": {"keras"},
    "exchange/steps.py": {"keras"},
    "families/direct/export.py": {"tensorflow"},
    "families/direct/steps/saved.py": BOTH,
    "families/direct/lite.py": BOTH,
    "families/decoder/network.py": BOTH,
    "families/decoder/learner.py": {"tensorflow"},
    "families/decoder/decoding.py": {"tensorflow"},
    "families/decoder/export.py": {"tensorflow"},
    "families/forecast/network.py": {"keras"},
    "families/forecast/layers.py": BOTH,
    "families/forecast/learner.py": {"tensorflow"},
    "families/forecast/export.py": {"tensorflow"},
    "families/forecast/steps/window.py": {"tensorflow"},
    "families/forecast/lite.py": {"tensorflow"},
    "families/lists/network.py": {"keras"},
    "families/lists/layers.py": BOTH,
    "families/lists/learner.py": {"tensorflow"},
    "families/lists/export.py": {"tensorflow"},
    "families/anomaly/network.py": {"keras"},
    "families/anomaly/layers.py": BOTH,
    "families/anomaly/steps.py": BOTH,
    "families/anomaly/export.py": {"tensorflow"},
    "families/language/network.py": {"keras"},
    "families/language/train.py": {"tensorflow"},
    "families/language/export.py": {"tensorflow"},
    "families/language/generation.py": {"tensorflow"},
    "families/language/members.py": {"tensorflow"},
    "families/language/set_module.py": {"tensorflow"},
    "families/language/token_module.py": {"tensorflow"},
}
# these reach the files above at module level; nothing but a function may import them in turn
LATE = {
    *MAY_BE_HEAVY,
    "families/direct/steps/emit.py",
    "families/direct/learner.py",
    "families/direct/lessons/lesson.py",
    "families/language/learner.py",
    "exchange/decay.py",
    "exchange/grams.py",
    "exchange/network.py",
    "families/decoder/choosing.py",
    "families/decoder/graphs.py",
    "families/direct/graph.py",
    "families/forecast/emitters.py",
    "families/forecast/graph.py",
    "families/language/graphs.py",
    "families/lists/emitters.py",
    "families/lists/graph.py",
    "families/anomaly/learner.py",
    "families/anomaly/emitters.py",
    "families/anomaly/graph.py",
}
# what `rnnauto --help` waits for
LIGHT = [
    *("cli/app.py", "cli/inspect.py", "cli/options.py", "cli/console.py"),
    *("recipe/__init__.py", "recipe/model.py", "recipe/search.py", "recipe/values.py"),
    *("recipe/faults.py", "recipe/expect.py", "metrics.py", "cells.py"),
]


MOST_FILES, MOST_FUNCTION = 30, 60
# types that tell what family something is of
KINDS = {
    "Encoders",
    "SeriesEncoders",
    "DirectEncoders",
    "DecoderEncoders",
    "LanguageEncoders",
    "Features",
    "DecoderFeatures",
    "ForecastFeatures",
    "ListFeatures",
    "ListEncoders",
    "EncodedLists",
    "ListPart",
    "ListAnswers",
    "ListBaseline",
    "ListTarget",
    "AnomalyEncoders",
    "AnomalyPart",
    "Watched",
    "Encoded",
    "EncodedPairs",
    "EncodedSeries",
    "Sequences",
    "SeriesWindows",
    "DirectPart",
    "DecoderPart",
    "LanguagePart",
    "Parts",
    "WindowParts",
    "Answered",
    "NGrams",
    "LabelShares",
    "Predictor",
    "AnswerBaseline",
    "TokensEncoder",
    "NextToken",
    "NextSet",
}
MOST_QUESTIONS = 20  # 269 at the commit before families had folders


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def part_of(module):
    """`rnnauto.data.encode` is of the part `data`, and so is `rnnauto.families.forecast.series`."""
    words = [*module.split("."), "", "", ""]
    if words[1] != "families":
        return words[1]
    if not words[3]:  # the folder: its `__init__` holds a docstring
        return "errors" if words[2] in FAMILIES else "families"
    found = [part for part, names in STANDS_WITH.items() if words[3] in names.split()]
    return found[0] if found else "families"


def family_of(module):
    words = [*module.split("."), "", ""]
    return words[2] if words[1] == "families" and words[2] in FAMILIES else ""


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path):
    return ast.parse(text_of(path))


@cache
def imports_of(path, *, top=False):
    """Every module that a file imports; with `top` only those it imports when it is loaded."""
    tree = tree_of(path)
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
    return frozenset(found)


def runs_later(node):
    checked = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    return checked or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def files_named(modules):
    """The files of this package among the modules."""
    paths = (PACKAGE.parent / (module.replace(".", "/") + ".py") for module in modules)
    return {name_of(path) for path in paths if path.is_file()}


def offenders(paths, faults_of):
    """What a rule finds in files, by their names; a file without a fault is left out."""
    found = {path.relative_to(ROOT).as_posix(): faults_of(path) for path in paths}
    return {name: faults for name, faults in found.items() if faults}


def test_no_file_is_too_long():
    def lines_too_many(path):
        most = MOST_TEST_LINES if path in TESTS else MOST_LINES
        return max(0, len(text_of(path).splitlines()) - most)

    assert offenders([*SOURCES, *SCRIPTS], lines_too_many) == {}


def module_of(path):
    return "rnnauto." + name_of(path).removesuffix(".py").replace("/", ".")


def test_imports_go_downwards():
    def upward(path):
        part, own = part_of(module_of(path)), family_of(module_of(path))
        if part == "__init__":  # the public names
            return files_named(imports_of(path, top=True))
        mine = {other for other in imports_of(path) if other.startswith("rnnauto.")}
        up = {other for other in mine if ORDER.index(part_of(other)) > ORDER.index(part)}
        return up | {other for other in mine if own and family_of(other) not in {"", own}}

    assert offenders(SOURCES, upward) == {}


def test_tensorflow_is_imported_by_few_files():
    def unlisted(path):
        tops = {module.split(".")[0] for module in imports_of(path, top=True)}
        return (tops & HEAVY) ^ MAY_BE_HEAVY.get(name_of(path), set())

    assert offenders(SOURCES, unlisted) == {}


def test_what_imports_tensorflow_is_imported_late():
    early = [path for path in SOURCES if name_of(path) not in LATE]
    assert offenders(early, lambda path: files_named(imports_of(path, top=True)) & LATE) == {}


def test_tests_that_do_not_train_import_no_tensorflow():
    def heavy(path):
        tops = imports_of(path, top=True)
        roots = {module.split(".")[0] for module in tops}
        return roots & {"tensorflow", "keras", "keras_tuner"} | files_named(tops) & LATE

    assert offenders([path for path in TESTS if not trains(path)], heavy) == {}


def test_the_lists_name_files_that_there_are():
    assert {*MAY_BE_HEAVY, *LATE, *LIGHT} <= {name_of(path) for path in SOURCES}
    parts = {name_of(path).removesuffix(".py").split("/")[0] for path in SOURCES}
    assert parts - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("name", LIGHT)
def test_the_help_waits_for_little(name):
    tops = imports_of(PACKAGE / name, top=True)
    assert not {module.split(".")[0] for module in tops} & {*HEAVY, "polars", "numpy"}
    assert {part_of(module) for module in tops if module.startswith("rnnauto.")} <= {
        *("cli", "recipe", "metrics", "cells", "errors", "visible")
    }


SILENT = {"print"}
STAYS = {"sys.exit", "exit", "sys.stdout.write", "sys.stderr.write", "input"}
PICKLES = {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
RUNS_TEXT = {"eval", "exec", "__import__", "yaml.load", "keras.models.load_model"}


def test_only_the_command_line_talks_exits_and_pickles_are_nowhere():
    def forbidden(path):
        tree = tree_of(path)
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        quiet = set() if name_of(path).startswith("cli/") else STAYS
        modules = {module.split(".")[0] for module in imports_of(path)}
        return called & (SILENT | RUNS_TEXT | quiet) | modules & PICKLES

    assert offenders(SOURCES, forbidden) == {}


def test_arrays_are_never_loaded_with_pickles():
    def unsafe(path):
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        loads = [node for node in calls if ast.unparse(node.func) == "np.load"]
        return [ast.unparse(node) for node in loads if not forbids_pickles(node)]

    def forbids_pickles(node):
        options = {word.arg: ast.unparse(word.value) for word in node.keywords}
        return options.get("allow_pickle") == "False"

    assert offenders(SOURCES, unsafe) == {}


def test_paths_are_never_read_as_patterns():
    def patterns(path):
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        names = {node: ast.unparse(node.func) for node in calls}
        reads = [node for node, name in names.items() if READS.fullmatch(name)]
        reads = [node for node in reads if names[node] != TAKES_NAMES]
        return [ast.unparse(node) for node in reads if not takes_bytes(node)]

    def takes_bytes(node):
        options = {word.arg: ast.unparse(word.value) for word in node.keywords}
        return "BytesIO" in ast.unparse(node.args[0]) or options.get("glob") == "False"

    assert offenders(SOURCES, patterns) == {}


def test_one_file_alone_reads_and_writes_yaml():
    users = {name_of(path) for path in SOURCES if "yaml" in imports_of(path)}
    assert users == {"recipe/yaml_text.py"}


MARKUP = {"rich.markup": {"cli/options.py"}}  # Typer takes help for markup
DRAWS = {"Console", "Text", "Text.assemble", "Text.from_markup", "render_markup"}


def test_texts_are_drawn_by_one_file_that_takes_none_for_markup():
    def draws(path):
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        named = {word.arg for node in calls for word in node.keywords} & {"markup"}
        markup = {name for name in MARKUP if name_of(path) not in MARKUP[name]}
        return (
            {ast.unparse(node.func) for node in calls} & DRAWS | named | imports_of(path) & markup
        )

    others = [path for path in SOURCES if name_of(path).startswith("cli/")]
    assert set(offenders(others, draws)) == {"rnnauto/cli/console.py"}


READS = re.compile(r"pl\.(read|scan)_\w+")
TAKES_NAMES = "pl.read_parquet_metadata"  # and no patterns, as it is
OWN_NAME = re.compile("__[a-z]+")


def test_columns_that_are_put_beside_those_of_a_file_have_reserved_names():
    def unreserved(path):
        texts = {node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant)}
        texts = {text for text in texts if isinstance(text, str) and OWN_NAME.fullmatch(text)}
        return texts - {*OUR_OWN}

    assert offenders(SOURCES, unreserved) == {}


def test_every_todo_has_an_issue():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")

    def left(path):
        return [line for line in text_of(path).splitlines() if any(w in line for w in words)]

    assert offenders([*SOURCES, *SCRIPTS], left) == {}


def test_every_file_says_what_it_is_for():
    silent = [
        name_of(path)
        for path in SOURCES
        if text_of(path).strip() and not ast.get_docstring(tree_of(path))
    ]
    assert silent == []


def test_every_test_file_has_tests_with_names_of_their_own():
    places = [path.name for path in TESTS if path.name.startswith("test_")]
    assert len(set(places)) == len(places)  # pytest imports them by their bare names
    for path in (path for path in TESTS if path.name.startswith("test_")):
        tree = tree_of(path)
        names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
        tests = [name for name in names if name.startswith("test_")]
        assert tests, path
        assert len(set(tests)) == len(tests), path  # the second would hide the first


def names_in(node):
    """The names of the types in `A`, `A | B` or `(A, B)`."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def asks(node):
    """Whether a node of the syntax tree asks what family something is of: `isinstance(x, Part)` or
    a pattern of such a type, a comparison of a task or a family, `layout.writes`."""

    def told(value):
        name = getattr(value, "attr", getattr(value, "id", ""))
        return name in {"task", "family"}

    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            return bool(names_in(kinds) & KINDS)
        case ast.Compare(left=left, comparators=others):
            open_yet = any(isinstance(x, ast.Constant) and x.value == "auto" for x in others)
            return any(map(told, [left, *others])) and not open_yet
        case ast.Match(subject=subject):
            return told(subject)
        case ast.MatchClass(cls=kind):
            return bool(names_in(kind) & KINDS)
        case ast.Attribute(attr="writes"):
            return True
    return False


def questions(tree):
    return [ast.unparse(node) for node in ast.walk(tree) if asks(node)]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("isinstance(part, SeriesWindows | int)", 1),
        ("isinstance(part, int)", 0),
        ("layout.task == 'forecasting'", 1),
        ("'forecasting' == task", 1),
        ("recipe.task == 'auto'", 0),
        ("layout.family in {'direct'}", 1),
        ("x = layout.writes", 1),
        ("match encoders.target:\n    case NextToken():\n        pass", 1),
        ("match layout.task:\n    case 'regression':\n        pass", 1),
    ],
)
def test_a_question_of_family_is_counted(source, count):
    assert len(questions(ast.parse(source))) == count


def test_few_ask_outside_the_families_what_family_something_is_of():
    outside = [path for path in SOURCES if not name_of(path).startswith("families/")]
    asked = offenders(outside, lambda path: questions(tree_of(path)))
    assert sum(map(len, asked.values())) <= MOST_QUESTIONS, asked


def test_families_are_reached_through_their_records():
    def strangers(path):
        named = {family_of(other) for other in imports_of(path)}
        return named - {"", family_of(module_of(path))}

    others = [path for path in SOURCES if name_of(path) not in MAY_NAME_FAMILIES]
    assert offenders(others, strangers) == {}


def test_every_file_of_a_family_stands_with_a_part():
    placed = {name for names in STANDS_WITH.values() for name in names.split()}
    found = {
        path.stem
        for family in FAMILIES
        for path in (PACKAGE / "families" / family).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__"
    }
    assert found == placed


def test_no_files_import_each_other_in_a_circle():
    arrows = {name_of(path): files_named(imports_of(path)) for path in SOURCES}
    while free := [name for name, others in arrows.items() if not others & set(arrows) - {name}]:
        for name in free:
            del arrows[name]
    assert arrows == {}


def test_no_folder_holds_too_many_files():
    folders = {path.parent for path in [*SOURCES, *TESTS]}
    sizes = {folder: len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: size for folder, size in sizes.items() if size > MOST_FILES} == {}


def test_no_function_is_too_long():
    def long(path):
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]
        return [each.name for each in functions if each.end_lineno - each.lineno >= MOST_FUNCTION]

    assert offenders(SOURCES, long) == {}
