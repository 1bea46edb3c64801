/* Square and multiply over 64-bit limbs, least significant first. An odd modulus is reduced by Montgomery's method, any
 * other by division (Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D). */
#include "power.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef uint64_t limb;

static limb *limbs(size_t n) {
    limb *made = calloc(n ? n : 1, sizeof *made);
    if (!made) abort();
    return made;
}

static void load(limb *to, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) to[i / 8] |= (limb)bytes[size - 1 - i] << (8 * (i % 8));
}

static size_t length(const limb *a, size_t n) {
    while (n && !a[n - 1]) n--;
    return n;
}

/* Leave in `u` (n limbs and one more for the shift, which is destroyed) its remainder by `v` of m limbs, the highest of
 * which is not zero. `w` is room for m limbs. */
static void remainder_of(limb *u, size_t n, const limb *v, size_t m, limb *w) {
    int shift = __builtin_clzll(v[m - 1]);
    for (size_t i = m; i-- > 0;) w[i] = shift ? v[i] << shift | (i ? v[i - 1] >> (64 - shift) : 0) : v[i];
    u[n] = shift ? u[n - 1] >> (64 - shift) : 0;
    for (size_t i = n; shift && i-- > 0;) u[i] = u[i] << shift | (i ? u[i - 1] >> (64 - shift) : 0);
    for (size_t j = n - m + 1; j-- > 0;) {
        u128 top = (u128)u[j + m] << 64 | u[j + m - 1];
        u128 guess = u[j + m] >= w[m - 1] ? UINT64_MAX : top / w[m - 1];
        u128 rest = top - guess * w[m - 1];
        while (m > 1 && !(rest >> 64) && guess * w[m - 2] > (rest << 64 | u[j + m - 2])) {
            guess--;
            rest += w[m - 1];
        }
        u128 carry = 0;
        limb borrow = 0;
        for (size_t i = 0; i < m; i++) {
            carry += guess * w[i];
            u128 d = (u128)u[i + j] - (limb)carry - borrow;
            u[i + j] = (limb)d;
            borrow = (limb)(d >> 64) & 1;
            carry >>= 64;
        }
        u128 d = (u128)u[j + m] - (limb)carry - borrow;
        u[j + m] = (limb)d;
        if ((limb)(d >> 64) & 1) { /* one too many: add the divisor back */
            u128 sum = 0;
            for (size_t i = 0; i < m; i++) {
                sum += (u128)u[i + j] + w[i];
                u[i + j] = (limb)sum;
                sum >>= 64;
            }
            u[j + m] += (limb)sum;
        }
    }
    for (size_t i = 0; shift && i < m; i++) u[i] = u[i] >> shift | u[i + 1] << (64 - shift);
}

typedef struct {
    const limb *modulus;
    size_t m;
    limb inverse; /* minus the inverse of the lowest limb, for an odd modulus */
    limb *wide;   /* room for 2 m + 2 limbs */
    limb *spare;  /* room for m limbs */
} Ring;

static void product(Ring *r, limb *out, const limb *a, const limb *b) {
    size_t m = r->m;
    limb *t = r->wide;
    memset(t, 0, (2 * m + 2) * sizeof *t);
    for (size_t i = 0; i < m; i++) {
        u128 carry = 0;
        for (size_t j = 0; a[i] && j < m; j++) {
            carry += (u128)a[i] * b[j] + t[i + j];
            t[i + j] = (limb)carry;
            carry >>= 64;
        }
        t[i + m] = (limb)carry;
    }
    if (!r->inverse) {
        remainder_of(t, 2 * m, r->modulus, m, r->spare);
        memcpy(out, t, m * sizeof *t);
        return;
    }
    for (size_t i = 0; i < m; i++) {
        limb q = t[i] * r->inverse;
        u128 carry = 0;
        for (size_t j = 0; j < m; j++) {
            carry += (u128)q * r->modulus[j] + t[i + j];
            t[i + j] = (limb)carry;
            carry >>= 64;
        }
        for (size_t j = i + m; carry; j++) {
            carry += t[j];
            t[j] = (limb)carry;
            carry >>= 64;
        }
    }
    limb *high = t + m, borrow = 0;
    for (size_t i = 0; i < m; i++) {
        u128 d = (u128)high[i] - r->modulus[i] - borrow;
        out[i] = (limb)d;
        borrow = (limb)(d >> 64) & 1;
    }
    if (borrow > high[m]) memcpy(out, high, m * sizeof *out);
}

static limb minus_inverse(limb odd) {
    limb x = odd; /* right in its three lowest bits; each turn doubles them */
    for (int i = 0; i < 5; i++) x *= 2 - odd * x;
    return -x;
}

/* a modulo the ring's modulus, for Montgomery's form times 2^(64 m): out of `n` limbs, of which the result has m. */
static void enter(Ring *r, limb *out, const limb *a, size_t n) {
    size_t up = r->inverse ? r->m : 0, total = n + up;
    if (total < r->m) total = r->m;
    limb *u = limbs(total + 1);
    memcpy(u + up, a, n * sizeof *a);
    remainder_of(u, total, r->modulus, r->m, r->spare);
    memcpy(out, u, r->m * sizeof *out);
    free(u);
}

static void store(const limb *from, size_t m, uint8_t *out, size_t size) {
    for (size_t i = 0; i < size; i++) out[size - 1 - i] = i / 8 < m ? (uint8_t)(from[i / 8] >> (8 * (i % 8))) : 0;
}

void power_modulo(const uint8_t *base, size_t base_size, const uint8_t *exponent, size_t exponent_size,
                  const uint8_t *modulus, size_t modulus_size, uint8_t *out) {
    size_t n = (base_size + 7) / 8, m = (modulus_size + 7) / 8;
    limb *mod = limbs(m);
    load(mod, modulus, modulus_size);
    m = length(mod, m);
    if (m == 0) {
        store(mod, m, out, modulus_size);
        free(mod);
        return;
    }
    limb *number = limbs(n), *power = limbs(m), *result = limbs(m), one = 1;
    load(number, base, base_size);
    Ring ring = {mod, m, mod[0] & 1 ? minus_inverse(mod[0]) : 0, limbs(2 * m + 2), limbs(m)};
    enter(&ring, power, number, n);
    enter(&ring, result, &one, 1);
    bool begun = false;
    for (size_t i = 0; i < exponent_size; i++) {
        for (int bit = 7; bit >= 0; bit--) {
            if (begun) product(&ring, result, result, result);
            if (!(exponent[i] >> bit & 1)) continue;
            product(&ring, result, result, power);
            begun = true;
        }
    }
    if (ring.inverse) { /* out of Montgomery's form: times one */
        limb *unit = limbs(m);
        unit[0] = 1;
        product(&ring, result, result, unit);
        free(unit);
    }
    store(result, m, out, modulus_size);
    free(mod);
    free(number);
    free(power);
    free(result);
    free(ring.wide);
    free(ring.spare);
}
