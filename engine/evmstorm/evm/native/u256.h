/* 256-bit words as four 64-bit limbs, least significant first. All arithmetic is modulo 2^256, as the EVM's is. */
#ifndef EVMSTORM_U256_H
#define EVMSTORM_U256_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef unsigned __int128 u128;

static const uint64_t GOLDEN = 0x9e3779b97f4a7c15; /* 2^64 divided by the golden ratio: spreads what is alike */

typedef struct {
    uint64_t w[4];
} u256;

static inline u256 u256_from(uint64_t low) { return (u256){{low, 0, 0, 0}}; }

static inline bool u256_is_zero(const u256 *a) { return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0; }

static inline bool u256_eq(const u256 *a, const u256 *b) {
    return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) | (a->w[3] ^ b->w[3])) == 0;
}

/* Whether the value fits into 64 bits. */
static inline bool u256_small(const u256 *a) { return (a->w[1] | a->w[2] | a->w[3]) == 0; }

static inline bool u256_negative(const u256 *a) { return a->w[3] >> 63; }

static inline u256 u256_add(const u256 *a, const u256 *b) {
    u256 r;
    u128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (u128)a->w[i] + b->w[i];
        r.w[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return r;
}

static inline u256 u256_sub(const u256 *a, const u256 *b) {
    u256 r;
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        u128 d = (u128)a->w[i] - b->w[i] - borrow;
        r.w[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
    return r;
}

static inline bool u256_lt(const u256 *a, const u256 *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) borrow = (uint64_t)(((u128)a->w[i] - b->w[i] - borrow) >> 64) & 1;
    return borrow;
}

static inline bool u256_slt(const u256 *a, const u256 *b) {
    if (u256_negative(a) != u256_negative(b)) return u256_negative(a);
    return u256_lt(a, b);
}

static inline u256 u256_neg(const u256 *a) {
    u256 zero = u256_from(0);
    return u256_sub(&zero, a);
}

static inline u256 u256_mul(const u256 *a, const u256 *b) {
    uint64_t r[4] = {0};
    for (int i = 0; i < 4; i++) {
        if (!a->w[i]) continue;
        u128 carry = 0;
        for (int j = 0; i + j < 4; j++) {
            carry += (u128)a->w[i] * b->w[j] + r[i + j];
            r[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    return (u256){{r[0], r[1], r[2], r[3]}};
}

static inline u256 u256_shl(const u256 *a, unsigned n) { /* n < 256 */
    u256 r;
    unsigned limbs = n / 64, bits = n % 64;
    for (int i = 3; i >= 0; i--) {
        int from = i - (int)limbs;
        uint64_t high = from >= 0 ? a->w[from] : 0;
        uint64_t low = from >= 1 ? a->w[from - 1] : 0;
        r.w[i] = bits ? high << bits | low >> (64 - bits) : high;
    }
    return r;
}

static inline u256 u256_shr(const u256 *a, unsigned n) { /* n < 256 */
    u256 r;
    unsigned limbs = n / 64, bits = n % 64;
    for (unsigned i = 0; i < 4; i++) {
        unsigned from = i + limbs;
        uint64_t low = from < 4 ? a->w[from] : 0;
        uint64_t high = from + 1 < 4 ? a->w[from + 1] : 0;
        r.w[i] = bits ? low >> bits | high << (64 - bits) : low;
    }
    return r;
}

static inline u256 u256_load(const uint8_t *bytes) { /* 32 bytes, big-endian */
    u256 r;
    for (int i = 0; i < 4; i++) {
        uint64_t limb;
        memcpy(&limb, bytes + 8 * (3 - i), 8);
        r.w[i] = __builtin_bswap64(limb);
    }
    return r;
}

static inline void u256_store(uint8_t *bytes, const u256 *a) {
    for (int i = 0; i < 4; i++) {
        uint64_t limb = __builtin_bswap64(a->w[i]);
        memcpy(bytes + 8 * (3 - i), &limb, 8);
    }
}

/* Quotient and remainder; both zero for a zero divisor, as the EVM has it. Either pointer may be NULL. */
void u256_divmod(const u256 *a, const u256 *b, u256 *quotient, u256 *remainder);
u256 u256_sdiv(const u256 *a, const u256 *b);
u256 u256_smod(const u256 *a, const u256 *b);
u256 u256_addmod(const u256 *a, const u256 *b, const u256 *m);
u256 u256_mulmod(const u256 *a, const u256 *b, const u256 *m);
u256 u256_exp(const u256 *base, const u256 *exponent);
u256 u256_sar(const u256 *a, const u256 *shift);
u256 u256_signextend(const u256 *byte, const u256 *a);

#endif
