#include "state.h"

#include <stdlib.h>

#include "api.h"
#include "keccak.h"

enum { FIRST_CAPACITY = 1024, CELLS_A_BLOCK = 1024, FIRST_SWEEP = 1 << 17, FIRST_CODE_SWEEP = 1 << 19 };

/* hash tables of pointers, with linear probing ---------------------------------------------------------------------- */

static uint64_t mixed(uint64_t a, uint64_t b) {
    uint64_t h = (a ^ b * GOLDEN) * GOLDEN;
    return h ^ h >> 29;
}

static uint64_t account_hash(const uint8_t *address) {
    uint64_t a, b;
    memcpy(&a, address, 8);
    memcpy(&b, address + 12, 8);
    return mixed(a, b);
}

static uint64_t cell_hash(const Account *account, const u256 *slot) {
    return mixed(slot->w[0] ^ slot->w[1] ^ slot->w[2] ^ slot->w[3], (uint64_t)(uintptr_t)account >> 4);
}

static uint64_t code_hash(const uint8_t *hash) {
    uint64_t h;
    memcpy(&h, hash, 8);
    return h;
}

typedef uint64_t (*Hash)(const void *item);

static uint64_t hash_of_account(const void *item) { return account_hash(((const Account *)item)->address); }
static uint64_t hash_of_cell(const void *item) { return cell_hash(((const Cell *)item)->account, &((const Cell *)item)->slot); }
static uint64_t hash_of_code(const void *item) { return code_hash(((const Code *)item)->hash); }

static void table_put(Table *t, void *item, uint64_t hash) {
    size_t i = hash & (t->capacity - 1);
    while (t->places[i]) i = (i + 1) & (t->capacity - 1);
    t->places[i] = item;
    t->count++;
}

static void table_rebuild(Table *t, size_t capacity, Hash hash) {
    Table next = {or_abort(calloc(capacity, sizeof(void *))), capacity, 0};
    for (size_t i = 0; i < t->capacity; i++)
        if (t->places[i]) table_put(&next, t->places[i], hash(t->places[i]));
    free(t->places);
    *t = next;
}

static void table_add(Table *t, void *item, Hash hash) {
    if (2 * (t->count + 1) > t->capacity) table_rebuild(t, t->capacity ? 2 * t->capacity : FIRST_CAPACITY, hash);
    table_put(t, item, hash(item));
}

/* finding ----------------------------------------------------------------------------------------------------------- */

static uint64_t mixed_word(uint64_t hash, const u256 *word) {
    for (int i = 0; i < 4; i++) hash = mixed(hash, word->w[i]);
    return hash;
}

/* What a value adds to a digest; nothing where there is none, so that what was never looked at counts as zero. */
static uint64_t part(uint64_t name, const u256 *value) { return u256_is_zero(value) ? 0 : mixed_word(name, value); }

static void put_value(State *s, Cell *cell, const u256 *value) {
    cell->account->words += (uint64_t)!u256_is_zero(value) - (uint64_t)!u256_is_zero(&cell->value);
    s->digest += part(cell->name, value) - part(cell->name, &cell->value);
    cell->value = *value;
}

static void put_balance(State *s, Account *account, const u256 *balance) {
    uint64_t name = account_hash(account->address);
    s->digest += part(name, balance) - part(name, &account->balance);
    account->balance = *balance;
}

static uint64_t code_part(const Account *account) {
    return account->code ? mixed(account_hash(account->address), code_hash(account->code->hash)) : 0;
}

static void put_code(State *s, Account *account, Code *code) {
    s->code_digest -= code_part(account);
    account->code = code;
    s->code_digest += code_part(account);
}

/* What the other chain has of an account. It is no change: nothing undoes it. */
static void fetch_account(State *s, Account *account) {
    const uint8_t *code = NULL;
    size_t size = 0;
    s->remote->account(account->address, (uint8_t *)&account->balance, &account->nonce, &code, &size);
    account->code = state_code(s, code, size);
    account->remote = !state_is_empty(account);
}

static void fetch_word(State *s, Cell *cell) {
    u256 value = u256_from(0);
    s->remote->word(cell->account->address, (const uint8_t *)&cell->slot, (uint8_t *)&value);
    put_value(s, cell, &value);
    cell->pinned = !u256_is_zero(&value);
}

Account *state_account(State *s, const uint8_t address[20]) {
    Table *t = &s->accounts;
    for (size_t i = account_hash(address) & (t->capacity - 1); t->places[i]; i = (i + 1) & (t->capacity - 1)) {
        Account *found = t->places[i];
        if (memcmp(found->address, address, 20) == 0) return found;
    }
    Account *made = or_abort(calloc(1, sizeof *made));
    memcpy(made->address, address, 20);
    table_add(t, made, hash_of_account);
    if (s->remote) fetch_account(s, made);
    return made;
}

static Cell *new_cell(State *s) {
    if (!s->free_cells) {
        Cell *block = or_abort(malloc(CELLS_A_BLOCK * sizeof *block));
        s->blocks = or_abort(realloc(s->blocks, (s->block_count + 1) * sizeof *s->blocks));
        s->blocks[s->block_count++] = block;
        for (int i = 0; i < CELLS_A_BLOCK; i++) {
            block[i].account = (Account *)s->free_cells;
            s->free_cells = &block[i];
        }
    }
    Cell *cell = s->free_cells;
    s->free_cells = (Cell *)cell->account;
    memset(cell, 0, sizeof *cell);
    return cell;
}

static Cell *cell_in(State *s, Table *t, Account *account, const u256 *slot) {
    for (size_t i = cell_hash(account, slot) & (t->capacity - 1); t->places[i]; i = (i + 1) & (t->capacity - 1)) {
        Cell *found = t->places[i];
        if (found->account == account && u256_eq(&found->slot, slot)) return found;
    }
    Cell *made = new_cell(s);
    made->account = account;
    made->slot = *slot;
    made->name = mixed_word(~account_hash(account->address), slot);
    table_add(t, made, hash_of_cell);
    return made;
}

Cell *state_cell(State *s, Account *account, const u256 *slot) {
    size_t known = s->cells.count;
    Cell *cell = cell_in(s, &s->cells, account, slot);
    if (s->remote && s->cells.count != known) fetch_word(s, cell);
    if (cell->original_in != s->transaction) {
        cell->original_in = s->transaction;
        cell->original = cell->value;
    }
    return cell;
}

Cell *state_transient(State *s, Account *account, const u256 *slot) {
    Cell *cell = cell_in(s, &s->transients, account, slot);
    if (cell->warm_in != s->transaction) { /* a transaction starts with none (EIP-1153) */
        cell->warm_in = s->transaction;
        cell->value = u256_from(0);
    }
    return cell;
}

Code *state_code(State *s, const uint8_t *bytes, size_t size) {
    if (size == 0) return NULL;
    uint8_t hash[32];
    keccak256(bytes, size, hash);
    Table *t = &s->codes;
    for (size_t i = code_hash(hash) & (t->capacity - 1); t->places[i]; i = (i + 1) & (t->capacity - 1))
        if (memcmp(((Code *)t->places[i])->hash, hash, 32) == 0) return t->places[i];
    Code *made = or_abort(calloc(1, sizeof *made));
    memcpy(made->hash, hash, 32);
    made->bytes = or_abort(malloc(size));
    memcpy(made->bytes, bytes, size);
    made->size = size;
    s->code_size += size;
    table_add(t, made, hash_of_code);
    return made;
}

/* changing ---------------------------------------------------------------------------------------------------------- */

static u256 *note(State *s, Change change, void *what) {
    if (s->journal_size == s->journal_capacity) {
        s->journal_capacity = s->journal_capacity ? 2 * s->journal_capacity : FIRST_CAPACITY;
        s->journal = or_abort(realloc(s->journal, s->journal_capacity * sizeof *s->journal));
    }
    Entry *entry = &s->journal[s->journal_size++];
    entry->change = change;
    entry->what = what;
    return &entry->before;
}

bool state_warm_account(State *s, Account *account) {
    if (account->warm_in == s->transaction) return true;
    note(s, WARM_ACCOUNT, account)->w[0] = account->warm_in;
    account->warm_in = s->transaction;
    return false;
}

bool state_warm_cell(State *s, Cell *cell) {
    if (cell->warm_in == s->transaction) return true;
    note(s, WARM_CELL, cell)->w[0] = cell->warm_in;
    cell->warm_in = s->transaction;
    return false;
}

void state_set_value(State *s, Cell *cell, const u256 *value) {
    *note(s, VALUE, cell) = cell->value;
    put_value(s, cell, value);
}

void state_set_transient(State *s, Cell *cell, const u256 *value) {
    *note(s, TRANSIENT, cell) = cell->value;
    cell->value = *value;
}

void state_set_balance(State *s, Account *account, const u256 *balance) {
    *note(s, BALANCE, account) = account->balance;
    put_balance(s, account, balance);
}

void state_set_nonce(State *s, Account *account, uint64_t nonce) {
    note(s, NONCE, account)->w[0] = account->nonce;
    account->nonce = nonce;
}

void state_set_code(State *s, Account *account, Code *code) {
    note(s, CODE, account)->w[0] = (uint64_t)(uintptr_t)account->code;
    put_code(s, account, code);
}

void state_set_created(State *s, Account *account) {
    note(s, CREATED, account)->w[0] = account->created_in;
    account->created_in = s->transaction;
}

void state_set_destructed(State *s, Account *account) {
    note(s, DESTRUCTED, account)->w[0] = account->destructed_in;
    account->destructed_in = s->transaction;
    s->destructs = true;
}

void state_wipe(State *s, Account *account) {
    u256 zero = u256_from(0);
    state_set_balance(s, account, &zero);
    state_set_nonce(s, account, 0);
    state_set_code(s, account, NULL);
    for (size_t i = 0; account->words && i < s->cells.capacity; i++) {
        Cell *cell = s->cells.places[i];
        if (cell && cell->account == account) state_set_value(s, cell, &zero);
    }
}

bool state_is_empty(const Account *account) {
    return account->nonce == 0 && !account->code && u256_is_zero(&account->balance);
}

bool state_is_taken(const Account *account) { return account->nonce || account->code || account->words; }

/* undoing ----------------------------------------------------------------------------------------------------------- */

void state_rewind(State *s, size_t journal_size) {
    while (s->journal_size > journal_size) {
        Entry *entry = &s->journal[--s->journal_size];
        Account *account = entry->what;
        Cell *cell = entry->what;
        switch (entry->change) {
        case VALUE: put_value(s, cell, &entry->before); break;
        case TRANSIENT: cell->value = entry->before; break;
        case BALANCE: put_balance(s, account, &entry->before); break;
        case NONCE: account->nonce = entry->before.w[0]; break;
        case CODE: put_code(s, account, (Code *)(uintptr_t)entry->before.w[0]); break;
        case WARM_CELL: cell->warm_in = entry->before.w[0]; break;
        case WARM_ACCOUNT: account->warm_in = entry->before.w[0]; break;
        case CREATED: account->created_in = entry->before.w[0]; break;
        case DESTRUCTED: account->destructed_in = entry->before.w[0]; break;
        }
    }
}

size_t state_mark(State *s) {
    if (s->mark_count == s->mark_capacity) {
        s->mark_capacity = s->mark_capacity ? 2 * s->mark_capacity : 16;
        s->marks = or_abort(realloc(s->marks, s->mark_capacity * sizeof *s->marks));
    }
    s->marks[s->mark_count] = s->journal_size;
    return s->mark_count++;
}

static void keep(Table *t, Hash hash, bool (*wanted)(const void *), void (*drop)(State *, void *), State *s) {
    for (size_t i = 0; i < t->capacity; i++) {
        if (!t->places[i] || wanted(t->places[i])) continue;
        drop(s, t->places[i]);
        t->places[i] = NULL;
    }
    table_rebuild(t, t->capacity, hash);
}

static bool cell_wanted(const void *item) {
    const Cell *cell = item;
    return cell->pinned || cell->used || !u256_is_zero(&cell->value);
}

static bool account_wanted(const void *item) {
    const Account *account = item;
    return account->used || account->remote || !state_is_empty(account);
}

static bool code_wanted(const void *item) { return ((const Code *)item)->used; }

static void drop_cell(State *s, void *item) {
    Cell *cell = item;
    cell->account = (Account *)s->free_cells;
    s->free_cells = cell;
}

static void drop_account(State *s, void *item) {
    (void)s;
    free(item);
}

static void free_code(Code *code) {
    program_free(code->program);
    free(code->bytes);
    free(code);
}

static void drop_code(State *s, void *item) {
    s->code_size -= ((Code *)item)->size;
    free_code(item);
}

static bool transient_wanted(const void *item) { return ((const Cell *)item)->used; }

static void disuse(Cell *cell) { cell->used = false; }

static void use_account(Cell *cell) { cell->account->used = true; }

static void each_cell(Table *t, void (*act)(Cell *)) {
    for (size_t i = 0; i < t->capacity; i++)
        if (t->places[i]) act(t->places[i]);
}

/* Forgets empty words and accounts that came up since and are gone again: millions in a long campaign. */
static void sweep(State *s) {
    each_cell(&s->cells, disuse);
    each_cell(&s->transients, disuse);
    for (size_t i = 0; i < s->accounts.capacity; i++)
        if (s->accounts.places[i]) ((Account *)s->accounts.places[i])->used = false;
    for (size_t i = 0; i < s->journal_size; i++) {
        Change change = s->journal[i].change;
        if (change == VALUE || change == TRANSIENT || change == WARM_CELL) ((Cell *)s->journal[i].what)->used = true;
        else ((Account *)s->journal[i].what)->used = true;
    }
    keep(&s->cells, hash_of_cell, cell_wanted, drop_cell, s);
    keep(&s->transients, hash_of_cell, transient_wanted, drop_cell, s);
    each_cell(&s->cells, use_account);
    each_cell(&s->transients, use_account);
    keep(&s->accounts, hash_of_account, account_wanted, drop_account, s);
    s->sweep_at = 2 * (s->cells.count + s->transients.count + s->accounts.count) + FIRST_SWEEP;
}

static bool is_traced(const Code *code) { return code->program && code->program->trace; }

static void use_code(Code *code) {
    if (code) code->used = true;
}

/* Forgets codes that no account has, nor will have again by going back. What a code is made ready into takes some thirty
 * times its size. */
static void sweep_codes(State *s) {
    for (size_t i = 0; i < s->codes.capacity; i++)
        if (s->codes.places[i]) ((Code *)s->codes.places[i])->used = is_traced(s->codes.places[i]);
    for (size_t i = 0; i < s->accounts.capacity; i++)
        if (s->accounts.places[i]) use_code(((Account *)s->accounts.places[i])->code);
    for (size_t i = 0; i < s->journal_size; i++)
        if (s->journal[i].change == CODE) use_code((Code *)(uintptr_t)s->journal[i].before.w[0]);
    keep(&s->codes, hash_of_code, code_wanted, drop_code, s);
    s->code_sweep_at = s->code_size + FIRST_CODE_SWEEP;
}

/* Only between transactions: what runs holds on to accounts, words and codes. */
static void tidy(State *s) {
    if (s->cells.count + s->transients.count + s->accounts.count > s->sweep_at) sweep(s);
    if (s->code_size > s->code_sweep_at) sweep_codes(s);
}

void state_back(State *s, size_t mark) {
    state_rewind(s, s->marks[mark]);
    s->mark_count = mark;
    tidy(s);
}

void state_begin(State *s) {
    s->transaction++;
    s->destructs = false;
    if (s->mark_count) return;
    s->journal_size = 0; /* nobody can go back behind the start of a transaction */
    tidy(s);
}

/* start and end ----------------------------------------------------------------------------------------------------- */

void state_init(State *s) {
    memset(s, 0, sizeof *s);
    s->sweep_at = FIRST_SWEEP;
    s->code_sweep_at = FIRST_CODE_SWEEP;
    Table *tables[] = {&s->accounts, &s->cells, &s->transients, &s->codes};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        *tables[i] = (Table){or_abort(calloc(FIRST_CAPACITY, sizeof(void *))), FIRST_CAPACITY, 0};
}

void state_free(State *s) {
    for (size_t i = 0; i < s->accounts.capacity; i++) free(s->accounts.places[i]);
    for (size_t i = 0; i < s->codes.capacity; i++)
        if (s->codes.places[i]) free_code(s->codes.places[i]);
    for (size_t i = 0; i < s->block_count; i++) free(s->blocks[i]);
    free(s->blocks);
    free(s->accounts.places);
    free(s->cells.places);
    free(s->transients.places);
    free(s->codes.places);
    free(s->journal);
    free(s->marks);
}
