#include "rules.h"

#include <stddef.h>
#include <string.h>

static const Rules FORKS[] = {
    {.name = "cancun", .precompiles = 10, .power_least = 200, .power_divisor = 3, .power_long_factor = 1,
     .power_exponent_byte = 8},
    {.name = "prague", .precompiles = 17, .delegates = true, .floor_token = 10, .power_least = 200, .power_divisor = 3,
     .power_long_factor = 1, .power_exponent_byte = 8},
    {.name = "osaka", .precompiles = 17, .p256 = true, .delegates = true, .floor_token = 10, .leading_zeros = true,
     .transaction_gas = 1 << 24, .power_least = 500, .power_size = 1024, .power_divisor = 1, .power_long_factor = 2,
     .power_exponent_byte = 16, .power_floor = true},
};

const Rules *rules_named(const char *name) {
    for (size_t i = 0; i < sizeof FORKS / sizeof *FORKS; i++)
        if (strcmp(FORKS[i].name, name) == 0) return &FORKS[i];
    return NULL;
}
