/* The part of the interface that only looks, sets the scene, or undoes. */
#include "machine.h"

#include <stdlib.h>

/* What EIP-2935 puts at its address; the words it reads are worked out (see SLOAD), and never written. */
static const uint8_t HISTORY[20] = {0x00, 0x00, 0xf9, 0x08, 0x27, 0xf1, 0xc5, 0x3a, 0x10, 0xcb,
                                    0x7a, 0x02, 0x33, 0x5b, 0x17, 0x53, 0x20, 0x00, 0x29, 0x35};
static const uint8_t HISTORY_CODE[] = {
    0x33, 0x73, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xfe, 0x14, 0x60, 0x46, 0x57, 0x60, 0x20, 0x36, 0x03, 0x60, 0x42, 0x57, 0x5f,
    0x35, 0x60, 0x01, 0x43, 0x03, 0x81, 0x11, 0x60, 0x42, 0x57, 0x61, 0x1f, 0xff, 0x81, 0x43, 0x03, 0x11,
    0x60, 0x42, 0x57, 0x61, 0x1f, 0xff, 0x90, 0x06, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, 0x5b, 0x5f,
    0x5f, 0xfd, 0x5b, 0x5f, 0x35, 0x61, 0x1f, 0xff, 0x60, 0x01, 0x43, 0x03, 0x06, 0x55, 0x00,
};

Machine *machine_new(const char *fork, uint64_t chain_id, uint64_t gas_limit, Precompile precompile,
                     const Secp256k1 *secp256k1) {
    const Rules *rules = rules_named(fork);
    if (!rules) return NULL;
    Machine *m = calloc(1, sizeof *m);
    if (!m) abort();
    if (!interpreter_places) interpreter_run(NULL, NULL);
    state_init(&m->state);
    m->rules = rules;
    m->chain_id = chain_id;
    m->gas_limit = gas_limit;
    m->blob_base_fee = u256_from(1);
    m->precompile = precompile;
    if (secp256k1) m->secp256k1 = *secp256k1;
    return m;
}

void machine_free(Machine *m) {
    state_free(&m->state);
    for (int i = 0; i <= MAX_DEPTH; i++) {
        free(m->workspaces[i].stack);
        free(m->workspaces[i].memory.bytes);
    }
    free(m->output.bytes);
    free(m->log_data.bytes);
    free(m->logs);
    free(m);
}

void machine_block(Machine *m, uint64_t number, uint64_t time, const uint8_t *prevrandao) {
    m->number = number;
    m->time = time;
    m->prevrandao = u256_load(prevrandao);
}

static u256 word(const uint8_t *bytes) {
    u256 value;
    memcpy(&value, bytes, 32);
    return value;
}

void machine_fees(Machine *m, const uint8_t *coinbase, uint64_t gas_limit, const uint8_t *base_fee,
                  const uint8_t *blob_base_fee) {
    memcpy(m->coinbase, coinbase, 20);
    m->gas_limit = gas_limit;
    m->base_fee = word(base_fee);
    m->blob_base_fee = word(blob_base_fee);
}

void machine_remote(Machine *m, const Remote *remote) {
    m->remote = *remote;
    m->state.remote = &m->remote;
}

void machine_history(Machine *m) {
    if (!m->rules->delegates) return; /* the two came with the same fork */
    machine_set_code(m, HISTORY, HISTORY_CODE, sizeof HISTORY_CODE);
    machine_set_nonce(m, HISTORY, 1);
    m->history = state_account(&m->state, HISTORY);
}

const Result *machine_result(Machine *m) { return &m->result; }

const uint8_t *machine_log(Machine *m, size_t index, uint8_t *address, uint8_t *topics, int *count, size_t *size) {
    const Log *log = &m->logs[index];
    memcpy(address, log->emitter, 20);
    for (int i = 0; i < log->count; i++) u256_store(topics + 32 * i, &log->topics[i]);
    *count = log->count;
    *size = log->size;
    return m->log_data.bytes + log->from;
}

const uint8_t *machine_slot(Machine *m, const uint8_t *address, const uint8_t *slot) {
    u256 key = word(slot);
    Cell *cell = state_cell(&m->state, state_account(&m->state, address), &key);
    cell->pinned = true;
    return (const uint8_t *)&cell->value;
}

int machine_changed(const uint8_t *const *words, size_t count, uint8_t *last) {
    int changed = 0;
    for (size_t i = 0; i < count; i++, last += 32) {
        if (memcmp(last, words[i], 32) == 0) continue;
        memcpy(last, words[i], 32);
        changed = 1;
    }
    return changed;
}

void machine_balance(Machine *m, const uint8_t *address, uint8_t *balance) {
    memcpy(balance, &state_account(&m->state, address)->balance, 32);
}

void machine_set_balance(Machine *m, const uint8_t *address, const uint8_t *balance) {
    u256 value = word(balance);
    state_set_balance(&m->state, state_account(&m->state, address), &value);
}

uint64_t machine_nonce(Machine *m, const uint8_t *address) { return state_account(&m->state, address)->nonce; }

void machine_set_nonce(Machine *m, const uint8_t *address, uint64_t nonce) {
    state_set_nonce(&m->state, state_account(&m->state, address), nonce);
}

const uint8_t *machine_code(Machine *m, const uint8_t *address, size_t *size) {
    const Code *code = state_account(&m->state, address)->code;
    *size = code ? code->size : 0;
    return code ? code->bytes : NULL;
}

void machine_set_code(Machine *m, const uint8_t *address, const uint8_t *code, size_t size) {
    state_set_code(&m->state, state_account(&m->state, address), state_code(&m->state, code, size));
}

void machine_set_slot(Machine *m, const uint8_t *address, const uint8_t *slot, const uint8_t *value) {
    u256 key = word(slot), now = word(value);
    state_set_value(&m->state, state_cell(&m->state, state_account(&m->state, address), &key), &now);
}

static void *next_item(const Table *t, size_t *at) {
    while (*at < t->capacity && !t->places[*at]) ++*at;
    return *at < t->capacity ? t->places[(*at)++] : NULL;
}

int machine_next_account(Machine *m, size_t *at, uint8_t *address) {
    const Account *account = next_item(&m->state.accounts, at);
    if (account) memcpy(address, account->address, 20);
    return account != NULL;
}

const uint8_t *machine_next_slot(Machine *m, size_t *at, uint8_t *address, uint8_t *slot) {
    Cell *cell = next_item(&m->state.cells, at);
    if (!cell) return NULL;
    memcpy(address, cell->account->address, 20);
    memcpy(slot, &cell->slot, 32);
    return (const uint8_t *)&cell->value;
}

size_t machine_mark(Machine *m) { return state_mark(&m->state); }

void machine_back(Machine *m, size_t mark) { state_back(&m->state, mark); }

void machine_trace(Machine *m, int counts) {
    m->traced = true;
    m->counts = counts;
}

const uint8_t *machine_next_traced(Machine *m, size_t *at, size_t *size, const uint64_t **jumped, const void **of) {
    for (const Code *code; (code = next_item(&m->state.codes, at));) {
        if (!code->program || !code->program->trace) continue;
        *size = code->size;
        *jumped = code->program->trace->jumped;
        *of = code;
        return code->bytes;
    }
    return NULL;
}

void machine_counts(const void *of, uint64_t *ran) {
    const Code *code = of;
    program_counts(code->program, code->bytes, ran);
}
