#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "opcodes.h"

#define OP(code, name, pops, pushes, gas) [code] = {pops, pushes, gas, true},
static const struct {
    uint8_t pops, pushes;
    uint16_t gas;
    bool known;
} OPS[256] = {OPCODES(OP)};
#undef OP

static bool is_known(const Rules *rules, uint8_t op) { return OPS[op].known && (op != OP_CLZ || rules->leading_zeros); }

/* A straight run ends before a jump destination and after whatever moves on, or looks at the gas that is left. */
static bool ends_block(const Rules *rules, uint8_t op) {
    switch (op) {
    case OP_STOP: case OP_SSTORE: case OP_JUMP: case OP_JUMPI: case OP_GAS: case OP_CREATE: case OP_CALL:
    case OP_CALLCODE: case OP_RETURN: case OP_DELEGATECALL: case OP_CREATE2: case OP_STATICCALL: case OP_REVERT:
    case OP_INVALID: case OP_SELFDESTRUCT: return true;
    default: return !is_known(rules, op);
    }
}

typedef struct {
    Program *program;
    Trace *trace;
    size_t count, words;
    size_t block; /* index of the open block */
    uint32_t gas;
    int height, needs, grows;
} Maker;

static uint8_t traced(uint8_t op) {
    return op == BLOCK ? TRACED_BLOCK : op == OP_JUMPI ? TRACED_JUMPI : op == JUMPI_TO ? TRACED_JUMPI_TO : op;
}

static Instruction *add(Maker *m, uint8_t op, size_t at) {
    if (m->trace) {
        m->trace->places[m->count] = (uint32_t)at;
        if (op == BLOCK) m->trace->starts[at] = true;
        op = traced(op);
    }
    Instruction *made = &m->program->instructions[m->count++];
    made->go = interpreter_places[op];
    made->number = 0;
    return made;
}

static void close_block(Maker *m) {
    Instruction *block = &m->program->instructions[m->block];
    block->block.gas = m->gas;
    block->block.needs = (uint16_t)m->needs;
    block->block.grows = (uint16_t)m->grows;
}

static void open_block(Maker *m, size_t at) {
    m->block = m->count;
    add(m, BLOCK, at);
    m->gas = 0;
    m->height = m->needs = m->grows = 0;
}

static void account_for(Maker *m, uint8_t op) {
    m->gas += OPS[op].gas;
    if (OPS[op].pops - m->height > m->needs) m->needs = OPS[op].pops - m->height;
    m->height += OPS[op].pushes - OPS[op].pops;
    if (m->height > m->grows) m->grows = m->height;
}

static void push(Maker *m, const uint8_t *code, size_t size, size_t at, unsigned width) {
    uint8_t bytes[32] = {0};
    for (unsigned i = 0; i < width && at + 1 + i < size; i++) bytes[32 - width + i] = code[at + 1 + i];
    u256 value = u256_load(bytes);
    size_t next = at + 1 + width;
    uint8_t following = next < size ? code[next] : 0;
    if ((following == OP_JUMP || following == OP_JUMPI) && width > 0) { /* jumps are resolved once all is laid out */
        account_for(m, following);
        add(m, following == OP_JUMP ? JUMP_TO : JUMPI_TO, next)->number = u256_small(&value) ? value.w[0] : UINT64_MAX;
    } else if (u256_small(&value)) {
        add(m, PUSH_SMALL, at)->number = value.w[0];
    } else {
        u256 *word = &m->program->words[m->words++];
        *word = value;
        add(m, PUSH_WORD, at)->word = word;
    }
}

static void resolve(Program *p, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Instruction *at = &p->instructions[i];
        if (at->go != interpreter_places[JUMP_TO] && at->go != interpreter_places[JUMPI_TO] &&
            at->go != interpreter_places[TRACED_JUMPI_TO])
            continue;
        uint32_t found = at->number < p->size ? p->jumpdests[at->number] : 0;
        at->target = found ? &p->instructions[found - 1] : NULL;
    }
}

static Trace *trace_make(size_t size) {
    Trace *trace = or_abort(calloc(1, sizeof *trace));
    trace->places = or_abort(malloc((2 * size + 3) * sizeof *trace->places)); /* as many as instructions */
    trace->starts = or_abort(calloc(size + 1, sizeof *trace->starts));
    trace->entered = or_abort(calloc(size + 1, sizeof *trace->entered));
    trace->jumped = or_abort(calloc(size + 1, sizeof *trace->jumped));
    trace->halted = or_abort(calloc(size + 1, sizeof *trace->halted));
    return trace;
}

Program *program_make(const uint8_t *code, size_t size, const Rules *rules, bool traced) {
    Program *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->size = size;
    p->instructions = malloc((2 * size + 3) * sizeof *p->instructions); /* a block may start at every byte */
    p->jumpdests = calloc(size + 1, sizeof *p->jumpdests);
    p->words = malloc((size / 10 + 1) * sizeof *p->words); /* what does not fit into 64 bits takes ten bytes of code */
    if (!p->instructions || !p->jumpdests || !p->words) abort();
    if (traced) p->trace = trace_make(size);
    Maker m = {.program = p, .trace = p->trace};
    open_block(&m, 0);
    bool fresh = true;
    for (size_t at = 0; at < size;) {
        uint8_t op = code[at];
        if (op == OP_JUMPDEST) {
            if (!fresh) {
                close_block(&m);
                open_block(&m, at);
            }
            p->jumpdests[at] = (uint32_t)m.block + 1;
            account_for(&m, op);
            fresh = false;
            at++;
            continue;
        }
        fresh = false;
        account_for(&m, op);
        bool ends = ends_block(rules, op);
        if (op >= OP_PUSH0 && op <= OP_PUSH32) {
            unsigned width = op - (unsigned)OP_PUSH0;
            push(&m, code, size, at, width);
            at += width;
            uint8_t following = at + 1 < size ? code[at + 1] : 0;
            if ((following == OP_JUMP || following == OP_JUMPI) && width > 0) {
                at++;
                ends = true;
            }
        } else {
            add(&m, is_known(rules, op) ? op : UNKNOWN, at)->number = at << 8 | op;
        }
        at++;
        if (ends) {
            close_block(&m);
            open_block(&m, at < size ? at : size); /* a constant may end behind the code */
            fresh = true;
        }
    }
    close_block(&m);
    add(&m, END, size);
    p->instructions = realloc(p->instructions, m.count * sizeof *p->instructions); /* may move them */
    if (!p->instructions) abort();
    resolve(p, m.count);
    return p;
}

static void trace_free(Trace *trace) {
    if (!trace) return;
    free(trace->places);
    free(trace->starts);
    free(trace->entered);
    free(trace->jumped);
    free(trace->halted);
    free(trace);
}

void program_free(Program *program) {
    if (!program) return;
    trace_free(program->trace);
    free(program->instructions);
    free(program->jumpdests);
    free(program->words);
    free(program);
}

void program_counts(const Program *program, const uint8_t *code, uint64_t *ran) {
    const Trace *trace = program->trace;
    uint64_t count = 0;
    memset(ran, 0, program->size * sizeof *ran);
    for (size_t at = 0; at < program->size; at++) {
        if (trace->starts[at]) count = trace->entered[at];
        ran[at] = count;
        count -= trace->halted[at];
        if (code[at] >= OP_PUSH0 && code[at] <= OP_PUSH32) at += code[at] - (unsigned)OP_PUSH0;
    }
}
