/* Division and what stands on it. Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, over 64-bit limbs. */
#include "u256.h"

enum { MAX_LIMBS = 9 }; /* limbs of a dividend: a product of two words, and one for the shift */

static int length(const uint64_t *a, int n) {
    while (n > 0 && a[n - 1] == 0) n--;
    return n;
}

/* One limb of a quotient: (high, low) / d with high < d. */
static inline uint64_t divide_limb(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest) {
#if defined(__x86_64__)
    uint64_t quotient;
    __asm__("divq %4" : "=a"(quotient), "=d"(*rest) : "a"(low), "d"(high), "r"(d) : "cc");
    return quotient;
#else
    u128 n = (u128)high << 64 | low;
    *rest = (uint64_t)(n % d);
    return (uint64_t)(n / d);
#endif
}

/* a (n limbs) by b (not zero): quotient of n limbs, remainder of four. */
static void divide(const uint64_t *a, int n, const u256 *b, uint64_t *quotient, uint64_t *remainder) {
    memset(quotient, 0, (size_t)n * sizeof *quotient);
    memset(remainder, 0, 4 * sizeof *remainder);
    int m = length(b->w, 4);
    n = length(a, n);
    if (n < m) {
        memcpy(remainder, a, (size_t)n * sizeof *a);
        return;
    }
    if (m == 1) {
        uint64_t rest = 0;
        for (int i = n - 1; i >= 0; i--) quotient[i] = divide_limb(rest, a[i], b->w[0], &rest);
        remainder[0] = rest;
        return;
    }
    int shift = __builtin_clzll(b->w[m - 1]);
    uint64_t u[MAX_LIMBS], v[4];
    for (int i = m - 1; i >= 0; i--)
        v[i] = shift ? b->w[i] << shift | (i ? b->w[i - 1] >> (64 - shift) : 0) : b->w[i];
    u[n] = shift ? a[n - 1] >> (64 - shift) : 0;
    for (int i = n - 1; i >= 0; i--) u[i] = shift ? a[i] << shift | (i ? a[i - 1] >> (64 - shift) : 0) : a[i];
    for (int j = n - m; j >= 0; j--) {
        uint64_t guess, rest;
        bool fits = true; /* whether `rest` is below 2^64, so that the guess may still be too large */
        if (u[j + m] >= v[m - 1]) {
            guess = UINT64_MAX;
            u128 sum = (u128)u[j + m - 1] + v[m - 1];
            rest = (uint64_t)sum;
            fits = sum >> 64 == 0;
        } else {
            guess = divide_limb(u[j + m], u[j + m - 1], v[m - 1], &rest);
        }
        while (fits && (u128)guess * v[m - 2] > ((u128)rest << 64 | u[j + m - 2])) {
            guess--;
            u128 sum = (u128)rest + v[m - 1];
            rest = (uint64_t)sum;
            fits = sum >> 64 == 0;
        }
        u128 carry = 0;
        uint64_t borrow = 0;
        for (int i = 0; i < m; i++) {
            carry += (u128)guess * v[i];
            u128 d = (u128)u[i + j] - (uint64_t)carry - borrow;
            u[i + j] = (uint64_t)d;
            borrow = (uint64_t)(d >> 64) & 1;
            carry >>= 64;
        }
        u128 d = (u128)u[j + m] - (uint64_t)carry - borrow;
        u[j + m] = (uint64_t)d;
        if ((uint64_t)(d >> 64) & 1) { /* one too many: add the divisor back */
            guess--;
            u128 sum = 0;
            for (int i = 0; i < m; i++) {
                sum += (u128)u[i + j] + v[i];
                u[i + j] = (uint64_t)sum;
                sum >>= 64;
            }
            u[j + m] += (uint64_t)sum;
        }
        quotient[j] = guess;
    }
    for (int i = 0; i < m; i++) remainder[i] = shift ? u[i] >> shift | u[i + 1] << (64 - shift) : u[i];
}

void u256_divmod(const u256 *a, const u256 *b, u256 *quotient, u256 *remainder) {
    u256 q = u256_from(0), r = u256_from(0);
    if (!u256_is_zero(b)) {
        if (u256_small(a) && u256_small(b)) {
            q.w[0] = a->w[0] / b->w[0];
            r.w[0] = a->w[0] % b->w[0];
        } else {
            divide(a->w, 4, b, q.w, r.w);
        }
    }
    if (quotient) *quotient = q;
    if (remainder) *remainder = r;
}

static u256 absolute(const u256 *a) { return u256_negative(a) ? u256_neg(a) : *a; }

u256 u256_sdiv(const u256 *a, const u256 *b) {
    u256 x = absolute(a), y = absolute(b), r;
    u256_divmod(&x, &y, &r, NULL);
    return u256_negative(a) != u256_negative(b) ? u256_neg(&r) : r;
}

u256 u256_smod(const u256 *a, const u256 *b) {
    u256 x = absolute(a), y = absolute(b), r;
    u256_divmod(&x, &y, NULL, &r);
    return u256_negative(a) ? u256_neg(&r) : r;
}

static u256 reduce(const uint64_t *wide, int n, const u256 *m) {
    uint64_t quotient[MAX_LIMBS];
    u256 r = u256_from(0);
    if (!u256_is_zero(m)) divide(wide, n, m, quotient, r.w);
    return r;
}

u256 u256_addmod(const u256 *a, const u256 *b, const u256 *m) {
    uint64_t wide[5];
    u128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (u128)a->w[i] + b->w[i];
        wide[i] = (uint64_t)carry;
        carry >>= 64;
    }
    wide[4] = (uint64_t)carry;
    return reduce(wide, 5, m);
}

u256 u256_mulmod(const u256 *a, const u256 *b, const u256 *m) {
    uint64_t wide[8] = {0};
    for (int i = 0; i < 4; i++) {
        u128 carry = 0;
        for (int j = 0; j < 4; j++) {
            carry += (u128)a->w[i] * b->w[j] + wide[i + j];
            wide[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
        wide[i + 4] = (uint64_t)carry;
    }
    return reduce(wide, 8, m);
}

u256 u256_exp(const u256 *base, const u256 *exponent) {
    u256 result = u256_from(1), power = *base;
    int limbs = length(exponent->w, 4);
    for (int i = 0; i < limbs; i++) {
        uint64_t bits = exponent->w[i];
        for (int k = 0; k < 64; k++) {
            if (bits >> k & 1) result = u256_mul(&result, &power);
            if (i == limbs - 1 && bits >> k <= 1) break;
            power = u256_mul(&power, &power);
        }
    }
    return result;
}

u256 u256_sar(const u256 *a, const u256 *shift) {
    bool negative = u256_negative(a);
    if (!u256_small(shift) || shift->w[0] > 255) {
        uint64_t fill = negative ? UINT64_MAX : 0;
        return (u256){{fill, fill, fill, fill}};
    }
    unsigned n = (unsigned)shift->w[0];
    u256 r = u256_shr(a, n);
    if (negative && n) {
        u256 ones = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
        u256 fill = u256_shl(&ones, 256 - n);
        for (int i = 0; i < 4; i++) r.w[i] |= fill.w[i];
    }
    return r;
}

u256 u256_signextend(const u256 *byte, const u256 *a) {
    if (!u256_small(byte) || byte->w[0] > 30) return *a;
    unsigned n = 248 - 8 * (unsigned)byte->w[0];
    u256 high = u256_shl(a, n), shift = u256_from(n);
    return u256_sar(&high, &shift);
}
