/* What Python sees; evmstorm/evm/_native.py reads these declarations. Addresses are 20 bytes; words are 32 bytes, least
 * significant first, so that Python reads a stored word where it lies. Callers keep to one thread a machine. */

typedef struct Machine Machine;

/* What the last transaction left. */
typedef struct {
    const uint8_t *output;
    size_t size; /* of the output */
    uint64_t gas_used;
    const char *halt; /* why, in revm's words, when it halted */
    size_t logs;
} Result;

/* A precompile by number: fills `out` (at most `capacity` bytes), `size` and `gas`; returns 0 when it failed. */
typedef int (*Precompile)(uint8_t number, const uint8_t *in, size_t in_size, uint64_t gas, uint8_t *out, size_t capacity,
                          size_t *size, uint64_t *used);

Machine *machine_new(uint64_t chain_id, uint64_t gas_limit, Precompile precompile);
void machine_free(Machine *m);
const Result *machine_result(Machine *m); /* the same place for each transaction */

void machine_block(Machine *m, uint64_t number, uint64_t time, const uint8_t *prevrandao);

/* One transaction. 0: done, 1: reverted, 2: halted. `value` may be NULL for none. */
int machine_call(Machine *m, const uint8_t *from, const uint8_t *to, const uint8_t *data, size_t size,
                 const uint8_t *value, int is_static);
int machine_deploy(Machine *m, const uint8_t *from, const uint8_t *data, size_t size, const uint8_t *value,
                   uint8_t *address);

const uint8_t *machine_log(Machine *m, size_t index, uint8_t *address, uint8_t *topics, int *count, size_t *size);

/* State. The word of a slot stays where it is as long as the machine lives. */
const uint8_t *machine_slot(Machine *m, const uint8_t *address, const uint8_t *slot);
void machine_balance(Machine *m, const uint8_t *address, uint8_t *balance);
void machine_set_balance(Machine *m, const uint8_t *address, const uint8_t *balance);
uint64_t machine_nonce(Machine *m, const uint8_t *address);
const uint8_t *machine_code(Machine *m, const uint8_t *address, size_t *size);

/* Everything there is, by index; the address, or the word's address and slot, and what is there. 0 past the end. */
int machine_account_at(Machine *m, size_t index, uint8_t *address);
const uint8_t *machine_slot_at(Machine *m, size_t index, uint8_t *address, uint8_t *slot);

/* Undo. Marks nest: going back to one forgets it and those set after it. */
size_t machine_mark(Machine *m);
void machine_back(Machine *m, size_t mark);
