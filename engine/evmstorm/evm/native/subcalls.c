/* The instructions that enter other code, or end a contract. */
#include "frame.h"
#include "opcodes.h"

enum { CALL_VALUE = 9000, NEW_ACCOUNT = 25000 };

void resume(Machine *m, const Frame *child, Outcome outcome, u256 *answer, Memory *memory, int64_t *gas) {
    *gas += child->gas;
    *answer = u256_from(outcome == DONE);
    if (child->creates) {
        if (outcome == DONE) *answer = address_word(child->self->address);
        return;
    }
    size_t copied = m->output.size < child->out_size ? m->output.size : child->out_size;
    if (copied) memcpy(memory->bytes + child->out, m->output.bytes, copied);
}

const char *do_call(Machine *m, Frame *f, uint8_t op, u256 *s, Memory *memory, int64_t *gas, Frame **child) {
    bool has_value = op == OP_CALL || op == OP_CALLCODE;
    const u256 *asked = s, *in = s - 2 - has_value, *in_size = in - 1, *out = in - 2, *out_size = in - 3;
    u256 zero = u256_from(0), value = has_value ? s[-2] : zero;
    u256 *answer = s - 5 - has_value;
    bool pays = !u256_is_zero(&value);
    *child = NULL;
    if (op == OP_CALL && pays && f->is_static) return "CallNotAllowedInsideStatic";
    uint8_t address[20];
    word_address(&s[-1], address);
    if (!reach(memory, in, in_size, gas) || !reach(memory, out, out_size, gas)) return "OutOfGas";
    Account *target = state_account(&m->state, address);
    if (!pay_account(m, target, gas)) return "OutOfGas";
    Account *delegate = delegate_of(m, target->code);
    if (delegate && !pay_account(m, delegate, gas)) return "OutOfGas";
    if (pays) *gas -= CALL_VALUE;
    if (op == OP_CALL && pays && state_is_empty(target)) *gas -= NEW_ACCOUNT;
    if (*gas < 0) return "OutOfGas";
    int64_t passed = *gas - *gas / 64;
    if (u256_small(asked) && asked->w[0] < (uint64_t)passed) passed = (int64_t)asked->w[0];
    *gas -= passed;
    if (pays) passed += STIPEND;
    m->output.size = 0;
    if (f->depth == MAX_DEPTH || (pays && u256_lt(&f->self->balance, &value))) {
        *gas += passed;
        *answer = zero;
        return NULL;
    }
    Frame *callee = f + 1;
    callee->self = op == OP_CALL || op == OP_STATICCALL ? target : f->self;
    callee->value = op == OP_DELEGATECALL ? f->value : value;
    callee->input = u256_is_zero(in_size) ? NULL : memory->bytes + in->w[0];
    callee->input_size = in_size->w[0];
    callee->gas = passed;
    callee->depth = f->depth + 1;
    callee->is_static = f->is_static || op == OP_STATICCALL;
    callee->out = out->w[0];
    callee->out_size = out_size->w[0];
    memcpy(callee->caller, op == OP_DELEGATECALL ? f->caller : f->self->address, 20);
    Outcome outcome;
    if (frame_call(m, callee, target, delegate, op == OP_CALL, &outcome)) *child = callee;
    else resume(m, callee, outcome, answer, memory, gas);
    return NULL;
}

const char *do_create(Machine *m, Frame *f, bool salted, u256 *s, Memory *memory, int64_t *gas, Frame **child) {
    *child = NULL;
    if (f->is_static) return "StateChangeDuringStaticCall";
    u256 *answer = s - 2 - salted;
    if (!reach(memory, &s[-1], &s[-2], gas)) return "OutOfGas";
    uint64_t size = s[-2].w[0];
    if (size > MAX_INIT) return "CreateInitCodeSizeLimit";
    *gas -= (int64_t)(words(size) * (INIT_WORD + (salted ? HASH_WORD : 0)));
    if (*gas < 0) return "OutOfGas";
    u256 value = s[0], salt = salted ? s[-3] : u256_from(0);
    const uint8_t *init = size ? memory->bytes + s[-1].w[0] : NULL;
    m->output.size = 0;
    *answer = u256_from(0);
    if (f->depth == MAX_DEPTH || u256_lt(&f->self->balance, &value) || f->self->nonce == UINT64_MAX) return NULL;
    Frame *made = f + 1;
    made->value = value;
    made->gas = *gas - *gas / 64;
    made->depth = f->depth + 1;
    *gas -= made->gas;
    Outcome outcome;
    if (frame_create(m, made, f->self, init, size, salted ? &salt : NULL, &outcome)) *child = made;
    else resume(m, made, outcome, answer, memory, gas);
    return NULL;
}

const char *do_destroy(Machine *m, Frame *f, const u256 *heir_word, int64_t *gas) {
    if (f->is_static) return "StateChangeDuringStaticCall";
    uint8_t address[20];
    word_address(heir_word, address);
    Account *heir = state_account(&m->state, address), *self = f->self;
    if (!precompile_number(m, address) && !state_warm_account(&m->state, heir)) *gas -= COLD_ACCOUNT;
    if (!u256_is_zero(&self->balance) && state_is_empty(heir)) *gas -= NEW_ACCOUNT;
    if (*gas < 0) return "OutOfGas";
    u256 zero = u256_from(0), sum = u256_add(&heir->balance, &self->balance);
    bool fresh = self->created_in == m->state.transaction; /* EIP-6780 */
    if (heir != self) state_set_balance(&m->state, heir, &sum);
    if (heir != self || fresh) state_set_balance(&m->state, self, &zero);
    if (fresh) state_set_destructed(&m->state, self);
    return NULL;
}
