/* What Python sees; evmstorm/evm/native_build.py reads these declarations. Addresses are 20 bytes; words are 32 bytes, least
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

/* A precompile by number, asked of Python: fills `out` (at most `capacity` bytes), `size` and `gas`; returns 0 when it
 * failed. */
typedef int (*Precompile)(unsigned number, const uint8_t *in, size_t in_size, uint64_t gas, uint8_t *out, size_t capacity,
                          size_t *size, uint64_t *used);

/* Three functions of libsecp256k1, and its context. Without `recover`, Python is asked. */
typedef struct {
    const void *context;
    int (*parse)(const void *context, uint8_t *signature, const uint8_t *compact, int recovery);
    int (*recover)(const void *context, uint8_t *key, const uint8_t *signature, const uint8_t *hash);
    int (*serialize)(const void *context, uint8_t *out, size_t *size, const uint8_t *key, unsigned flags);
} Secp256k1;

/* Another chain, of which accounts and words are asked that are not known yet. Code stays where it is until the next
 * question. */
typedef struct Remote {
    void (*account)(const uint8_t *address, uint8_t *balance, uint64_t *nonce, const uint8_t **code, size_t *size);
    void (*word)(const uint8_t *address, const uint8_t *slot, uint8_t *value);
} Remote;

/* NULL for a fork that is not known. */
Machine *machine_new(const char *fork, uint64_t chain_id, uint64_t gas_limit, Precompile precompile,
                     const Secp256k1 *secp256k1);
void machine_free(Machine *m);
const Result *machine_result(Machine *m); /* the same place for each transaction */

void machine_block(Machine *m, uint64_t number, uint64_t time, const uint8_t *prevrandao);
void machine_fees(Machine *m, const uint8_t *coinbase, uint64_t gas_limit, const uint8_t *base_fee,
                  const uint8_t *blob_base_fee);
void machine_remote(Machine *m, const Remote *remote); /* before anything is known */
void machine_history(Machine *m); /* from now on there is EIP-2935's contract, if the fork has it */

/* An authority that lends itself the code of another account (EIP-7702). */
typedef struct {
    uint8_t authority[20], delegate[20];
    uint64_t nonce;
} Authorization;

/* Words may be NULL for zero. What makes a transaction invalid (signature, nonce, type, a fee that is too low) is for
 * the caller to look at. */
typedef struct {
    const uint8_t *from, *to; /* `to` is NULL for a creation */
    const uint8_t *data;
    size_t size;
    const uint8_t *value;
    uint64_t gas;
    const uint8_t *gas_price, *blob_fee; /* what is paid for one gas, and for all blobs */
    const uint8_t *accounts, *slots;     /* of the access list: addresses, and addresses with a slot each */
    size_t account_count, slot_count;
    const uint8_t *blob_hashes;
    size_t blob_hash_count;
    const Authorization *authorizations; /* those whose signature is one */
    size_t authorization_count, authorizations_paid;
    int is_static;
} Transaction;

/* One transaction. 0: done, 1: reverted, 2: halted. `made` gets the address of a creation. */
int machine_transact(Machine *m, const Transaction *t, uint8_t *made);

/* The same without fees. `value` may be NULL for none. */
int machine_call(Machine *m, const uint8_t *from, const uint8_t *to, const uint8_t *data, size_t size,
                 const uint8_t *value, int is_static);
int machine_deploy(Machine *m, const uint8_t *from, const uint8_t *data, size_t size, const uint8_t *value,
                   uint8_t *made);

const uint8_t *machine_log(Machine *m, size_t index, uint8_t *address, uint8_t *topics, int *count, size_t *size);

/* Count what runs, of code that did not run before; what runs while `counts` is 0 is left out. */
void machine_trace(Machine *m, int counts);

/* The code that was counted, one piece after another, with how often each conditional jump in it was taken, by its
 * place; NULL past the end. `*at` starts as 0; `*of` is what `machine_counts` is asked with. */
const uint8_t *machine_next_traced(Machine *m, size_t *at, size_t *size, const uint64_t **jumped, const void **of);
void machine_counts(const void *of, uint64_t *ran); /* by place, as long as the code */

/* State. The word of a slot stays where it is as long as the machine lives. */
const uint8_t *machine_slot(Machine *m, const uint8_t *address, const uint8_t *slot);
/* Whether one of `count` such words is another than in `last`, which holds what they are from then on. */
int machine_changed(const uint8_t *const *words, size_t count, uint8_t *last);
void machine_balance(Machine *m, const uint8_t *address, uint8_t *balance);
void machine_set_balance(Machine *m, const uint8_t *address, const uint8_t *balance);
uint64_t machine_nonce(Machine *m, const uint8_t *address);
void machine_set_nonce(Machine *m, const uint8_t *address, uint64_t nonce);
const uint8_t *machine_code(Machine *m, const uint8_t *address, size_t *size);
void machine_set_code(Machine *m, const uint8_t *address, const uint8_t *code, size_t size);
void machine_set_slot(Machine *m, const uint8_t *address, const uint8_t *slot, const uint8_t *value);

/* Everything there is, one after another: the address, or the word's address and slot, and what is there; 0 past the
 * end. `*at` starts as 0. */
int machine_next_account(Machine *m, size_t *at, uint8_t *address);
const uint8_t *machine_next_slot(Machine *m, size_t *at, uint8_t *address, uint8_t *slot);

/* Undo. Marks nest: going back to one forgets it and those set after it. */
size_t machine_mark(Machine *m);
void machine_back(Machine *m, size_t mark);

/* Tapes: what a sequence of transactions did, so that the same sequence on other code can be compared with it.
 *
 * An outcome is a hash over all that can be seen of a transaction but its gas: how it ended, its output, its logs, and
 * how far words, balances and codes are from where they were when the tape began. The state of two machines may differ
 * there already; what counts is what changed since. */
void machine_tape(Machine *m); /* a tape begins */
uint64_t machine_outcome(const Machine *m, int status);
uint64_t machine_digest(const Machine *m); /* of words and balances, whatever code there is */

/* Plays a tape from here on until a transaction's outcome is not the one written down; how far it came, which is `size`
 * when there was no difference. Numbers in it are little-endian, and it holds
 *   'b' number (8) time (8) prevrandao (32)
 *   'm' for a mark, 'u' mark (8) for going back to one
 *   'e' address (20) balance (32)
 *   'c' static (1) from (20) to (20) value (32) size (4) data, outcome (8) */
size_t machine_play(Machine *m, const uint8_t *tape, size_t size);
