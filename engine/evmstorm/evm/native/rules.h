/* What differs between forks, as data. Each fork contains the ones before it. */
#ifndef EVMSTORM_RULES_H
#define EVMSTORM_RULES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *name;
    uint8_t precompiles;       /* those at the addresses from 1 on */
    bool p256;                 /* the precompile at 0x100 (EIP-7951) */
    bool delegates;            /* accounts may borrow code (EIP-7702) */
    uint8_t floor_token;       /* gas that a token of calldata costs at the least (EIP-7623) */
    bool leading_zeros;        /* the instruction CLZ (EIP-7939) */
    uint64_t transaction_gas;  /* at most (EIP-7825); 0: no bound */
    uint16_t power_least;      /* gas of modular exponentiation (EIP-2565, EIP-7883) */
    uint16_t power_size;       /* bytes of each of its numbers at most (EIP-7823); 0: no bound */
    uint8_t power_divisor, power_long_factor, power_exponent_byte;
    bool power_floor;          /* a multiplication of small numbers counts as one of 32 bytes */
} Rules;

/* The rules of a fork by its name; NULL for an unknown one. */
const Rules *rules_named(const char *name);

#endif
