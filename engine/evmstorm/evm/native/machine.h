/* The machine: state, block, the frames of the running transaction, and what it left behind. */
#ifndef EVMSTORM_MACHINE_H
#define EVMSTORM_MACHINE_H

#include "state.h"

#include "api.h"

enum { MAX_DEPTH = 1024, MAX_STACK = 1024, MEMOS = 2048, PRECOMPILES = 10 };
enum { MAX_INIT = 49152, INIT_WORD = 2 }; /* EIP-3860 */

typedef enum { DONE, REVERTED, HALTED } Outcome;

typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
} Buffer;

typedef struct {
    Account *emitter;
    u256 topics[4];
    int count;
    size_t from, size; /* of its data in `log_data` */
} Log;

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
    bool is_static;
} Frame;

typedef struct {
    u256 in[2];
    u256 out;
} Memo;

typedef struct {
    u256 *stack;
    Buffer memory;
} Workspace;

struct Machine {
    State state;
    uint64_t chain_id, gas_limit, number, time;
    u256 prevrandao;
    uint8_t origin[20];
    Precompile precompile;
    Workspace workspaces[MAX_DEPTH + 1];
    Buffer output; /* of the last call that ended */
    Log *logs;
    size_t log_count, log_capacity;
    Buffer log_data;
    int64_t refund;
    const char *halt; /* why the last frame that halted did so */
    Result result;
    Memo memos[MEMOS];
};

uint8_t *buffer_reserve(Buffer *b, size_t size);
void buffer_set(Buffer *b, const uint8_t *bytes, size_t size);

u256 address_word(const uint8_t address[20]);
void word_address(const u256 *word, uint8_t address[20]);

/* Run `frame`, whose code is there, from its first instruction; its output is then in `m->output`. */
Outcome interpreter_run(Machine *m, Frame *frame);

/* Move the frame's value, if any is to move, and run its code; all is undone unless it is done. */
Outcome enter_call(Machine *m, Frame *frame, const uint8_t code_address[20], bool moves_value);

/* Create a contract out of `init`. `salt` is NULL for CREATE. DONE leaves its address, and no output. */
Outcome enter_create(Machine *m, Frame *parent, const u256 *value, const uint8_t *init, size_t size, const u256 *salt,
                     int64_t *gas, uint8_t address[20]);

u256 machine_hash(Machine *m, const uint8_t *bytes, size_t size);
u256 hash_of_block(uint64_t number);
void machine_log_add(Machine *m, Account *emitter, const u256 *topics, int count, const uint8_t *data, size_t size);
bool is_precompile(const uint8_t address[20]);

#endif
