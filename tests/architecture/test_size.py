import ast
from pathlib import PurePosixPath

FILE_LINES = 300
FUNCTION_LINES = 60
PUBLIC_METHODS = 20
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_file_is_too_long(sources: dict[str, str]) -> None:
    lengths = {path: len(text.splitlines()) for path, text in sources.items()}
    assert not {path: lines for path, lines in lengths.items() if lines > FILE_LINES}


def test_no_function_is_too_long(trees: dict[str, ast.Module]) -> None:
    lengths = {
        f"{path}:{function.lineno} {function.name}": _lines(function)
        for path, tree in trees.items()
        if "/migrations/" not in path  # a frozen list of tables
        for function in ast.walk(tree)
        if isinstance(function, Function)
    }
    assert not {place: lines for place, lines in lengths.items() if lines > FUNCTION_LINES}


def test_no_class_has_too_many_public_methods(trees: dict[str, ast.Module]) -> None:
    methods = {
        f"{path}:{owner.lineno} {owner.name}": sum(_is_public_method(node) for node in owner.body)
        for path, tree in trees.items()
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
    }
    assert not {place: number for place, number in methods.items() if number > PUBLIC_METHODS}


def test_every_module_is_named_by_its_noun(sources: dict[str, str]) -> None:
    product = (PurePosixPath(path) for path in sources if path.startswith("src/"))
    assert not [str(path) for path in product if NAMES_THAT_SAY_NOTHING & {path.stem, *path.parent.parts}]


def _lines(function: Function) -> int:
    """Return how long a function is without its docstring, which may be as long as it must."""
    own = _span(function)
    return own - _span(function.body[0]) if ast.get_docstring(function) else own


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_public_method(node: ast.stmt) -> bool:
    return isinstance(node, Function) and not node.name.startswith("_")
