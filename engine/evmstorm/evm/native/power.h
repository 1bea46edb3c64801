/* Modular exponentiation of numbers of any size. */
#ifndef EVMSTORM_POWER_H
#define EVMSTORM_POWER_H

#include <stddef.h>
#include <stdint.h>

/* base ^ exponent modulo `modulus`, all big-endian; `out` takes as many bytes as the modulus has. Zero modulo zero. */
void power_modulo(const uint8_t *base, size_t base_size, const uint8_t *exponent, size_t exponent_size,
                  const uint8_t *modulus, size_t modulus_size, uint8_t *out);

#endif
