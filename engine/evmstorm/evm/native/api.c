/* The part of the interface that only looks, sets the scene, or undoes. */
#include "machine.h"

#include <stdlib.h>

Machine *machine_new(uint64_t chain_id, uint64_t gas_limit, Precompile precompile) {
    Machine *m = calloc(1, sizeof *m);
    if (!m) abort();
    if (!interpreter_places) interpreter_run(NULL, NULL);
    state_init(&m->state);
    m->chain_id = chain_id;
    m->gas_limit = gas_limit;
    m->precompile = precompile;
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

const Result *machine_result(Machine *m) { return &m->result; }

const uint8_t *machine_log(Machine *m, size_t index, uint8_t *address, uint8_t *topics, int *count, size_t *size) {
    Log *log = &m->logs[index];
    memcpy(address, log->emitter->address, 20);
    for (int i = 0; i < log->count; i++) u256_store(topics + 32 * i, &log->topics[i]);
    *count = log->count;
    *size = log->size;
    return m->log_data.bytes + log->from;
}

static u256 word(const uint8_t *bytes) {
    u256 value;
    memcpy(&value, bytes, 32);
    return value;
}

const uint8_t *machine_slot(Machine *m, const uint8_t *address, const uint8_t *slot) {
    u256 key = word(slot);
    Cell *cell = state_cell(&m->state, state_account(&m->state, address), &key);
    cell->pinned = true;
    return (const uint8_t *)&cell->value;
}

void machine_balance(Machine *m, const uint8_t *address, uint8_t *balance) {
    memcpy(balance, &state_account(&m->state, address)->balance, 32);
}

void machine_set_balance(Machine *m, const uint8_t *address, const uint8_t *balance) {
    u256 value = word(balance);
    state_set_balance(&m->state, state_account(&m->state, address), &value);
}

uint64_t machine_nonce(Machine *m, const uint8_t *address) { return state_account(&m->state, address)->nonce; }

const uint8_t *machine_code(Machine *m, const uint8_t *address, size_t *size) {
    const Code *code = state_account(&m->state, address)->code;
    *size = code ? code->size : 0;
    return code ? code->bytes : NULL;
}

static void *item_at(const Table *t, size_t index) {
    for (size_t i = 0; i < t->capacity; i++)
        if (t->places[i] && index-- == 0) return t->places[i];
    return NULL;
}

int machine_account_at(Machine *m, size_t index, uint8_t *address) {
    const Account *account = item_at(&m->state.accounts, index);
    if (account) memcpy(address, account->address, 20);
    return account != NULL;
}

const uint8_t *machine_slot_at(Machine *m, size_t index, uint8_t *address, uint8_t *slot) {
    Cell *cell = item_at(&m->state.cells, index);
    if (!cell) return NULL;
    memcpy(address, cell->account->address, 20);
    memcpy(slot, &cell->slot, 32);
    return (const uint8_t *)&cell->value;
}

size_t machine_mark(Machine *m) { return state_mark(&m->state); }

void machine_back(Machine *m, size_t mark) { state_back(&m->state, mark); }
