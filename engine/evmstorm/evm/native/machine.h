/* The machine: state, block, the frames of the running transaction, and what it left behind. */
#ifndef EVMSTORM_MACHINE_H
#define EVMSTORM_MACHINE_H

#include "state.h"

#include "api.h"

enum { MAX_DEPTH = 1024, MAX_STACK = 1024, MEMOS = 2048, SIGNERS = 1024 };
enum { MAX_INIT = 49152, INIT_WORD = 2 }; /* EIP-3860 */

typedef enum { DONE, REVERTED, HALTED } Outcome;

typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
} Buffer;

typedef struct {
    uint8_t emitter[20];
    u256 topics[4];
    int count;
    size_t from, size; /* of its data in `log_data` */
} Log;

/* Where everything stood that a frame undoes when it fails. */
typedef struct {
    size_t journal, logs, log_data;
    int64_t refund;
} Start;

/* One call or creation under way. */
typedef struct {
    Account *self; /* whose storage and balance */
    uint8_t caller[20];
    u256 value;
    Code *code;
    const uint8_t *input;
    size_t input_size;
    int64_t gas; /* left */
    int depth;
    bool is_static, creates;
    Start start;
    Code init;             /* of a creation: what runs */
    size_t out, out_size;  /* of a call: where in its caller's memory the answer goes */
    const Instruction *ip; /* of one that waits for its callee: where it goes on, and with what */
    u256 *top;
    uint64_t memory_size;
} Frame;

typedef struct {
    u256 in[2];
    u256 out;
} Memo;

/* Who signed: the input of a recovery, and what came of it. */
typedef struct {
    u256 in[4];
    u256 signer; /* zero for nobody */
    bool used;
} Signer;

typedef struct {
    u256 *stack;
    Buffer memory;
} Workspace;

struct Machine {
    State state;
    const Rules *rules;
    uint64_t chain_id, gas_limit, number, time;
    u256 prevrandao, base_fee, blob_base_fee;
    uint8_t coinbase[20];
    uint8_t origin[20];
    u256 gas_price;
    const uint8_t *blob_hashes;
    size_t blob_hash_count;
    Account *history; /* EIP-2935's contract, where a machine keeps it */
    Precompile precompile;
    Remote remote;
    Secp256k1 secp256k1;
    Frame frames[MAX_DEPTH + 1];
    Workspace workspaces[MAX_DEPTH + 1];
    Buffer output; /* of the last call that ended */
    Log *logs;
    size_t log_count, log_capacity;
    Buffer log_data;
    int64_t refund;
    const char *halt; /* why the last frame that halted did so */
    bool traced, counts; /* what runs is counted; just now */
    Result result;
    uint64_t since; /* the state's digests when a tape began */
    Memo memos[MEMOS];
    Signer signers[SIGNERS];
};

uint8_t *buffer_reserve(Buffer *b, size_t size);
void buffer_set(Buffer *b, const uint8_t *bytes, size_t size);

u256 address_word(const uint8_t address[20]);
void word_address(const u256 *word, uint8_t address[20]);

/* Run the frame at `first` of the machine's frames, and what it calls, to its end; its output is then in `m->output`.
 * The C stack does not grow with the depth of calls. */
Outcome interpreter_run(Machine *m, Frame *first);

/* A frame's beginning: its start is noted, its value moved. True when there is code to run; else it is over already,
 * and `outcome` says how. `source` is whose code runs, or whose delegate's. */
bool frame_call(Machine *m, Frame *f, const Account *source, const Account *delegate, bool moves_value, Outcome *outcome);
bool frame_create(Machine *m, Frame *f, Account *creator, const uint8_t *init, size_t size, const u256 *salt,
                  Outcome *outcome);

/* Its end: a creation puts its code where it belongs, and all is undone unless it is done. */
Outcome frame_end(Machine *m, Frame *f, Outcome outcome);

u256 machine_hash(Machine *m, const uint8_t *bytes, size_t size);
u256 hash_of_block(uint64_t number);
u256 history_word(const Machine *m, const u256 *slot); /* of EIP-2935's contract */
void machine_log_add(Machine *m, const Account *emitter, const u256 *topics, int count, const uint8_t *data, size_t size);

/* The number of the precompile at an address; 0 for none. */
unsigned precompile_number(const Machine *m, const uint8_t address[20]);
Outcome precompile_run(Machine *m, Frame *f, unsigned number);

/* The account that `code` borrows its code of (EIP-7702); NULL when it is code itself. */
Account *delegate_of(Machine *m, const Code *code);

#endif
