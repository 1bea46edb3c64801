/* Code made ready to run: one instruction a place, constants read, jumps resolved, and what a straight run of
 * instructions needs of gas and stack summed up at its start, where it is checked once. */
#ifndef EVMSTORM_PROGRAM_H
#define EVMSTORM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "rules.h"
#include "u256.h"

/* Out of memory aborts: this runs in a worker process, which another one replaces. */
static inline void *or_abort(void *memory) {
    if (!memory) abort();
    return memory;
}

typedef struct Instruction Instruction;

struct Instruction {
    const void *go; /* where the interpreter does it */
    union {
        uint64_t number; /* a small constant; else the place in the code, times 256, and the opcode */
        const u256 *word;
        const Instruction *target; /* NULL: no such place to jump to */
        struct {
            uint32_t gas;
            uint16_t needs; /* words on the stack at the start */
            uint16_t grows; /* words at most above that */
        } block;
    };
};

/* What ran of a program: counts by place in the code. A straight run is counted at its start. */
typedef struct {
    uint32_t *places; /* of instructions, by their index; of a jump made with its constant, the jump's */
    bool *starts;     /* where straight runs start */
    uint64_t *entered;
    uint64_t *jumped; /* how often a conditional jump was taken */
    uint64_t *halted; /* how often a straight run ended early there */
} Trace;

typedef struct {
    Instruction *instructions;
    uint32_t *jumpdests; /* place in the code -> index of an instruction, plus one; 0 is no jump destination */
    u256 *words;
    size_t size;  /* of the code */
    Trace *trace; /* NULL when nobody counts: nothing is slower then */
} Program;

Program *program_make(const uint8_t *code, size_t size, const Rules *rules, bool traced);
void program_free(Program *program);

/* How often each instruction ran, by its place; 0 for constants. */
void program_counts(const Program *program, const uint8_t *code, uint64_t *ran);

/* The places of the interpreter by opcode; the made-up ones take numbers that no fork uses. */
extern const void *const *interpreter_places;
enum { BLOCK = 0x0c, PUSH_SMALL, PUSH_WORD, JUMP_TO, UNKNOWN = 0x21, JUMPI_TO, END, TRACED_BLOCK, TRACED_JUMPI, TRACED_JUMPI_TO };

#endif
