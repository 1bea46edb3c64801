#include "machine.h"

static uint64_t add(uint64_t hash, uint64_t word) {
    hash = (hash ^ word * GOLDEN) * GOLDEN;
    return hash ^ hash >> 29;
}

static uint64_t add_bytes(uint64_t hash, const uint8_t *bytes, size_t size) {
    hash = add(hash, size);
    for (uint64_t word; size; bytes += sizeof word) {
        size_t taken = size < sizeof word ? size : sizeof word;
        word = 0;
        memcpy(&word, bytes, taken);
        hash = add(hash, word);
        size -= taken;
    }
    return hash;
}

static uint64_t digests(const Machine *m) { return m->state.digest + m->state.code_digest; }

uint64_t machine_digest(const Machine *m) { return m->state.digest; }

void machine_tape(Machine *m) { m->since = digests(m); }

uint64_t machine_outcome(const Machine *m, int status) {
    const Result *result = &m->result;
    uint64_t hash = add(digests(m) - m->since, (uint64_t)status);
    if (result->halt) return add_bytes(hash, (const uint8_t *)result->halt, strlen(result->halt));
    hash = add_bytes(hash, result->output, result->size);
    for (size_t i = 0; i < result->logs; i++) {
        const Log *log = &m->logs[i];
        hash = add_bytes(hash, log->emitter, sizeof log->emitter);
        hash = add_bytes(hash, (const uint8_t *)log->topics, (size_t)log->count * sizeof *log->topics);
        hash = add_bytes(hash, m->log_data.bytes + log->from, log->size);
    }
    return hash;
}

static uint64_t number(const uint8_t *bytes, size_t size) {
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

enum { ADDRESS = 20, WORD = 32, NUMBER = 8, LENGTH = 4 };

size_t machine_play(Machine *m, const uint8_t *tape, size_t size) {
    machine_tape(m);
    const uint8_t *at = tape, *end = tape + size;
    while (at < end) {
        const uint8_t *step = at++;
        switch (*step) {
        case 'b':
            machine_block(m, number(at, NUMBER), number(at + NUMBER, NUMBER), at + 2 * NUMBER);
            at += 2 * NUMBER + WORD;
            break;
        case 'm': machine_mark(m); break;
        case 'u':
            machine_back(m, number(at, NUMBER));
            at += NUMBER;
            break;
        case 'e':
            machine_set_balance(m, at, at + ADDRESS);
            at += ADDRESS + WORD;
            break;
        case 'c': {
            const uint8_t *from = at + 1, *to = from + ADDRESS, *value = to + ADDRESS, *data = value + WORD + LENGTH;
            size_t data_size = number(value + WORD, LENGTH);
            int status = machine_call(m, from, to, data, data_size, value, *at);
            at = data + data_size + NUMBER;
            if (machine_outcome(m, status) != number(at - NUMBER, NUMBER)) return (size_t)(step - tape);
            break;
        }
        default: return (size_t)(step - tape);
        }
    }
    return size;
}
