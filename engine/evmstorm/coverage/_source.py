"""Which statement and which decision of the source each instruction stems from.

The compiler is asked for the syntax-tree node of each instruction, of the constructor's code and of the run-time code,
imported modules included. It mixes up three of them, which `_remembered` puts right without changing a byte: loops over
a list, arguments in calldata (which get the position of their last use), and jumps that the optimiser turned round. The
code must equal the artefact's, else nothing is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from vyper import ast as vy_ast
from vyper.codegen.context import VariableRecord
from vyper.codegen.ir_node import IRnode
from vyper.codegen.stmt import Stmt
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.phases import CompilerData
from vyper.compiler.settings import Settings, anchor_settings
from vyper.ir import compile_ir

from ethwire.errors import ArtifactError
from evmstorm.coverage._places import Decision, Jump, Place, SourceCode, Statement
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.bytecode import JUMPI, instructions

__all__ = ["source_code"]

DESTINATION = 3  # a jump's destination is the PUSH2 before it
REVERTS = bytes.fromhex("5b5f80fd")  # the code's one place that reverts without a word
STATEMENTS = (
    vy_ast.AnnAssign, vy_ast.Assign, vy_ast.AugAssign, vy_ast.Assert, vy_ast.Raise, vy_ast.Log, vy_ast.If, vy_ast.For,
    vy_ast.Return, vy_ast.Expr, vy_ast.Break, vy_ast.Continue, vy_ast.Pass,
)  # fmt: skip
DECISIONS = (vy_ast.If, vy_ast.IfExp, vy_ast.BoolOp, vy_ast.Assert, vy_ast.For)
RANGE_ERROR = "range() bounds check"  # said of everything in a loop over a range
USER_ERRORS = frozenset({"", "user assert", "user revert with reason", "user raise", RANGE_ERROR})
TURNED = "turned "  # marks a jump that the optimiser turned round


@contextmanager
def _remembered() -> Iterator[None]:
    """The compiler with what it forgets."""
    for_list, as_ir_node, flip = Stmt._parse_For_list, VariableRecord.as_ir_node, compile_ir._optimize_inefficient_jumps

    def parse_for_list(self: Any) -> Any:
        ir = for_list(self)
        _own(ir, self.stmt)
        return ir

    def unshared(self: Any) -> Any:
        shared = self.pos
        self.pos = _copied(shared)
        try:
            return as_ir_node(self)
        finally:
            self.pos = shared

    def optimize(assembly: list[Any]) -> bool:
        before = [item for item in assembly if item == "JUMPI"]
        changed: bool = flip(assembly)
        after = [index for index, item in enumerate(assembly) if item == "JUMPI"]
        for index, item in zip(after, before, strict=True):
            if assembly[index] is not item:
                item.error_msg = TURNED + (item.error_msg or "")
                assembly[index] = item
        return changed

    Stmt._parse_For_list, VariableRecord.as_ir_node = parse_for_list, unshared
    compile_ir._optimize_inefficient_jumps = optimize
    try:
        yield
    finally:
        Stmt._parse_For_list, VariableRecord.as_ir_node = for_list, as_ir_node
        compile_ir._optimize_inefficient_jumps = flip


def _copied(ir: Any) -> Any:
    """A variable's place as a node of this use alone: a shared one would carry the position of its last use."""
    if not isinstance(ir, IRnode):
        return ir
    made = copy(ir)
    made.args = [_copied(argument) for argument in ir.args]
    return made


def _own(ir: Any, node: Any) -> None:
    """Give the loop's own instructions their node; those of other statements have theirs already."""
    if ir.ast_source is None:
        ir.ast_source = node
    if ir.value == "repeat":
        return
    for argument in ir.args:
        _own(argument, node)


def source_code(artifact: Artifact, root: Path) -> SourceCode:
    """Maps of one contract; raises ArtifactError when the compiler gives other code than the artefact holds."""
    import snekmate  # noqa: PLC0415

    packages = Path(next(iter(snekmate.__path__))).resolve().parent  # linked or not: the compiler resolves paths, too
    bundle = FilesystemInputBundle([packages, root])
    data = CompilerData(
        bundle.load_file(Path(artifact.path)), bundle, settings=Settings(evm_version=artifact.evm_version)
    )
    with _remembered(), anchor_settings(data.settings):
        creation, creation_maps = compile_ir.assembly_to_evm(
            data.assembly, compiler_metadata=bytes.fromhex(data.integrity_sum)
        )
        runtime, runtime_maps = compile_ir.assembly_to_evm(data.assembly_runtime, compiler_metadata=None)
    if runtime != artifact.runtime_code or creation != artifact.creation_code:
        raise ArtifactError(f"{artifact.name}: the positions are of other code than the artefact's")
    found = SourceCode(artifact.name)

    def placed(node: Any) -> Place:
        return _place(node, _relative(node.module_node.resolved_path, packages, root))

    ends = creation.index(runtime), len(runtime)
    for part, code, maps in ((0, creation, creation_maps), (1, runtime, runtime_maps)):
        reader = _Reader(code, maps, ends[part], placed)
        found.pcs[part].update(reader.statements())
        found.jumps[part].update(reader.jumps())
        found.texts.update(reader.texts)
    for module in {id(item): item for item in _modules(data.annotated_vyper_module)}.values():
        path = _relative(module.resolved_path, packages, root)
        found.files[path] = module.full_source_code
        for function in module.get_children(vy_ast.FunctionDef):
            _walk(found.statements, function.body, path, function.name, None)
    return found


def _modules(module: Any) -> Iterator[Any]:
    """The module and all it imports that may hold code."""
    yield module
    for imported in module._metadata["type"].imported_modules.values():
        yield from _modules(imported.module_t._module)


def _relative(resolved: str, packages: Path, root: Path) -> str:
    path = Path(resolved)
    if path.is_relative_to(packages):
        return f"site-packages/{path.relative_to(packages).as_posix()}"
    return path.relative_to(root).as_posix()


def _walk(
    found: dict[Place, Statement], body: list[Any], path: str, function: str, opens: tuple[Place, int] | None
) -> None:
    before: Place | None = None
    for node in body:
        if not isinstance(node, STATEMENTS):
            continue
        place = _place(node, path)
        found[place] = Statement(place, function, before, opens if before is None else None)
        before = place
        if isinstance(node, vy_ast.If):
            _walk(found, node.body, path, function, (place, 0))
            _walk(found, node.orelse, path, function, (place, 1))
        elif isinstance(node, vy_ast.For):
            _walk(found, node.body, path, function, (place, 0))


def _place(node: Any, path: str) -> Place:
    return Place(path, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, type(node).__name__)


class _Reader:
    """Reads one piece of code, up to `end`, beside the compiler's map of it."""

    def __init__(self, code: bytes, maps: dict[str, Any], end: int, placed: Callable[[Any], Place]) -> None:
        self._code, self._end, self._placed = code, end, placed
        self._opcodes = {pc: opcode for pc, opcode, _ in instructions(code[:end])}
        # The compiler maps a few constants, too, whose count would always be 0.
        self._nodes: dict[int, Any] = {pc: node for pc, node in maps["pc_raw_ast_map"].items() if pc in self._opcodes}
        self._errors: dict[int, str] = maps["error_map"]
        self.texts: dict[Decision, str] = {}

    def statements(self) -> Iterator[tuple[int, Place]]:
        """The statement that each instruction belongs to; entry code, default values and the like to none."""
        turned = (pc for pc in self._jumpis() if self._turned(pc) and pc in self._nodes)
        decided = {pc - DESTINATION: self._nodes[pc] for pc in turned}
        for pc, node in self._nodes.items():
            inner = decided.get(
                pc, node
            )  # the destination of a turned jump came from the `break` that it does away with
            while inner is not None and not isinstance(inner, STATEMENTS):
                inner = inner._parent
            if inner is not None and inner.lineno is not None:  # the getters of public variables stand nowhere
                yield pc, self._placed(inner)

    def jumps(self) -> Iterator[tuple[int, Jump]]:
        """The jumps that the source's own decisions made; the compiler's checks are not among them."""
        operands: dict[Place, int] = {}
        for pc in self._jumpis():
            node = self._nodes.get(pc)
            if not isinstance(node, DECISIONS) or not self._of_the_source(pc, node):
                continue
            place = self._placed(node)
            operand = 0
            if isinstance(node, vy_ast.BoolOp):
                operand = operands[place] = operands.get(place, -1) + 1
            decision = Decision(place, operand)
            self.texts[decision] = _condition(node, operand)
            yield pc, Jump(decision, *self._outcomes(pc, node, operand))

    def _jumpis(self) -> Iterator[int]:
        return (pc for pc, opcode in self._opcodes.items() if opcode == JUMPI)

    def _destination(self, pc: int) -> int:
        return int.from_bytes(self._code[pc - 2 : pc], "big")

    def _fails(self, pc: int) -> bool:
        at = self._destination(pc)
        return self._code[at : at + len(REVERTS)] == REVERTS

    def _turned(self, pc: int) -> bool:
        return self._errors.get(pc, "").count(TURNED) % 2 == 1

    def _of_the_source(self, pc: int, node: Any) -> bool:
        if isinstance(node, vy_ast.For):
            return not self._fails(pc)  # else the check that a range is within its bound
        return self._errors.get(pc, "").replace(TURNED, "") in USER_ERRORS

    def _outcomes(self, pc: int, node: Any, operand: int) -> tuple[int, int]:
        """(outcome of jumping, outcome of going on). The optimiser swaps the arms of an `if` as it likes, so the code
        between the jump and its destination tells which arm is where."""
        if isinstance(node, vy_ast.Assert):
            return (1, 0) if self._fails(pc) else (0, 1)
        if isinstance(node, vy_ast.For):
            return (0, 1) if self._destination(pc) < pc else (1, 0)
        if isinstance(node, vy_ast.If) and not node.orelse:
            return (0, 1) if self._turned(pc) else (1, 0)
        if isinstance(node, vy_ast.BoolOp):
            rest = node.values[operand + 1 :]
            goes_on = self._first_arm(pc, [rest]) == 0  # to the next operand
            return (1, 0) if goes_on == isinstance(node.op, vy_ast.And) else (0, 1)
        arms = [_listed(node.body), _listed(node.orelse)]
        return (1, 0) if self._first_arm(pc, arms) == 0 else (0, 1)

    def _first_arm(self, pc: int, arms: list[list[Any]]) -> int | None:
        """Number of the arm whose code follows the jump; None if it is that of none."""
        places = [{self._placed(node) for node in arm} for arm in arms]
        end = self._destination(pc)
        for at in range(pc + 1, end if end > pc else self._end):
            node = self._nodes.get(at)
            while node is not None:
                place = self._placed(node) if hasattr(node, "end_col_offset") else None
                for number, arm in enumerate(places):
                    if place in arm:
                        return number
                node = node._parent
        return None


def _listed(arm: Any) -> list[Any]:
    return list(arm) if isinstance(arm, list) else [arm]


def _condition(node: Any, operand: int) -> str:
    if isinstance(node, vy_ast.BoolOp):
        text = node.values[operand].node_source_code
    elif isinstance(node, vy_ast.For):
        text = f"{node.target.target.id} in {node.iter.node_source_code}"
    else:
        text = node.test.node_source_code
    return " ".join(str(text).split())
