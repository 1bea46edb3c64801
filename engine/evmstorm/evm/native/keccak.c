/* Keccak-f[1600] with rate 1088, after FIPS 202 with the padding of the original submission. */
#include "keccak.h"

#include <string.h>

enum { RATE = 136, LANES = 25 };

static const uint64_t ROUNDS[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* Step rho and pi: the lane that moves to each place, in the order of one walk, and by how much it is turned. */
static const uint8_t TARGET[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
static const uint8_t TURN[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};

static inline uint64_t turned(uint64_t lane, unsigned by) { return lane << by | lane >> (64 - by); }

static void permute(uint64_t a[LANES]) {
    for (int round = 0; round < 24; round++) {
        uint64_t c[5];
        for (int x = 0; x < 5; x++) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t d = c[(x + 4) % 5] ^ turned(c[(x + 1) % 5], 1);
            for (int y = 0; y < LANES; y += 5) a[x + y] ^= d;
        }
        uint64_t moving = a[1];
#pragma GCC unroll 24
        for (int i = 0; i < 24; i++) {
            uint64_t displaced = a[TARGET[i]];
            a[TARGET[i]] = turned(moving, TURN[i]);
            moving = displaced;
        }
        for (int y = 0; y < LANES; y += 5) {
            uint64_t row[5];
            memcpy(row, a + y, sizeof row);
            for (int x = 0; x < 5; x++) a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
        a[0] ^= ROUNDS[round];
    }
}

void keccak256(const uint8_t *data, size_t size, uint8_t out[32]) {
    uint64_t state[LANES] = {0}, block[RATE / 8];
    while (size >= RATE) {
        memcpy(block, data, RATE);
        for (int i = 0; i < RATE / 8; i++) state[i] ^= block[i];
        permute(state);
        data += RATE;
        size -= RATE;
    }
    uint8_t last[RATE] = {0};
    if (size) memcpy(last, data, size);
    last[size] = 1;
    last[RATE - 1] |= 0x80;
    memcpy(block, last, RATE);
    for (int i = 0; i < RATE / 8; i++) state[i] ^= block[i];
    permute(state);
    memcpy(out, state, 32);
}
