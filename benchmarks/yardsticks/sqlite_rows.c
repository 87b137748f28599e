/*
 * The yardstick of the row writer: SQLite's C API as a careful C programmer uses it, on the very library that Peregrine loads.
 *
 *   sqlite_rows LIBRARY write DATABASE ROWS BATCH   inserts the rows of a file (ten little-endian 64-bit integers each), BATCH to a transaction
 *   sqlite_rows LIBRARY read DATABASE               reads every column of every row
 *
 * Prints the nanoseconds of the loop alone (no opening, no closing), the rows, and the wrapping sum of all integers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 10, OK = 0, ROW = 100, DONE = 101, READ_ONLY = 1, READ_WRITE = 2, CREATE = 4, NO_MUTEX = 0x8000 };

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

static int (*open_v2)(const char *, sqlite3 **, int, const char *);
static int (*close_v2)(sqlite3 *);
static int (*execute)(sqlite3 *, const char *, void *, void *, void *);
static int (*prepare)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
static int (*bind_int64)(sqlite3_stmt *, int, int64_t);
static int (*step)(sqlite3_stmt *);
static int (*reset)(sqlite3_stmt *);
static int (*finalize)(sqlite3_stmt *);
static int64_t (*column_int64)(sqlite3_stmt *, int);

static void fail(const char *what)
{
    fprintf(stderr, "sqlite_rows: %s\n", what);
    exit(1);
}

static void check(int result, int expected, const char *what)
{
    if (result != expected) fail(what);
}

static void load(const char *path)
{
    dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL); /* The library uses it without naming it; where libc holds it, this fails and does no harm. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(dlerror());
#define LOAD(pointer, name) if (!(*(void **)&(pointer) = dlsym(library, name))) fail("no " name)
    LOAD(open_v2, "sqlite3_open_v2");
    LOAD(close_v2, "sqlite3_close_v2");
    LOAD(execute, "sqlite3_exec");
    LOAD(prepare, "sqlite3_prepare_v2");
    LOAD(bind_int64, "sqlite3_bind_int64");
    LOAD(step, "sqlite3_step");
    LOAD(reset, "sqlite3_reset");
    LOAD(finalize, "sqlite3_finalize");
    LOAD(column_int64, "sqlite3_column_int64");
}

static int64_t nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void report(int64_t began, long rows, uint64_t sum)
{
    printf("%lld %ld %llu\n", (long long)(nanos() - began), rows, (unsigned long long)sum);
}

static void write_rows(const char *path, const char *rows_path, long batch)
{
    FILE *file = fopen(rows_path, "rb");
    if (!file) fail("the rows cannot be read");
    fseek(file, 0, SEEK_END);
    long count = ftell(file) / (long)(COLUMNS * sizeof(int64_t));
    rewind(file);
    int64_t *rows = malloc((size_t)count * COLUMNS * sizeof(int64_t));
    if (!rows || fread(rows, COLUMNS * sizeof(int64_t), (size_t)count, file) != (size_t)count) fail("the rows cannot be read");
    fclose(file);

    sqlite3 *database;
    sqlite3_stmt *insert, *begin, *commit;
    check(open_v2(path, &database, READ_WRITE | CREATE | NO_MUTEX, NULL), OK, "open");
    check(execute(database,
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE event(a INTEGER PRIMARY KEY, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER, g INTEGER, h INTEGER, i INTEGER, j INTEGER)",
        NULL, NULL, NULL), OK, "create");
    check(prepare(database, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &insert, NULL), OK, "prepare");
    check(prepare(database, "BEGIN IMMEDIATE", -1, &begin, NULL), OK, "prepare");
    check(prepare(database, "COMMIT", -1, &commit, NULL), OK, "prepare");

    uint64_t sum = 0;
    int64_t began = nanos();
    for (long at = 0; at < count;)
    {
        check(step(begin), DONE, "begin");
        reset(begin);
        for (long end = at + batch < count ? at + batch : count; at < end; at++)
        {
            const int64_t *row = rows + at * COLUMNS;
            for (int column = 0; column < COLUMNS; column++)
            {
                check(bind_int64(insert, column + 1, row[column]), OK, "bind");
                sum += (uint64_t)row[column];
            }
            check(step(insert), DONE, "insert");
            reset(insert);
        }
        check(step(commit), DONE, "commit");
        reset(commit);
    }
    report(began, count, sum);
    finalize(insert);
    finalize(begin);
    finalize(commit);
    close_v2(database);
    free(rows);
}

static void read_rows(const char *path)
{
    sqlite3 *database;
    sqlite3_stmt *select;
    check(open_v2(path, &database, READ_ONLY | NO_MUTEX, NULL), OK, "open");
    check(prepare(database, "SELECT a, b, c, d, e, f, g, h, i, j FROM event ORDER BY a", -1, &select, NULL), OK, "prepare");
    uint64_t sum = 0;
    long count = 0;
    int64_t began = nanos();
    int result;
    while ((result = step(select)) == ROW)
    {
        for (int column = 0; column < COLUMNS; column++) sum += (uint64_t)column_int64(select, column);
        count++;
    }
    check(result, DONE, "select");
    report(began, count, sum);
    finalize(select);
    close_v2(database);
}

int main(int count, char **arguments)
{
    if (count == 6 && !strcmp(arguments[2], "write"))
    {
        load(arguments[1]);
        write_rows(arguments[3], arguments[4], atol(arguments[5]));
    }
    else if (count == 4 && !strcmp(arguments[2], "read"))
    {
        load(arguments[1]);
        read_rows(arguments[3]);
    }
    else
    {
        fail("usage: sqlite_rows LIBRARY write DATABASE ROWS BATCH | LIBRARY read DATABASE");
    }
    return 0;
}
