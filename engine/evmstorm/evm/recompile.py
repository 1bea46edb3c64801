"""Compiling one contract again and again with one function changed each time, as mutation testing does.

An ordinary compile of a large contract takes seconds, and nearly all of it repeats from one mutant to the next. Here
the contract is compiled once. A text that differs in one function body is parsed, and that body replaces the old one.
Then only what depends on it is generated again: the function, its callers if its frame in memory changed, and the
dispatcher. The byte code equals that of an ordinary compile, byte for byte, hash of the sources included
(`tests/unit/audit/test_recompile.py`).

It monkeypatches private functions of the compiler with caching versions. That fits one version of the compiler only, so
any other is refused. A `Recompiler` compiles once and cannot be used again, because the compiler changes its trees in
place: fork, and compile in the child.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vyper import __version__ as compiler_version
from vyper import ast as vy_ast
from vyper.ast.parse import parse_to_ast
from vyper.codegen import context, core, jumptable_utils
from vyper.codegen import module as codegen
from vyper.codegen.function_definitions import external_function, internal_function
from vyper.compiler.settings import anchor_settings
from vyper.exceptions import VyperException
from vyper.ir import compile_ir, optimizer
from vyper.semantics.analysis import module as analysis
from vyper.semantics.analysis.constant_folding import ConstantFolder
from vyper.semantics.analysis.local import _analyze_function_r
from vyper.semantics.analysis.utils import get_exact_type_from_node
from vyper.semantics.types.function import ContractFunctionT
from vyper.utils import OrderedSet

from ethwire.errors import ArtifactError
from evmstorm.evm import artifacts

__all__ = ["COMPILER", "Code", "NotOneFunction", "Recompiler"]

COMPILER = "0.4.3"
# What the compiler numbers its names by: each compile goes on where this contract's last one ended, so that new names
# are no old ones, whatever was compiled in between.
COUNTERS = ((core, "_label"), (context, "_alloca_id"), (compile_ir, "_next_symbol"))


class NotOneFunction(Exception):
    """The change is not one that can be compiled apart; compile the ordinary way."""


class Code(NamedTuple):
    """What a compile gives."""

    creation: bytes
    runtime: bytes


@dataclass
class _Memory:
    """What the compiler made of each function, and of each part of the intermediate code that is one function's.

    `changed` holds functions whose code must be generated anew. Nodes of intermediate code are named by id; `kept`
    keeps them alive, so that no id is used twice.
    """

    changed: set[Any] = field(default_factory=set)
    internal: dict[tuple[Any, bool], tuple[Any, Any]] = field(default_factory=dict)
    external: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    roots: set[int] = field(default_factory=set)
    optimised: dict[int, tuple[bool, Any]] = field(default_factory=dict)
    assembled: dict[int, list[Any]] = field(default_factory=dict)
    tables: dict[tuple[Any, tuple[str, ...]], Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The compiler asks this memory first."""
        patches = (
            (codegen, "generate_ir_for_internal_function", self.internal_function),
            (codegen, "generate_ir_for_external_function", self.external_function),
            (jumptable_utils, "generate_dense_jumptable_info", partial(self.table, _DENSE)),
            (jumptable_utils, "generate_sparse_jumptable_buckets", partial(self.table, _SPARSE)),
            (optimizer, "_optimize", self.optimise),
            (compile_ir, "_rewrite_return_sequences", self.rewrite_returns),
            (compile_ir, "_compile_to_assembly", self.assemble),
        )
        before = [getattr(owner, name) for owner, name, _ in patches]
        for owner, name, ours in patches:
            setattr(owner, name, ours)
        try:
            yield
        finally:
            for (owner, name, _), theirs in zip(patches, before, strict=True):
                setattr(owner, name, theirs)

    def internal_function(self, definition: Any, module: Any, is_ctor_context: bool) -> Any:
        function = definition._metadata["func_type"]
        key = (function, is_ctor_context)
        if key in self.internal and not self._stale(function):
            made, function._ir_info = self.internal[key]
            return made
        made = internal_function.generate_ir_for_internal_function(definition, module, is_ctor_context)
        self._note(function, self.internal, key, made)
        self._root(made.func_ir)
        return made

    def external_function(self, definition: Any, module: Any) -> Any:
        function = definition._metadata["func_type"]
        if function in self.external and not self._stale(function):
            made, function._ir_info = self.external[function]
        else:
            made = external_function.generate_ir_for_external_function(definition, module)
            self._note(function, self.external, function, made)
            self._root(made.common_ir)
        # The caller puts the body into the last entry point: give it entry points of its own.
        return replace(made, entry_points={name: replace(entry) for name, entry in made.entry_points.items()})

    def _stale(self, function: Any) -> bool:
        return function in self.changed or any(callee in self.changed for callee in function.called_functions)

    def _note(self, function: Any, known: dict[Any, tuple[Any, Any]], key: Any, made: Any) -> None:
        """Remember; callers of a function are generated anew only if its place in memory is another one."""
        before = known.get(key)
        known[key] = (made, function._ir_info)
        if before is not None:
            old, new = before[1].frame_info, function._ir_info.frame_info
            if (old.frame_start, old.frame_size) != (new.frame_start, new.frame_size):
                self.changed.add(function)
            self.kept.append(before)

    def _root(self, node: Any) -> None:
        self.kept.append(node)
        self.roots.add(id(node))

    def table(self, make: Any, signatures: Any) -> Any:
        """Tables of selectors: a search for perfect hashes that depends on the names only."""
        key = (make, tuple(signatures))
        if key not in self.tables:
            self.tables[key] = make(signatures)
        return self.tables[key]

    def optimise(self, node: Any, parent: Any) -> tuple[bool, Any]:
        if (known := self.optimised.get(id(node))) is not None:
            return known
        result: tuple[bool, Any] = _OPTIMIZE(node, parent)
        if id(node) in self.roots:
            self._root(result[1])
            self.optimised[id(node)] = result
            self.optimised[id(result[1])] = (False, result[1])  # the optimiser stops where nothing changes
        return result

    def rewrite_returns(self, node: Any, label_params: Any = None) -> None:
        if id(node) not in self.assembled:
            _REWRITE_RETURNS(node, label_params)

    def assemble(self, node: Any, *context: Any, **named: Any) -> list[Any]:
        """A function's code does not depend on where it stands: its labels open scopes of their own."""
        if (known := self.assembled.get(id(node))) is not None:
            return known
        made: list[Any] = _ASSEMBLE(node, *context, **named)
        if id(node) in self.roots:
            self.assembled[id(node)] = made
        return made


_DENSE = jumptable_utils.generate_dense_jumptable_info
_SPARSE = jumptable_utils.generate_sparse_jumptable_buckets
_OPTIMIZE = optimizer._optimize
_REWRITE_RETURNS = compile_ir._rewrite_return_sequences
_ASSEMBLE = compile_ir._compile_to_assembly.__wrapped__  # without source positions, which byte code has none of


class Recompiler:
    """One contract, compiled, and ready to be compiled once more with one function changed.

    Raises ArtifactError when the contract does not compile, or when the compiler is not `COMPILER`, and NotOneFunction
    for a contract of the compiler's newer code generator, which optimises over all functions at once.
    """

    def __init__(self, path: Path, root: Path) -> None:
        if compiler_version != COMPILER:
            raise ArtifactError(f"written against vyper {COMPILER}, this is {compiler_version}")
        self.root = root.resolve()
        self.spent = False
        self._memory = _Memory()
        try:
            self._data = artifacts.compiler_data(path, self.root)
            if self._data.settings.experimental_codegen:
                raise NotOneFunction(f"{path.name} is compiled by the experimental code generator")
            self._top = self._data.global_ctx
            self._modules = self._imported()
            self._revert_label = compile_ir.mksymbol("revert")
            self._counters = [getattr(owner, name) for owner, name in COUNTERS]
            self.code = self._generate()
        except VyperException as error:
            raise ArtifactError(f"{path.name} does not compile: {error}") from error

    def _imported(self) -> dict[str, Any]:
        """Analysed modules by path below the root, in the order of analysis: imported ones first."""
        trees = [tree for tree in self._data.resolved_imports.seen if not tree.is_interface]
        return {os.path.relpath(tree.resolved_path, self.root): tree for tree in trees}

    def compile(self, file: str, text: str) -> Code:
        """The code with `text` in the place of `file`, a path below the root. Once for each instance.

        Raises NotOneFunction when more than one function's body differs, and ArtifactError when the text does not
        compile.
        """
        if self.spent:
            raise NotOneFunction("a Recompiler compiles once: fork")
        tree = self._modules.get(file)
        if tree is None:
            raise NotOneFunction(f"{file} is no module of {self._top}")
        self.spent = True
        try:
            definition = self._swap(tree, text)
            self._analyse(tree, definition)
            return self._generate()
        except VyperException as error:
            raise ArtifactError(f"{file} does not compile: {error}") from error

    # the changed function ---------------------------------------------------------------------------------------------

    def _swap(self, tree: Any, text: str) -> Any:
        """Put the new body into the old tree; the function that has it."""
        old = tree.full_source_code
        parsed = parse_to_ast(text, tree.source_id, tree.path, tree.resolved_path)
        pairs = list(zip(_functions(tree), _functions(parsed), strict=True))
        changed = [pair for pair in pairs if pair[0].node_source_code != pair[1].node_source_code]
        if len(changed) != 1:
            raise NotOneFunction(f"{len(changed)} functions differ")
        definition, new = changed[0]
        if _around(old, definition) != _around(text, new):
            raise NotOneFunction("something beside the body of a function differs")
        at = definition._children.index(definition.body[0])
        definition._children[at : at + len(definition.body)] = new.body
        definition.body = new.body
        for statement in new.body:
            statement.set_parent(definition)
        definition._cache_descendants = tree._cache_descendants = None
        tree.full_source_code = text
        return definition

    def _analyse(self, tree: Any, definition: Any) -> None:
        """What the compiler's analysis does with a function, and what it asks of modules when all are analysed."""
        function = definition._metadata["func_type"]
        used_state = function.uses_state()
        with tree.namespace():
            analysis.get_namespace()._scopes = [set()]  # the module's, so that a function opens a second one
            folder = ConstantFolder(tree)
            folder._get_constants()
            for statement in definition.body:
                folder.visit(statement)
            if function.is_constructor:
                _forget_immutables(tree)
            _find_callees(definition)
            self._find_reachable()
            function._analysed = False
            for facts in (function._variable_reads, function._variable_writes, function._used_modules):
                facts._data.clear()
            errors = analysis.ExceptionList()
            _analyze_function_r(tree, definition, errors)
            errors.raise_if_not_empty()
            checks = analysis.ModuleAnalyzer(tree, analysis.get_namespace())
            checks.validate_initialized_modules()
            checks.validate_used_modules()
        if function.uses_state() != used_state and tree is not self._data.resolved_imports.toplevel_module:
            raise NotOneFunction("whether the function needs its module's state has changed: importers must be asked")
        self._memory.changed = {function}
        function._ir_info = None

    def _find_reachable(self) -> None:
        definitions = [item for tree in self._modules.values() for item in _functions(tree)]
        functions = [item._metadata["func_type"] for item in definitions]
        for function in functions:
            function.reachable_internal_functions = OrderedSet()
        for function in functions:
            analysis._compute_reachable_set(function)

    # code -------------------------------------------------------------------------------------------------------------

    def _generate(self) -> Code:
        for (owner, name), reached in zip(COUNTERS, self._counters, strict=True):
            setattr(owner, name, reached)
        compile_ir._revert_label = self._revert_label
        with anchor_settings(self._data.settings), self._memory.in_use():
            deploy, _ = codegen.generate_ir_for_module(self._top)
            deploy = optimizer.optimize(deploy)
            compile_ir._rewrite_return_sequences(deploy)
            assembly = compile_ir._compile_to_assembly(deploy)
        self._counters = [getattr(owner, name) for owner, name in COUNTERS]
        compile_ir._add_postambles(assembly)
        compile_ir._relocate_segments(assembly)
        compile_ir.optimize_assembly(assembly)
        return self._assembled(assembly)

    def _assembled(self, assembly: list[Any]) -> Code:
        imports = self._data.resolved_imports
        integrity = imports._calculate_integrity_sum_r(imports.toplevel_module)
        creation, _, symbols = compile_ir.assembly_to_evm_with_symbol_map(
            assembly, compiler_metadata=bytes.fromhex(integrity)
        )
        header = next(
            item[0] for item in assembly if isinstance(item, list) and isinstance(item[0], compile_ir.RuntimeHeader)
        )
        start = symbols[header.label]
        return Code(creation, creation[start : start + symbols["_sym_subcode_size"]])


def _functions(tree: Any) -> list[Any]:
    return list(tree.get_children(vy_ast.FunctionDef))


def _around(text: str, definition: Any) -> tuple[str, str]:
    """What stands before the line of the first statement of a body, and after the last one."""
    first = text.splitlines(keepends=True)
    body = definition.body
    return "".join(first[: body[0].lineno - 1]), "".join(first[body[-1].end_lineno :])


def _forget_immutables(tree: Any) -> None:
    """Each is to be assigned once by the new constructor, as the compiler asks when it meets the declaration."""
    for declared in tree.get_children(vy_ast.VariableDecl, {"is_immutable": True}):
        declared.target._metadata["varinfo"]._modification_count = 0
        if not tree.get_descendants(vy_ast.Assign, filters={"target.id": declared.target.id}):
            raise analysis.ImmutableViolation("Immutable definition requires an assignment", declared)


def _find_callees(definition: Any) -> None:
    function = definition._metadata["func_type"]
    function.called_functions = OrderedSet()
    for call in definition.get_descendants(vy_ast.Call):
        try:
            callee = get_exact_type_from_node(call.func)
        except VyperException:
            continue  # reported by the analysis of the body
        if isinstance(callee, ContractFunctionT) and (callee.is_internal or callee.is_constructor):
            function.called_functions.add(callee)
