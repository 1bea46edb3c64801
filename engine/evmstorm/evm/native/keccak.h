#ifndef EVMSTORM_KECCAK_H
#define EVMSTORM_KECCAK_H

#include <stddef.h>
#include <stdint.h>

/* Keccak-256 as Ethereum uses it (padding 0x01). */
void keccak256(const uint8_t *data, size_t size, uint8_t out[32]);

#endif
