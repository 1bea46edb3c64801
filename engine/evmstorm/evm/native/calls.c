/* Calls, creations and transactions: what happens around the code that runs. */
#include "machine.h"

#include <stdlib.h>

#include "keccak.h"

enum {
    TRANSACTION = 21000, CREATION = 32000, ZERO_BYTE = 4, BYTE = 16, DEPOSIT_BYTE = 200, REFUND_PART = 5,
    MAX_CODE = 24576, MAX_OUTPUT = 1 << 16,
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

bool is_precompile(const uint8_t address[20]) {
    static const uint8_t zeros[19];
    return memcmp(address, zeros, 19) == 0 && address[19] >= 1 && address[19] <= PRECOMPILES;
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

void machine_log_add(Machine *m, Account *emitter, const u256 *topics, int count, const uint8_t *data, size_t size) {
    if (m->log_count == m->log_capacity) {
        m->log_capacity = m->log_capacity ? 2 * m->log_capacity : 64;
        if (!(m->logs = realloc(m->logs, m->log_capacity * sizeof *m->logs))) abort();
    }
    Log *log = &m->logs[m->log_count++];
    log->emitter = emitter;
    if (count) memcpy(log->topics, topics, (size_t)count * sizeof *topics);
    log->count = count;
    log->from = m->log_data.size;
    log->size = size;
    buffer_reserve(&m->log_data, m->log_data.size + size);
    if (size) memcpy(m->log_data.bytes + m->log_data.size, data, size);
    m->log_data.size += size;
}

/* frames ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    size_t journal, logs, log_data;
    int64_t refund;
} Start;

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

static Outcome run_precompile(Machine *m, Frame *f, uint8_t number) {
    uint8_t *out = buffer_reserve(&m->output, MAX_OUTPUT);
    size_t size = 0;
    uint64_t used = 0;
    m->output.size = 0;
    bool done = m->precompile(number, f->input, f->input_size, (uint64_t)f->gas, out, MAX_OUTPUT, &size, &used);
    if (!done || used > (uint64_t)f->gas) {
        m->halt = done ? "OutOfGas" : "PrecompileError";
        f->gas = 0;
        return HALTED;
    }
    f->gas -= (int64_t)used;
    m->output.size = size;
    return DONE;
}

Outcome enter_call(Machine *m, Frame *f, const uint8_t code_address[20], bool moves_value) {
    Start start = start_of(m);
    if (moves_value) move(m, state_account(&m->state, f->caller), f->self, &f->value);
    Outcome outcome = DONE;
    f->code = state_account(&m->state, code_address)->code;
    if (is_precompile(code_address)) outcome = run_precompile(m, f, code_address[19]);
    else if (f->code) outcome = interpreter_run(m, f);
    else m->output.size = 0;
    if (outcome != DONE) undo(m, start);
    return outcome;
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

Outcome enter_create(Machine *m, Frame *parent, const u256 *value, const uint8_t *init, size_t size, const u256 *salt,
                     int64_t *gas, uint8_t address[20]) {
    State *s = &m->state;
    Account *creator = parent->self;
    created_address(creator, init, size, salt, address);
    state_set_nonce(s, creator, creator->nonce + 1); /* stays, whatever becomes of the rest */
    Start start = start_of(m);
    Account *made = state_account(s, address);
    state_warm_account(s, made);
    if (made->nonce || made->code) {
        m->halt = "CreateCollision";
        *gas = 0;
        return HALTED;
    }
    state_set_created(s, made);
    state_set_nonce(s, made, 1);
    move(m, creator, made, value);
    Code code = {.bytes = (uint8_t *)init, .size = size};
    Frame f = {.self = made, .value = *value, .code = &code, .gas = *gas, .depth = parent->depth + 1};
    memcpy(f.caller, creator->address, 20);
    m->output.size = 0;
    Outcome outcome = size ? interpreter_run(m, &f) : DONE;
    program_free(code.program);
    if (outcome == DONE && (m->halt = refuse_code(&m->output, &f.gas))) {
        outcome = HALTED;
        f.gas = 0;
    }
    *gas = f.gas;
    if (outcome == DONE) state_set_code(s, made, state_code(s, m->output.bytes, m->output.size));
    else undo(m, start);
    if (outcome != REVERTED) m->output.size = 0;
    return outcome;
}

/* transactions ------------------------------------------------------------------------------------------------------ */

static uint64_t intrinsic(const uint8_t *data, size_t size, bool creates) {
    uint64_t zeros = 0;
    for (size_t i = 0; i < size; i++) zeros += data[i] == 0;
    uint64_t gas = TRANSACTION + ZERO_BYTE * zeros + BYTE * (size - zeros);
    return creates ? gas + CREATION + INIT_WORD * ((size + 31) / 32) : gas;
}

static Outcome refuse(Machine *m, const char *why) {
    m->result = (Result){.halt = why};
    return HALTED;
}

static Account *begin(Machine *m, const uint8_t *from) {
    static const uint8_t coinbase[20];
    state_begin(&m->state);
    m->log_count = m->log_data.size = 0;
    m->refund = 0;
    m->halt = NULL;
    memcpy(m->origin, from, 20);
    Account *sender = state_account(&m->state, from);
    state_warm_account(&m->state, sender);
    state_warm_account(&m->state, state_account(&m->state, coinbase)); /* EIP-3651 */
    return sender;
}

static Outcome settle(Machine *m, Outcome outcome, uint64_t left) {
    uint64_t used = m->gas_limit - left;
    uint64_t refund = m->refund > 0 ? (uint64_t)m->refund : 0;
    if (refund > used / REFUND_PART) refund = used / REFUND_PART; /* EIP-3529 */
    m->result = (Result){m->output.bytes, m->output.size, used - refund, outcome == HALTED ? m->halt : NULL, m->log_count};
    for (size_t i = 0; m->state.destructs && i < m->state.journal_size; i++) {
        Entry *entry = &m->state.journal[i];
        Account *account = entry->what;
        if (entry->change == DESTRUCTED && account->destructed_in == m->state.transaction) state_wipe(&m->state, account);
    }
    return outcome;
}

int machine_call(Machine *m, const uint8_t *from, const uint8_t *to, const uint8_t *data, size_t size,
                 const uint8_t *value, int is_static) {
    Account *sender = begin(m, from);
    Account *target = state_account(&m->state, to);
    state_warm_account(&m->state, target);
    Frame f = {.self = target, .input = data, .input_size = size, .is_static = is_static};
    if (value) memcpy(&f.value, value, 32);
    if (u256_lt(&sender->balance, &f.value)) return refuse(m, "OutOfFunds");
    uint64_t base = intrinsic(data, size, false);
    if (base > m->gas_limit) return refuse(m, "OutOfGas");
    f.gas = (int64_t)(m->gas_limit - base);
    memcpy(f.caller, from, 20);
    if (!is_static) state_set_nonce(&m->state, sender, sender->nonce + 1);
    Outcome outcome = enter_call(m, &f, to, true);
    return settle(m, outcome, (uint64_t)f.gas);
}

int machine_deploy(Machine *m, const uint8_t *from, const uint8_t *data, size_t size, const uint8_t *value,
                   uint8_t *address) {
    Frame f = {.self = begin(m, from), .depth = -1};
    if (value) memcpy(&f.value, value, 32);
    if (u256_lt(&f.self->balance, &f.value)) return refuse(m, "OutOfFunds");
    if (size > MAX_INIT) return refuse(m, "CreateInitCodeSizeLimit");
    uint64_t base = intrinsic(data, size, true);
    if (base > m->gas_limit) return refuse(m, "OutOfGas");
    int64_t gas = (int64_t)(m->gas_limit - base);
    Outcome outcome = enter_create(m, &f, &f.value, data, size, NULL, &gas, address);
    return settle(m, outcome, (uint64_t)gas);
}
