/* What the loop and the instructions that leave it share: a frame's memory, and gas that is known only at run time. */
#ifndef EVMSTORM_FRAME_H
#define EVMSTORM_FRAME_H

#include "machine.h"

enum { WARM = 100, COLD_ACCOUNT = 2600, COLD_SLOT = 2100, STIPEND = 2300, COPY_WORD = 3, HASH_WORD = 6 };

typedef struct {
    Buffer *buffer;
    uint8_t *bytes;
    uint64_t size; /* a multiple of 32 */
} Memory;

static inline uint64_t words(uint64_t size) { return (size + 31) / 32; }

/* Make memory reach `offset` + `size` and pay for it. */
static inline bool reach(Memory *memory, const u256 *offset, const u256 *size, int64_t *gas) {
    if (u256_is_zero(size)) return true;
    if (!u256_small(size) || !u256_small(offset) || (size->w[0] | offset->w[0]) > UINT32_MAX) return false;
    uint64_t end = offset->w[0] + size->w[0];
    if (end <= memory->size) return true;
    uint64_t old = memory->size / 32, new = words(end);
    *gas -= (int64_t)(3 * new + new * new / 512 - 3 * old - old * old / 512);
    if (*gas < 0) return false;
    memory->bytes = buffer_reserve(memory->buffer, 32 * new);
    memset(memory->bytes + memory->size, 0, 32 * new - memory->size);
    memory->size = 32 * new;
    return true;
}

static inline bool pay_account(Machine *m, Account *account, int64_t *gas) {
    *gas -= precompile_number(m, account->address) || state_warm_account(&m->state, account) ? WARM : COLD_ACCOUNT;
    return *gas >= 0;
}

/* Instructions that enter other code, or end this. `s` is the top of the stack; an answer goes where the lowest word
 * was. They return why the frame halts, or NULL; then `child` is the frame to run, or NULL when it is over already. */
const char *do_call(Machine *m, Frame *f, uint8_t op, u256 *s, Memory *memory, int64_t *gas, Frame **child);
const char *do_create(Machine *m, Frame *f, bool salted, u256 *s, Memory *memory, int64_t *gas, Frame **child);
const char *do_destroy(Machine *m, Frame *f, const u256 *heir, int64_t *gas);

/* What the caller gets of a callee that has ended: gas, the word at `answer`, and output in memory. */
void resume(Machine *m, const Frame *child, Outcome outcome, u256 *answer, Memory *memory, int64_t *gas);

#endif
