/* Accounts, storage, and the journal by which any change is undone. */
#ifndef EVMSTORM_STATE_H
#define EVMSTORM_STATE_H

#include <stddef.h>

#include "program.h"
#include "u256.h"

typedef struct Remote Remote; /* api.h */

typedef struct {
    uint8_t hash[32];
    uint8_t *bytes;
    size_t size;
    Program *program; /* made at the first execution */
    bool used;        /* by the sweep */
} Code;

typedef struct {
    uint8_t address[20];
    bool used;   /* by the sweep */
    bool remote; /* it came from another chain: forgotten, it would come again as it was there */
    u256 balance;
    uint64_t nonce;
    uint64_t words;         /* of its storage, that are not zero */
    Code *code;             /* NULL for none */
    uint64_t warm_in;       /* transaction in which it was last touched (EIP-2929) */
    uint64_t created_in;    /* transaction that created it (EIP-6780) */
    uint64_t destructed_in; /* transaction in which it destroyed itself */
} Account;

/* A word of storage. The value comes first: pointers to it are handed out. */
typedef struct {
    u256 value;
    u256 original; /* at the start of transaction `original_in` */
    uint64_t original_in;
    uint64_t warm_in;
    Account *account;
    u256 slot;
    uint64_t name; /* of account and slot, for the digest */
    bool pinned; /* a pointer was handed out, or it came from another chain */
    bool used;
} Cell;

typedef enum { VALUE, TRANSIENT, BALANCE, NONCE, CODE, WARM_CELL, WARM_ACCOUNT, CREATED, DESTRUCTED } Change;

typedef struct {
    Change change;
    void *what;
    u256 before;
} Entry;

typedef struct {
    void **places;
    size_t capacity; /* a power of two */
    size_t count;
} Table;

typedef struct {
    Table accounts, cells, transients, codes;
    Cell *free_cells; /* chained by `account` */
    void **blocks;    /* of cells, for the end */
    size_t block_count;
    Entry *journal;
    size_t journal_size, journal_capacity;
    size_t *marks;
    size_t mark_count, mark_capacity;
    size_t sweep_at;      /* number of cells and accounts that makes a sweep worth its time */
    size_t code_size;     /* of all codes */
    size_t code_sweep_at; /* the same for codes, in bytes */
    const Remote *remote; /* the chain that what is not known yet is asked of; NULL for none */
    uint64_t digest;      /* of all words and balances: the same for the same state, however it came about */
    uint64_t code_digest; /* of who has which code */
    uint64_t transaction;
    bool destructs; /* a contract destroyed itself in this transaction */
} State;

void state_init(State *s);
void state_free(State *s);

Account *state_account(State *s, const uint8_t address[20]);
Cell *state_cell(State *s, Account *account, const u256 *slot);
Cell *state_transient(State *s, Account *account, const u256 *slot);
Code *state_code(State *s, const uint8_t *bytes, size_t size);

bool state_warm_account(State *s, Account *account); /* whether it was warm already */
bool state_warm_cell(State *s, Cell *cell);
void state_set_value(State *s, Cell *cell, const u256 *value);
void state_set_transient(State *s, Cell *cell, const u256 *value);
void state_set_balance(State *s, Account *account, const u256 *balance);
void state_set_nonce(State *s, Account *account, uint64_t nonce);
void state_set_code(State *s, Account *account, Code *code);
void state_set_created(State *s, Account *account);
void state_set_destructed(State *s, Account *account);
void state_wipe(State *s, Account *account); /* after the transaction that created and destroyed it */
bool state_is_empty(const Account *account); /* EIP-161 */
bool state_is_taken(const Account *account); /* no contract may be made there (EIP-684, EIP-7610) */

void state_begin(State *s); /* a transaction */
void state_rewind(State *s, size_t journal_size);
size_t state_mark(State *s);
void state_back(State *s, size_t mark);

#endif
