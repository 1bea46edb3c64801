/* The loop over instructions. Gas and stack of a straight run are checked at its start; what varies, when it comes up.
 * Yellow Paper, appendix H, with the changes up to Osaka. */
#include "frame.h"
#include "opcodes.h"

#include <stdlib.h>

enum { SET_SLOT = 20000, RESET_SLOT = 2900, CLEAR_REFUND = 4800, LOG_BYTE = 8, EXP_BYTE = 50 };

const void *const *interpreter_places;

/* Copy `size` bytes at `from` of a source that goes on with zeros. */
static void copy_padded(uint8_t *to, const uint8_t *source, size_t source_size, const u256 *from, size_t size) {
    size_t there = 0;
    if (u256_small(from) && from->w[0] < source_size) {
        there = source_size - from->w[0];
        if (there > size) there = size;
        memcpy(to, source + from->w[0], there);
    }
    memset(to + there, 0, size - there);
}

static bool pay_store(Machine *m, Cell *cell, const u256 *value, int64_t *gas) {
    if (*gas <= STIPEND) return false;
    if (!state_warm_cell(&m->state, cell)) *gas -= COLD_SLOT;
    const u256 *now = &cell->value, *original = &cell->original;
    bool was = !u256_is_zero(original);
    if (u256_eq(now, value)) {
        *gas -= WARM;
    } else if (u256_eq(now, original)) {
        *gas -= was ? RESET_SLOT : SET_SLOT;
        if (was && u256_is_zero(value)) m->refund += CLEAR_REFUND;
    } else {
        *gas -= WARM;
        if (was && u256_is_zero(now)) m->refund -= CLEAR_REFUND;
        else if (was && u256_is_zero(value)) m->refund += CLEAR_REFUND;
        if (u256_eq(value, original)) m->refund += was ? RESET_SLOT - WARM : SET_SLOT - WARM;
    }
    return *gas >= 0;
}

static uint32_t place_of(const Program *program, const Instruction *at) {
    return program->trace->places[at - program->instructions];
}

/* What comes after it in its straight run does not run; nothing of a run does that is refused at its start. */
static void note_halt(const Program *program, const Instruction *at) {
    Trace *trace = program->trace;
    if (at->go == interpreter_places[TRACED_BLOCK]) trace->entered[place_of(program, at)]--;
    else trace->halted[place_of(program, at)]++;
}

#define HALT(why) do { m->halt = why; goto halted; } while (0)
#define NEXT goto *(ip++)->go
#define PAY(cost) do { gas -= (int64_t)(cost); if (gas < 0) HALT("OutOfGas"); } while (0)
#define REACH(offset, size) do { if (!reach(&memory, offset, size, &gas)) HALT("OutOfGas"); } while (0)
#define WRITES do { if (f->is_static) HALT("StateChangeDuringStaticCall"); } while (0)
#define DESCEND(child) do { \
    f->ip = ip; \
    f->top = s; \
    f->memory_size = memory.size; \
    f->gas = gas; \
    f = child; \
    goto enter; \
} while (0)
#define BINARY(name, expression) op_##name: { const u256 *a = s, *b = s - 1; u256 r = expression; *--s = r; NEXT; }
#define COMPARE(name, expression) op_##name: { const u256 *a = s, *b = s - 1; bool r = expression; *--s = u256_from(r); NEXT; }
#define PUT(name, expression) op_##name: { u256 r = expression; *++s = r; NEXT; }
#define DUP(n) op_DUP##n: { s[1] = s[1 - n]; s++; NEXT; }
#define SWAP(n) op_SWAP##n: { u256 t = s[0]; s[0] = s[-n]; s[-n] = t; NEXT; }
#define PLACE(code, name, pops, pushes, gas) [code] = &&op_##name,

Outcome interpreter_run(Machine *m, Frame *first) {
    static const void *places[256] = {
        OPCODES(PLACE)[BLOCK] = &&block, [PUSH_SMALL] = &&push_small, [PUSH_WORD] = &&push_word,
        [JUMP_TO] = &&jump_to, [JUMPI_TO] = &&jumpi_to, [END] = &&op_STOP,
        [TRACED_BLOCK] = &&traced_block, [TRACED_JUMPI] = &&traced_jumpi, [TRACED_JUMPI_TO] = &&traced_jumpi_to,
    };
    if (!m) {
        for (int i = 0; i < 256; i++)
            if (!places[i]) places[i] = &&op_UNKNOWN;
        interpreter_places = places;
        return DONE;
    }
    State *const state = &m->state;
    Frame *f = first;
    Program *program;
    Workspace *space;
    u256 *bottom, *s; /* bottom[0] is below the first word */
    Memory memory;
    int64_t gas;
    const Instruction *ip;
    Outcome outcome;

enter:
    program = f->code->program;
    if (!program) program = f->code->program = program_make(f->code->bytes, f->code->size, m->rules, m->traced);
    space = &m->workspaces[f->depth];
    if (!space->stack && !(space->stack = malloc((MAX_STACK + 1) * sizeof *space->stack))) abort();
    bottom = s = space->stack;
    memory = (Memory){&space->memory, space->memory.bytes, 0};
    gas = f->gas;
    ip = program->instructions;
    outcome = DONE;
    m->output.size = 0;
    NEXT;

traced_block:
    program->trace->entered[place_of(program, ip - 1)] += m->counts;
block: {
    const Instruction *at = ip - 1;
    gas -= at->block.gas;
    if (gas < 0) HALT("OutOfGas");
    long height = s - bottom;
    if (height < at->block.needs) HALT("StackUnderflow");
    if (height + at->block.grows > MAX_STACK) HALT("StackOverflow");
    NEXT;
}
push_small:
    *++s = u256_from(ip[-1].number);
    NEXT;
push_word:
    *++s = *ip[-1].word;
    NEXT;
jump_to:
    ip = ip[-1].target;
    if (!ip) HALT("InvalidJump");
    NEXT;
traced_jumpi_to:
    program->trace->jumped[place_of(program, ip - 1)] += m->counts && !u256_is_zero(s);
jumpi_to: {
    const Instruction *target = ip[-1].target;
    const u256 *condition = s--;
    if (!u256_is_zero(condition)) {
        if (!target) HALT("InvalidJump");
        ip = target;
    }
    NEXT;
}
op_JUMP: {
    uint32_t found = u256_small(s) && s->w[0] < program->size ? program->jumpdests[s->w[0]] : 0;
    s--;
    if (!found) HALT("InvalidJump");
    ip = program->instructions + found - 1;
    NEXT;
}
traced_jumpi:
    program->trace->jumped[place_of(program, ip - 1)] += m->counts && !u256_is_zero(s - 1);
op_JUMPI: {
    if (!u256_is_zero(s - 1)) {
        uint32_t found = u256_small(s) && s->w[0] < program->size ? program->jumpdests[s->w[0]] : 0;
        if (!found) HALT("InvalidJump");
        ip = program->instructions + found - 1;
    }
    s -= 2;
    NEXT;
}
op_JUMPDEST: /* part of a block */
op_STOP:
    goto done;

    BINARY(ADD, u256_add(a, b))
    BINARY(MUL, u256_mul(a, b))
    BINARY(SUB, u256_sub(a, b))
    BINARY(SDIV, u256_sdiv(a, b))
    BINARY(SMOD, u256_smod(a, b))
    BINARY(SIGNEXTEND, u256_signextend(a, b))
    BINARY(SAR, u256_sar(b, a))
    BINARY(AND, ((u256){{a->w[0] & b->w[0], a->w[1] & b->w[1], a->w[2] & b->w[2], a->w[3] & b->w[3]}}))
    BINARY(OR, ((u256){{a->w[0] | b->w[0], a->w[1] | b->w[1], a->w[2] | b->w[2], a->w[3] | b->w[3]}}))
    BINARY(XOR, ((u256){{a->w[0] ^ b->w[0], a->w[1] ^ b->w[1], a->w[2] ^ b->w[2], a->w[3] ^ b->w[3]}}))
    BINARY(SHL, u256_small(a) && a->w[0] < 256 ? u256_shl(b, (unsigned)a->w[0]) : u256_from(0))
    BINARY(SHR, u256_small(a) && a->w[0] < 256 ? u256_shr(b, (unsigned)a->w[0]) : u256_from(0))
    BINARY(BYTE, u256_from(u256_small(a) && a->w[0] < 32 ? b->w[3 - a->w[0] / 8] >> (56 - 8 * (a->w[0] % 8)) & 255 : 0))
    COMPARE(LT, u256_lt(a, b))
    COMPARE(GT, u256_lt(b, a))
    COMPARE(SLT, u256_slt(a, b))
    COMPARE(SGT, u256_slt(b, a))
    COMPARE(EQ, u256_eq(a, b))

op_DIV: {
    u256 r;
    u256_divmod(s, s - 1, &r, NULL);
    *--s = r;
    NEXT;
}
op_MOD: {
    u256 r;
    u256_divmod(s, s - 1, NULL, &r);
    *--s = r;
    NEXT;
}
op_ADDMOD: {
    u256 r = u256_addmod(s, s - 1, s - 2);
    *(s -= 2) = r;
    NEXT;
}
op_MULMOD: {
    u256 r = u256_mulmod(s, s - 1, s - 2);
    *(s -= 2) = r;
    NEXT;
}
op_EXP: {
    const u256 *exponent = s - 1;
    int bytes = 0;
    for (int i = 3; i >= 0 && !bytes; i--)
        if (exponent->w[i]) bytes = 8 * i + (71 - __builtin_clzll(exponent->w[i])) / 8;
    PAY(EXP_BYTE * bytes);
    u256 r = u256_exp(s, exponent);
    *--s = r;
    NEXT;
}
op_ISZERO:
    *s = u256_from(u256_is_zero(s));
    NEXT;
op_NOT:
    for (int i = 0; i < 4; i++) s->w[i] = ~s->w[i];
    NEXT;
op_CLZ: {
    unsigned zeros = 256;
    for (int i = 3; i >= 0 && zeros == 256; i--)
        if (s->w[i]) zeros = 64 * (3 - (unsigned)i) + (unsigned)__builtin_clzll(s->w[i]);
    *s = u256_from(zeros);
    NEXT;
}
op_KECCAK256: {
    REACH(s, s - 1);
    uint64_t size = s[-1].w[0];
    PAY(HASH_WORD * words(size));
    u256 r = machine_hash(m, size ? memory.bytes + s->w[0] : NULL, size);
    *--s = r;
    NEXT;
}

    PUT(ADDRESS, address_word(f->self->address))
    PUT(ORIGIN, address_word(m->origin))
    PUT(CALLER, address_word(f->caller))
    PUT(CALLVALUE, f->value)
    PUT(CALLDATASIZE, u256_from(f->input_size))
    PUT(CODESIZE, u256_from(f->code->size))
    PUT(GASPRICE, m->gas_price)
    PUT(RETURNDATASIZE, u256_from(m->output.size))
    PUT(COINBASE, address_word(m->coinbase))
    PUT(TIMESTAMP, u256_from(m->time))
    PUT(NUMBER, u256_from(m->number))
    PUT(PREVRANDAO, m->prevrandao)
    PUT(GASLIMIT, u256_from(m->gas_limit))
    PUT(CHAINID, u256_from(m->chain_id))
    PUT(SELFBALANCE, f->self->balance)
    PUT(BASEFEE, m->base_fee)
    PUT(BLOBBASEFEE, m->blob_base_fee)
    PUT(PC, u256_from(ip[-1].number >> 8))
    PUT(MSIZE, u256_from(memory.size))
    PUT(GAS, u256_from((uint64_t)gas))
    PUT(PUSH0, u256_from(0))

op_BLOBHASH:
    *s = u256_small(s) && s->w[0] < m->blob_hash_count ? u256_load(m->blob_hashes + 32 * s->w[0]) : u256_from(0);
    NEXT;
op_BLOCKHASH: {
    bool past = u256_small(s) && s->w[0] < m->number && m->number - s->w[0] <= 256;
    *s = past ? hash_of_block(s->w[0]) : u256_from(0);
    NEXT;
}
op_BALANCE:
op_EXTCODESIZE:
op_EXTCODEHASH: {
    uint8_t address[20];
    word_address(s, address);
    Account *account = state_account(state, address);
    if (!pay_account(m, account, &gas)) HALT("OutOfGas");
    uint8_t op = (uint8_t)ip[-1].number;
    if (op == OP_BALANCE) *s = account->balance;
    else if (op == OP_EXTCODESIZE) *s = u256_from(account->code ? account->code->size : 0);
    else if (state_is_empty(account)) *s = u256_from(0);
    else if (account->code) *s = u256_load(account->code->hash);
    else *s = machine_hash(m, NULL, 0);
    NEXT;
}
op_EXTCODECOPY: {
    uint8_t address[20];
    word_address(s, address);
    REACH(s - 1, s - 3);
    Account *account = state_account(state, address);
    if (!pay_account(m, account, &gas)) HALT("OutOfGas");
    uint64_t size = s[-3].w[0];
    PAY(COPY_WORD * words(size));
    const Code *code = account->code;
    if (size) copy_padded(memory.bytes + s[-1].w[0], code ? code->bytes : NULL, code ? code->size : 0, s - 2, size);
    s -= 4;
    NEXT;
}
op_CALLDATALOAD: {
    if (u256_small(s) && f->input_size >= 32 && s->w[0] <= f->input_size - 32) {
        *s = u256_load(f->input + s->w[0]);
        NEXT;
    }
    uint8_t bytes[32];
    copy_padded(bytes, f->input, f->input_size, s, 32);
    *s = u256_load(bytes);
    NEXT;
}
op_CALLDATACOPY: {
    REACH(s, s - 2);
    uint64_t size = s[-2].w[0];
    PAY(COPY_WORD * words(size));
    if (size) copy_padded(memory.bytes + s->w[0], f->input, f->input_size, s - 1, size);
    s -= 3;
    NEXT;
}
op_CODECOPY: {
    REACH(s, s - 2);
    uint64_t size = s[-2].w[0];
    PAY(COPY_WORD * words(size));
    if (size) copy_padded(memory.bytes + s->w[0], f->code->bytes, f->code->size, s - 1, size);
    s -= 3;
    NEXT;
}
op_RETURNDATACOPY: {
    u256 end = u256_add(s - 1, s - 2), there = u256_from(m->output.size);
    if (u256_lt(&end, s - 1) || u256_lt(&there, &end)) HALT("OutOfOffset");
    REACH(s, s - 2);
    uint64_t size = s[-2].w[0];
    PAY(COPY_WORD * words(size));
    if (size) memcpy(memory.bytes + s->w[0], m->output.bytes + s[-1].w[0], size);
    s -= 3;
    NEXT;
}
op_MCOPY: {
    const u256 *farther = u256_lt(s, s - 1) ? s - 1 : s;
    REACH(farther, s - 2);
    uint64_t size = s[-2].w[0];
    PAY(COPY_WORD * words(size));
    if (size) memmove(memory.bytes + s->w[0], memory.bytes + s[-1].w[0], size);
    s -= 3;
    NEXT;
}
op_POP:
    s--;
    NEXT;
op_MLOAD: {
    if (!(u256_small(s) && s->w[0] < memory.size && s->w[0] + 32 <= memory.size)) {
        u256 size = u256_from(32);
        REACH(s, &size);
    }
    *s = u256_load(memory.bytes + s->w[0]);
    NEXT;
}
op_MSTORE: {
    if (!(u256_small(s) && s->w[0] < memory.size && s->w[0] + 32 <= memory.size)) {
        u256 size = u256_from(32);
        REACH(s, &size);
    }
    u256_store(memory.bytes + s->w[0], s - 1);
    s -= 2;
    NEXT;
}
op_MSTORE8: {
    u256 size = u256_from(1);
    REACH(s, &size);
    memory.bytes[s->w[0]] = (uint8_t)s[-1].w[0];
    s -= 2;
    NEXT;
}
op_SLOAD: {
    Cell *cell = state_cell(state, f->self, s);
    PAY(state_warm_cell(state, cell) ? WARM : COLD_SLOT);
    *s = f->self == m->history ? history_word(m, s) : cell->value;
    NEXT;
}
op_SSTORE: {
    WRITES;
    Cell *cell = state_cell(state, f->self, s);
    if (!pay_store(m, cell, s - 1, &gas)) HALT("OutOfGas");
    if (!u256_eq(&cell->value, s - 1)) state_set_value(state, cell, s - 1);
    s -= 2;
    NEXT;
}
op_TLOAD:
    *s = state_transient(state, f->self, s)->value;
    NEXT;
op_TSTORE: {
    WRITES;
    state_set_transient(state, state_transient(state, f->self, s), s - 1);
    s -= 2;
    NEXT;
}

op_PUSH1: op_PUSH2: op_PUSH3: op_PUSH4: op_PUSH5: op_PUSH6: op_PUSH7: op_PUSH8: op_PUSH9: op_PUSH10: op_PUSH11:
op_PUSH12: op_PUSH13: op_PUSH14: op_PUSH15: op_PUSH16: op_PUSH17: op_PUSH18: op_PUSH19: op_PUSH20: op_PUSH21:
op_PUSH22: op_PUSH23: op_PUSH24: op_PUSH25: op_PUSH26: op_PUSH27: op_PUSH28: op_PUSH29: op_PUSH30: op_PUSH31:
op_PUSH32: /* all made into push_small and push_word */
    HALT("OpcodeNotFound");

    DUP(1) DUP(2) DUP(3) DUP(4) DUP(5) DUP(6) DUP(7) DUP(8)
    DUP(9) DUP(10) DUP(11) DUP(12) DUP(13) DUP(14) DUP(15) DUP(16)
    SWAP(1) SWAP(2) SWAP(3) SWAP(4) SWAP(5) SWAP(6) SWAP(7) SWAP(8)
    SWAP(9) SWAP(10) SWAP(11) SWAP(12) SWAP(13) SWAP(14) SWAP(15) SWAP(16)

op_LOG0: op_LOG1: op_LOG2: op_LOG3: op_LOG4: {
    WRITES;
    int count = (uint8_t)ip[-1].number - OP_LOG0;
    REACH(s, s - 1);
    uint64_t size = s[-1].w[0];
    PAY(LOG_BYTE * size);
    u256 topics[4];
    for (int i = 0; i < count; i++) topics[i] = s[-2 - i];
    machine_log_add(m, f->self, topics, count, size ? memory.bytes + s->w[0] : NULL, size);
    s -= 2 + count;
    NEXT;
}
op_CREATE: op_CREATE2: {
    bool salted = (uint8_t)ip[-1].number == OP_CREATE2;
    Frame *child;
    const char *why = do_create(m, f, salted, s, &memory, &gas, &child);
    if (why) HALT(why);
    s -= 2 + salted;
    if (child) DESCEND(child);
    NEXT;
}
op_CALL: op_CALLCODE: op_DELEGATECALL: op_STATICCALL: {
    uint8_t op = (uint8_t)ip[-1].number;
    Frame *child;
    const char *why = do_call(m, f, op, s, &memory, &gas, &child);
    if (why) HALT(why);
    s -= op == OP_CALL || op == OP_CALLCODE ? 6 : 5;
    if (child) DESCEND(child);
    NEXT;
}
op_RETURN: op_REVERT:
    REACH(s, s - 1);
    if ((uint8_t)ip[-1].number == OP_REVERT) outcome = REVERTED;
    buffer_set(&m->output, s[-1].w[0] ? memory.bytes + s->w[0] : NULL, s[-1].w[0]);
    goto end;
op_SELFDESTRUCT: {
    const char *why = do_destroy(m, f, s, &gas);
    if (why) HALT(why);
    goto done;
}
op_INVALID:
    HALT("InvalidFEOpcode");
op_UNKNOWN:
    HALT("OpcodeNotFound");

halted:
    if (program->trace && m->counts) note_halt(program, ip - 1);
    outcome = HALTED;
    gas = 0;
done:
    m->output.size = 0;
end:
    f->gas = gas;
    outcome = frame_end(m, f, outcome);
    if (f == first) return outcome;
    f--;
    program = f->code->program;
    space = &m->workspaces[f->depth];
    bottom = space->stack;
    s = f->top;
    memory = (Memory){&space->memory, space->memory.bytes, f->memory_size};
    gas = f->gas;
    ip = f->ip;
    resume(m, f + 1, outcome, s, &memory, &gas);
    outcome = DONE;
    NEXT;
}
