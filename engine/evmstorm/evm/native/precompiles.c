/* The precompiled contracts. Pairings and the like are asked of Python; who needs them calls them rarely. */
#include "frame.h"

#include <stdlib.h>

#include "hashes.h"
#include "keccak.h"
#include "power.h"

enum {
    RECOVER = 1, SHA256, RIPEMD, IDENTITY, POWER, BLAKE = 9,
    RECOVER_GAS = 3000, RECOVER_INPUT = 128, SHA_GAS = 60, SHA_GAS_WORD = 12, RIPEMD_GAS = 600, RIPEMD_GAS_WORD = 120,
    IDENTITY_GAS = 15, IDENTITY_GAS_WORD = 3, BLAKE_INPUT = 213, ASKED_OUTPUT = 1024,
    P256_HIGH = 1, /* the last byte but one of its address, 0x100 */
    PUBLIC_KEY = 64, UNCOMPRESSED = 2, V_LOWEST = 27,
};

unsigned precompile_number(const Machine *m, const uint8_t address[20]) {
    static const uint8_t zeros[18];
    if (memcmp(address, zeros, 18) != 0) return 0;
    unsigned number = (unsigned)address[18] << 8 | address[19];
    if (number == P256_HIGH << 8) return m->rules->p256 ? number : 0;
    return number <= m->rules->precompiles ? number : 0;
}

/* `size` bytes of the input from `at` on; past its end there are zeros. */
static void read_input(const Frame *f, size_t at, uint8_t *to, size_t size) {
    size_t there = at < f->input_size ? f->input_size - at : 0;
    if (there > size) there = size;
    if (there) memcpy(to, f->input + at, there);
    memset(to + there, 0, size - there);
}

static bool pay(Frame *f, uint64_t gas) {
    if (gas > (uint64_t)f->gas) return false;
    f->gas -= (int64_t)gas;
    return true;
}

static uint8_t *answer(Machine *m, size_t size) {
    buffer_reserve(&m->output, size);
    m->output.size = size;
    return m->output.bytes;
}

static u256 signer_of(const Secp256k1 *curve, const uint8_t in[RECOVER_INPUT]) {
    uint8_t signature[65], key[PUBLIC_KEY], text[PUBLIC_KEY + 1], hash[32];
    size_t size = sizeof text;
    u256 v = u256_load(in + 32);
    if (!u256_small(&v) || v.w[0] < V_LOWEST || v.w[0] > V_LOWEST + 1) return u256_from(0);
    if (!curve->parse(curve->context, signature, in + 64, (int)v.w[0] - V_LOWEST)) return u256_from(0);
    if (!curve->recover(curve->context, key, signature, in)) return u256_from(0);
    curve->serialize(curve->context, text, &size, key, UNCOMPRESSED);
    keccak256(text + 1, PUBLIC_KEY, hash);
    return address_word(hash + 12);
}

/* A search shows the same few signatures again and again: remembered, they cost a comparison. No output, and no failure,
 * for what is no signature. */
static void recover(Machine *m, const Frame *f) {
    uint8_t in[RECOVER_INPUT];
    u256 words_in[4];
    read_input(f, 0, in, sizeof in);
    memcpy(words_in, in, sizeof in);
    uint64_t mixed = 0;
    for (int i = 0; i < 16; i++) {
        mixed = (mixed ^ words_in[i / 4].w[i % 4]) * GOLDEN;
        mixed ^= mixed >> 32;
    }
    Signer *signer = &m->signers[mixed % SIGNERS];
    if (!signer->used || memcmp(signer->in, in, sizeof in) != 0) {
        memcpy(signer->in, in, sizeof in);
        signer->signer = signer_of(&m->secp256k1, in);
        signer->used = true;
    }
    if (!u256_is_zero(&signer->signer)) u256_store(answer(m, 32), &signer->signer);
}

static int bit_length(const uint8_t word[32]) {
    for (int i = 0; i < 32; i++)
        if (word[i]) return 8 * (32 - i) - __builtin_clz(word[i]) + 24;
    return 0;
}

/* Gas of an exponentiation (EIP-2565 and EIP-7883); UINT64_MAX for more than there is. `head` are the exponent's first
 * bytes, at most 32, as a number. */
static uint64_t power_gas(const Rules *rules, uint64_t base, uint64_t exponent, uint64_t modulus, const uint8_t head[32]) {
    uint64_t longest = base > modulus ? base : modulus, limbs = longest / 8 + (longest % 8 != 0);
    int bits = bit_length(head);
    u128 turns = bits ? (u128)(bits - 1) : 0;
    if (exponent > 32) turns += (u128)rules->power_exponent_byte * (exponent - 32);
    if (turns == 0) turns = 1;
    u128 work = (u128)limbs * limbs;
    if (rules->power_floor) work = longest > 32 ? work * rules->power_long_factor : 16;
    if (work >> 62 || turns >> 62) return work ? UINT64_MAX : rules->power_least;
    u128 gas = work * turns / rules->power_divisor;
    if (gas >> 63) return UINT64_MAX;
    return gas < rules->power_least ? rules->power_least : (uint64_t)gas;
}

static bool raise_to_power(Machine *m, Frame *f) {
    uint64_t size[3]; /* of base, exponent and modulus */
    for (int i = 0; i < 3; i++) {
        uint8_t word[32];
        read_input(f, 32 * (size_t)i, word, sizeof word);
        u256 number = u256_load(word);
        size[i] = u256_small(&number) ? number.w[0] : UINT64_MAX;
        if (m->rules->power_size && size[i] > m->rules->power_size) return false;
    }
    uint8_t head[32] = {0};
    size_t first = size[1] < 32 ? size[1] : 32, from = size[0] > f->input_size ? f->input_size : 96 + size[0];
    read_input(f, from, head + 32 - first, first);
    if (!pay(f, power_gas(m->rules, size[0], size[1], size[2], head))) return false;
    if (size[2] == 0) return true; /* no modulus, no output, however long the rest is said to be */
    size_t total = size[0] + size[1] + size[2];
    uint8_t *in = malloc(total);
    if (!in) abort();
    read_input(f, 96, in, total);
    uint8_t *out = answer(m, size[2]);
    power_modulo(in, size[0], in + size[0], size[1], in + size[0] + size[1], size[2], out);
    free(in);
    return true;
}

static bool compress(Machine *m, Frame *f) {
    uint32_t rounds;
    uint64_t h[8], words[16], t[2];
    if (f->input_size != BLAKE_INPUT || f->input[BLAKE_INPUT - 1] > 1) return false;
    memcpy(&rounds, f->input, 4);
    rounds = __builtin_bswap32(rounds);
    if (!pay(f, rounds)) return false;
    memcpy(h, f->input + 4, 64);
    memcpy(words, f->input + 68, 128);
    memcpy(t, f->input + 196, 16);
    blake2b_compress(rounds, h, words, t, f->input[BLAKE_INPUT - 1]);
    memcpy(answer(m, 64), h, 64);
    return true;
}

static bool ask(Machine *m, Frame *f, unsigned number) {
    size_t size = 0;
    uint64_t used = 0;
    uint8_t *out = buffer_reserve(&m->output, ASKED_OUTPUT);
    if (!m->precompile(number, f->input, f->input_size, (uint64_t)f->gas, out, ASKED_OUTPUT, &size, &used)) return false;
    m->output.size = size;
    return pay(f, used);
}

static bool run(Machine *m, Frame *f, unsigned number) {
    uint64_t n = words(f->input_size);
    switch (number) {
    case RECOVER:
        if (!m->secp256k1.recover) return ask(m, f, number);
        if (!pay(f, RECOVER_GAS)) return false;
        recover(m, f);
        return true;
    case SHA256:
        if (!pay(f, SHA_GAS + SHA_GAS_WORD * n)) return false;
        sha256(f->input, f->input_size, answer(m, 32));
        return true;
    case RIPEMD:
        if (!pay(f, RIPEMD_GAS + RIPEMD_GAS_WORD * n)) return false;
        memset(answer(m, 32), 0, 12);
        ripemd160(f->input, f->input_size, m->output.bytes + 12);
        return true;
    case IDENTITY:
        if (!pay(f, IDENTITY_GAS + IDENTITY_GAS_WORD * n)) return false;
        buffer_set(&m->output, f->input, f->input_size);
        return true;
    case POWER: return raise_to_power(m, f);
    case BLAKE: return compress(m, f);
    default: return ask(m, f, number);
    }
}

Outcome precompile_run(Machine *m, Frame *f, unsigned number) {
    m->output.size = 0;
    if (run(m, f, number)) return DONE;
    m->output.size = 0;
    m->halt = "PrecompileError";
    f->gas = 0;
    return HALTED;
}
