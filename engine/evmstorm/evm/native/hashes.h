/* The hashes of the precompiles: SHA-256 (FIPS 180-4), RIPEMD-160, and the compression of BLAKE2b (RFC 7693). */
#ifndef EVMSTORM_HASHES_H
#define EVMSTORM_HASHES_H

#include <stddef.h>
#include <stdint.h>

void sha256(const uint8_t *data, size_t size, uint8_t out[32]);
void ripemd160(const uint8_t *data, size_t size, uint8_t out[20]);
void blake2b_compress(uint32_t rounds, uint64_t h[8], const uint64_t m[16], const uint64_t t[2], int last);

#endif
