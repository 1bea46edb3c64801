/* Calls, creations and transactions: what happens around the code that runs. */
#include "machine.h"

#include <stdlib.h>

#include "keccak.h"

enum {
    TRANSACTION = 21000, CREATION = 32000, TOKEN = 4, TOKENS_A_BYTE = 4, DEPOSIT_BYTE = 200, REFUND_PART = 5,
    MAX_CODE = 24576, LISTED_ACCOUNT = 2400, LISTED_SLOT = 1900, SLOT_SIZE = 52, /* EIP-170, EIP-2930 */
    AUTHORIZATION = 25000, KNOWN_AUTHORITY_REFUND = 12500, DESIGNATOR = 23,      /* EIP-7702 */
    HISTORY_BLOCKS = 8191,
};

/* buffers and words -------------------------------------------------------------------------------------------------- */

uint8_t *buffer_reserve(Buffer *b, size_t size) {
    if (size > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : 1024;
        while (capacity < size) capacity *= 2;
        if (!(b->bytes = realloc(b->bytes, capacity))) abort();
        b->capacity = capacity;
    }
    return b->bytes;
}

void buffer_set(Buffer *b, const uint8_t *bytes, size_t size) {
    buffer_reserve(b, size);
    if (size) memcpy(b->bytes, bytes, size);
    b->size = size;
}

u256 address_word(const uint8_t address[20]) {
    uint8_t bytes[32] = {0};
    memcpy(bytes + 12, address, 20);
    return u256_load(bytes);
}

void word_address(const u256 *word, uint8_t address[20]) {
    uint8_t bytes[32];
    u256_store(bytes, word);
    memcpy(address, bytes + 12, 20);
}

/* Slots of maps are hashes of two words, the same ones again and again: remembered, they cost a comparison. */
u256 machine_hash(Machine *m, const uint8_t *bytes, size_t size) {
    uint8_t hash[32];
    if (size != 64) {
        keccak256(bytes, size, hash);
        return u256_load(hash);
    }
    u256 in[2];
    memcpy(in, bytes, sizeof in);
    uint64_t mixed = 0;
    for (int i = 0; i < 8; i++) {
        mixed = (mixed ^ in[i / 4].w[i % 4]) * GOLDEN;
        mixed ^= mixed >> 32; /* numbers end in the high bytes here, and a product carries upwards only */
    }
    Memo *memo = &m->memos[mixed % MEMOS];
    if (!u256_eq(&memo->in[0], &in[0]) || !u256_eq(&memo->in[1], &in[1]) || u256_is_zero(&memo->out)) {
        keccak256(bytes, size, hash);
        memcpy(memo->in, in, sizeof in);
        memo->out = u256_load(hash);
    }
    return memo->out;
}

/* A chain without headers: the hash of the number in decimal, as revm's empty database has it. */
u256 hash_of_block(uint64_t number) {
    char text[20];
    int size = 0;
    do {
        text[19 - size++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    uint8_t hash[32];
    keccak256((uint8_t *)text + 20 - size, (size_t)size, hash);
    return u256_load(hash);
}

u256 history_word(const Machine *m, const u256 *slot) {
    if (!u256_small(slot) || slot->w[0] >= HISTORY_BLOCKS || m->number == 0) return u256_from(0);
    uint64_t back = (m->number - 1 + HISTORY_BLOCKS - slot->w[0]) % HISTORY_BLOCKS; /* blocks before the last one */
    return back < m->number ? hash_of_block(m->number - 1 - back) : u256_from(0);
}

void machine_log_add(Machine *m, const Account *emitter, const u256 *topics, int count, const uint8_t *data, size_t size) {
    if (m->log_count == m->log_capacity) {
        m->log_capacity = m->log_capacity ? 2 * m->log_capacity : 64;
        if (!(m->logs = realloc(m->logs, m->log_capacity * sizeof *m->logs))) abort();
    }
    Log *log = &m->logs[m->log_count++];
    memcpy(log->emitter, emitter->address, 20);
    if (count) memcpy(log->topics, topics, (size_t)count * sizeof *topics);
    log->count = count;
    log->from = m->log_data.size;
    log->size = size;
    buffer_reserve(&m->log_data, m->log_data.size + size);
    if (size) memcpy(m->log_data.bytes + m->log_data.size, data, size);
    m->log_data.size += size;
}

/* frames ------------------------------------------------------------------------------------------------------------ */

static Start start_of(const Machine *m) {
    return (Start){m->state.journal_size, m->log_count, m->log_data.size, m->refund};
}

static void undo(Machine *m, Start start) {
    state_rewind(&m->state, start.journal);
    m->log_count = start.logs;
    m->log_data.size = start.log_data;
    m->refund = start.refund;
}

static void move(Machine *m, Account *from, Account *to, const u256 *value) {
    if (u256_is_zero(value) || from == to) return;
    u256 less = u256_sub(&from->balance, value), more = u256_add(&to->balance, value);
    state_set_balance(&m->state, from, &less);
    state_set_balance(&m->state, to, &more);
}

Account *delegate_of(Machine *m, const Code *code) {
    static const uint8_t PREFIX[3] = {0xef, 0x01, 0x00};
    if (!code || code->size != DESIGNATOR || !m->rules->delegates || memcmp(code->bytes, PREFIX, 3) != 0) return NULL;
    return state_account(&m->state, code->bytes + 3);
}

bool frame_call(Machine *m, Frame *f, const Account *source, const Account *delegate, bool moves_value, Outcome *outcome) {
    f->creates = false;
    f->start = start_of(m);
    if (moves_value && !u256_is_zero(&f->value)) move(m, state_account(&m->state, f->caller), f->self, &f->value);
    unsigned number = precompile_number(m, source->address);
    f->code = delegate ? delegate->code : source->code;
    if (!number && f->code) return true;
    m->output.size = 0;
    *outcome = frame_end(m, f, number ? precompile_run(m, f, number) : DONE);
    return false;
}

static size_t rlp_creator(const uint8_t creator[20], uint64_t nonce, uint8_t out[32]) {
    size_t size = 0;
    uint8_t bytes[8];
    int length = 0;
    for (int i = 56; i >= 0; i -= 8)
        if (length || nonce >> i & 255) bytes[length++] = (uint8_t)(nonce >> i);
    bool single = length == 1 && bytes[0] < 0x80;
    out[size++] = (uint8_t)(0xc0 + 21 + 1 + (single ? 0 : length));
    out[size++] = 0x94;
    memcpy(out + size, creator, 20);
    size += 20;
    if (!single) out[size++] = (uint8_t)(0x80 + length);
    memcpy(out + size, bytes, (size_t)length);
    return size + (size_t)length;
}

static void created_address(const Account *creator, const uint8_t *init, size_t size, const u256 *salt, uint8_t *address) {
    uint8_t preimage[85], hash[32];
    size_t length;
    if (salt) { /* EIP-1014 */
        preimage[0] = 0xff;
        memcpy(preimage + 1, creator->address, 20);
        u256_store(preimage + 21, salt);
        keccak256(init, size, preimage + 53);
        length = 85;
    } else {
        length = rlp_creator(creator->address, creator->nonce, preimage);
    }
    keccak256(preimage, length, hash);
    memcpy(address, hash + 12, 20);
}

/* Why the output of a constructor is no contract; NULL when it is one and paid for. */
static const char *refuse_code(const Buffer *code, int64_t *gas) {
    if (code->size && code->bytes[0] == 0xef) return "CreateContractStartingWithEF"; /* EIP-3541 */
    if (code->size > MAX_CODE) return "CreateContractSizeLimit";                   /* EIP-170 */
    *gas -= (int64_t)(DEPOSIT_BYTE * code->size);
    return *gas < 0 ? "OutOfGas" : NULL;
}

bool frame_create(Machine *m, Frame *f, Account *creator, const uint8_t *init, size_t size, const u256 *salt,
                  Outcome *outcome) {
    State *s = &m->state;
    uint8_t address[20];
    created_address(creator, init, size, salt, address);
    Account *made = state_account(s, address);
    state_set_nonce(s, creator, creator->nonce + 1); /* this, and that it is warm, stays whatever becomes of the rest */
    state_warm_account(s, made);
    f->self = made;
    f->input = NULL;
    f->input_size = 0;
    f->is_static = false;
    f->creates = true;
    f->start = start_of(m);
    f->init = (Code){.bytes = (uint8_t *)init, .size = size};
    f->code = m->traced ? state_code(s, init, size) : &f->init; /* counts stay */
    memcpy(f->caller, creator->address, 20);
    m->output.size = 0;
    if (state_is_taken(made)) {
        m->halt = "CreateCollision";
        f->gas = 0;
        *outcome = HALTED;
        return false;
    }
    state_set_created(s, made);
    state_set_nonce(s, made, 1);
    move(m, creator, made, &f->value);
    if (size) return true;
    *outcome = frame_end(m, f, DONE);
    return false;
}

Outcome frame_end(Machine *m, Frame *f, Outcome outcome) {
    if (f->creates) {
        program_free(f->init.program);
        if (outcome == DONE && (m->halt = refuse_code(&m->output, &f->gas))) {
            outcome = HALTED;
            f->gas = 0;
        }
        if (outcome == DONE) state_set_code(&m->state, f->self, state_code(&m->state, m->output.bytes, m->output.size));
        if (outcome != REVERTED) m->output.size = 0;
    }
    if (outcome != DONE) undo(m, f->start);
    return outcome;
}

/* transactions ------------------------------------------------------------------------------------------------------ */

static u256 word_or_zero(const uint8_t *bytes) {
    u256 value = u256_from(0);
    if (bytes) memcpy(&value, bytes, 32);
    return value;
}

typedef struct {
    uint64_t base, floor; /* gas before anything runs, and at the least in all */
} Intrinsic;

static Intrinsic intrinsic(const Machine *m, const Transaction *t) {
    uint64_t zeros = 0;
    for (size_t i = 0; i < t->size; i++) zeros += t->data[i] == 0;
    uint64_t tokens = zeros + TOKENS_A_BYTE * (t->size - zeros);
    uint64_t gas = TRANSACTION + TOKEN * tokens + LISTED_ACCOUNT * t->account_count + LISTED_SLOT * t->slot_count +
                   AUTHORIZATION * t->authorizations_paid;
    if (!t->to) gas += CREATION + INIT_WORD * ((t->size + 31) / 32);
    return (Intrinsic){gas, m->rules->floor_token ? TRANSACTION + m->rules->floor_token * tokens : 0};
}

static Outcome refuse(Machine *m, const char *why) {
    m->result = (Result){.halt = why};
    return HALTED;
}

static Account *begin(Machine *m, const Transaction *t) {
    State *s = &m->state;
    state_begin(s);
    m->log_count = m->log_data.size = 0;
    m->refund = 0;
    m->halt = NULL;
    m->gas_price = word_or_zero(t->gas_price);
    m->blob_hashes = t->blob_hashes;
    m->blob_hash_count = t->blob_hash_count;
    memcpy(m->origin, t->from, 20);
    Account *sender = state_account(s, t->from);
    state_warm_account(s, sender);
    state_warm_account(s, state_account(s, m->coinbase)); /* EIP-3651 */
    for (size_t i = 0; i < t->account_count; i++) state_warm_account(s, state_account(s, t->accounts + 20 * i));
    for (size_t i = 0; i < t->slot_count; i++) {
        const uint8_t *at = t->slots + SLOT_SIZE * i;
        u256 slot = word_or_zero(at + 20);
        state_warm_cell(s, state_cell(s, state_account(s, at), &slot));
    }
    return sender;
}

/* What this leaves stays, even when the transaction then fails. */
static void authorize(Machine *m, const Authorization *a) {
    static const uint8_t nobody[20];
    State *s = &m->state;
    Account *authority = state_account(s, a->authority);
    state_warm_account(s, authority);
    if ((authority->code && !delegate_of(m, authority->code)) || authority->nonce != a->nonce) return;
    if (!state_is_empty(authority)) m->refund += KNOWN_AUTHORITY_REFUND;
    uint8_t code[DESIGNATOR] = {0xef, 0x01, 0x00};
    memcpy(code + 3, a->delegate, 20);
    state_set_code(s, authority, memcmp(a->delegate, nobody, 20) ? state_code(s, code, sizeof code) : NULL);
    state_set_nonce(s, authority, authority->nonce + 1);
}

static void credit(Machine *m, Account *account, uint64_t gas, const u256 *price) {
    if (gas == 0 || u256_is_zero(price)) return;
    u256 units = u256_from(gas), sum = u256_mul(&units, price);
    sum = u256_add(&account->balance, &sum);
    state_set_balance(&m->state, account, &sum);
}

static Outcome settle(Machine *m, const Transaction *t, Outcome outcome, uint64_t left, uint64_t floor) {
    uint64_t used = t->gas - left;
    uint64_t refund = m->refund > 0 ? (uint64_t)m->refund : 0;
    if (refund > used / REFUND_PART) refund = used / REFUND_PART; /* EIP-3529 */
    used -= refund;
    if (used < floor) used = floor;
    m->result = (Result){m->output.bytes, m->output.size, used, outcome == HALTED ? m->halt : NULL, m->log_count};
    if (!u256_is_zero(&m->gas_price)) {
        u256 priority = u256_sub(&m->gas_price, &m->base_fee);
        credit(m, state_account(&m->state, t->from), t->gas - used, &m->gas_price);
        credit(m, state_account(&m->state, m->coinbase), used, &priority);
    }
    for (size_t i = 0; m->state.destructs && i < m->state.journal_size; i++) {
        Entry *entry = &m->state.journal[i];
        Account *account = entry->what;
        if (entry->change == DESTRUCTED && account->destructed_in == m->state.transaction) state_wipe(&m->state, account);
    }
    return outcome;
}

int machine_transact(Machine *m, const Transaction *t, uint8_t *made) {
    Account *sender = begin(m, t);
    Frame *f = m->frames;
    f->value = word_or_zero(t->value);
    f->depth = 0;
    u256 gas = u256_from(t->gas), fee = u256_mul(&gas, &m->gas_price), blob_fee = word_or_zero(t->blob_fee);
    fee = u256_add(&fee, &blob_fee);
    u256 needed = u256_add(&fee, &f->value);
    if (u256_lt(&sender->balance, &needed)) return refuse(m, "OutOfFunds");
    if (!t->to && t->size > MAX_INIT) return refuse(m, "CreateInitCodeSizeLimit");
    Intrinsic least = intrinsic(m, t);
    if (least.base > t->gas || least.floor > t->gas) return refuse(m, "OutOfGas");
    f->gas = (int64_t)(t->gas - least.base);
    if (!u256_is_zero(&fee)) {
        u256 rest = u256_sub(&sender->balance, &fee);
        state_set_balance(&m->state, sender, &rest);
    }
    Outcome outcome;
    bool runs;
    if (t->to) {
        if (!t->is_static) state_set_nonce(&m->state, sender, sender->nonce + 1);
        for (size_t i = 0; i < t->authorization_count; i++) authorize(m, &t->authorizations[i]);
        f->self = state_account(&m->state, t->to);
        f->input = t->data;
        f->input_size = t->size;
        f->is_static = t->is_static;
        memcpy(f->caller, t->from, 20);
        state_warm_account(&m->state, f->self);
        Account *delegate = delegate_of(m, f->self->code);
        if (delegate) state_warm_account(&m->state, delegate);
        runs = frame_call(m, f, f->self, delegate, true, &outcome);
    } else {
        runs = frame_create(m, f, sender, t->data, t->size, NULL, &outcome);
        memcpy(made, f->self->address, 20);
    }
    if (runs) outcome = interpreter_run(m, f);
    return settle(m, t, outcome, (uint64_t)f->gas, least.floor);
}

static uint64_t most_gas(const Machine *m) {
    uint64_t bound = m->rules->transaction_gas;
    return bound && bound < m->gas_limit ? bound : m->gas_limit;
}

int machine_call(Machine *m, const uint8_t *from, const uint8_t *to, const uint8_t *data, size_t size,
                 const uint8_t *value, int is_static) {
    Transaction t = {.from = from, .to = to, .data = data, .size = size, .value = value, .is_static = is_static};
    t.gas = most_gas(m);
    return machine_transact(m, &t, NULL);
}

int machine_deploy(Machine *m, const uint8_t *from, const uint8_t *data, size_t size, const uint8_t *value,
                   uint8_t *made) {
    Transaction t = {.from = from, .data = data, .size = size, .value = value, .gas = most_gas(m)};
    return machine_transact(m, &t, made);
}
