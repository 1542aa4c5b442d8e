"""Mutation testing of one module: each small change of its code must fail one of its tests.

Run as `python mutation.py MODULE TEST_FILE...`; prints the mutants that survived, one a line, and
ends with 1 when there are any. A mutant runs in a fork of a process that has imported everything.
Known tools want a `src` layout or start Python anew for each mutant, which takes an hour here.
"""

import ast
import gc
import importlib
import inspect
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

import pytest

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip
ENDLESS = 1.5  # times the processor time that the tests take without a mutant
NO_CACHE = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:timeout", "--no-header")


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Each change with its line: comparisons, logic, arithmetic, outcomes, numbers."""
    lines = source.splitlines()
    for index in range(sum(1 for _ in ast.walk(ast.parse(source)))):
        tree = ast.parse(source)
        nodes = list(ast.walk(tree))
        node = nodes[index]
        if any(node in _digits(each) for each in nodes):
            continue
        before = ast.unparse(node) if isinstance(node, ast.expr) else ""
        if _change(node):
            line = lines[getattr(node, "lineno", 1) - 1].strip()
            yield f"{line} | {before} -> {ast.unparse(node)}", tree


def _digits(node: ast.AST) -> list[ast.expr]:
    """How finely a figure is printed is not a decision."""
    rounds = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.args[1:] if rounds and node.func.id == "round" else []


def _change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operator, *rest]) if type(operator) in COMPARISONS:
            node.ops = [COMPARISONS[type(operator)](), *rest]
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not()):
            # `not not x` is x as a truth.
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            node.op = OPERATORS[type(operator)]()
        case ast.Attribute(value=ast.Name(id="Outcome"), attr=name):
            node.attr = "FAIL" if name == "PASS" else "PASS"
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value)):
            # By one at a boundary; a factor between units must differ by more to be seen.
            node.value = value + 1 if value < 100 else value * 2
        case _:
            return False
    ast.fix_missing_locations(node)
    return True


def codes(code: CodeType) -> dict[str, CodeType]:
    """Code of each function and method by its qualified name."""
    found: dict[str, CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= {constant.co_qualname: constant} | codes(constant)
    return found


def apply(module: ModuleType, tree: ast.Module) -> bool:
    """Give the functions of a loaded module the code of a mutant; False when none differs."""
    changed = False
    new = codes(compile(tree, module.__file__ or "", "exec"))
    for function in [each for each in gc.get_objects() if isinstance(each, FunctionType)]:
        code = new.get(function.__qualname__)
        if function.__module__ == module.__name__ and code and code != function.__code__:
            function.__code__, changed = code, True
    return changed


def survives(module: ModuleType, tree: ast.Module, tests: list[str], seconds: float) -> bool:
    """Whether all tests pass although the code is wrong. Module-level code is not mutated.

    Tests that compute for longer than `seconds` have met an endless loop. The processor's time is
    counted and not the clock's, which runs on while other processes have their turn.
    """
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        unlike = apply(module, tree)
        os._exit(int(pytest.main([*NO_CACHE, *tests])) if unlike else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(name: str, tests: list[str]) -> int:
    """Print the survivors among a module's mutants."""
    began = time.process_time()
    if pytest.main([*NO_CACHE, *tests]) != 0:
        print("the tests fail without any mutant")
        return 2
    seconds = ENDLESS * (time.process_time() - began)
    module = importlib.import_module(name)
    tried = survived = 0
    for description, tree in mutants(inspect.getsource(module)):
        tried += 1
        if survives(module, tree, tests, seconds):
            survived += 1
            print(f"SURVIVED {description}")
    print(f"{tried - survived} of {tried} mutants were caught")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
