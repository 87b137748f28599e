/*
 * The yardstick of the SBE decoder: the stream schema's messages read as a careful C programmer reads them, into the same 64-byte slots and payload words.
 * Compiled as a library with -O3 -march=native. A message that it cannot read ends the run.
 */
#include <stdint.h>
#include <string.h>

typedef struct { uint8_t kind, flags; uint16_t symbol; int32_t lag; int64_t event_time, receive_time, field[5]; } Slot;
typedef struct { uint64_t first, last; int32_t length, symbol; } Symbol;

enum { TRADES = 10000, TICKER = 10001, BOOK = 10002, DIFF = 10003, TABLE_BITS = 11, TRADE_KIND = 2, BOOK_KIND = 3, DIFF_KIND = 4, TICKER_KIND = 5, HAS_PAYLOAD = 128 };

static Symbol table[1 << TABLE_BITS];
static const int64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

static inline uint16_t u16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t u32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline int64_t i64(const uint8_t *p) { int64_t v; memcpy(&v, p, 8); return v; }

static inline Symbol *place(const uint8_t *name, int length, uint64_t *first, uint64_t *last)
{
    *first = 0;
    *last = (uint64_t)i64(name + length - 8);
    if (length >= 8) *first = (uint64_t)i64(name);
    else *last >>= 8 * (8 - length);
    uint64_t hash = (*first ^ (*last * 0x9E3779B97F4A7C15ull) ^ (uint64_t)length) * 0xD6E8FEB86659FD93ull;
    return &table[hash >> (64 - TABLE_BITS)];
}

/* The name lies behind at least eight readable bytes. One name a place: the caller's few names do not collide, or it is told so. */
int sbe_add_symbol(const uint8_t *name, int length, int symbol)
{
    uint64_t first, last;
    Symbol *at = place(name, length, &first, &last);
    if (at->length) return 0;
    *at = (Symbol){ first, last, length, symbol };
    return 1;
}

static inline int find(const uint8_t *name, int length)
{
    if (length < 1 || length > 16) return 0;
    uint64_t first, last;
    const Symbol *at = place(name, length, &first, &last);
    return at->first == first && at->last == last && at->length == length ? at->symbol : 0;
}

/* price[i], quantity[i] alternate; both compilers' vectors do several at a time. */
static inline int64_t levels(const uint8_t *from, int count, int64_t price, int64_t price_max, int64_t quantity, int64_t quantity_max, int64_t *to)
{
    int64_t wrong = 0;
    for (int i = 0; i < count; i++)
    {
        int64_t p = i64(from + 16 * i), q = i64(from + 16 * i + 8);
        wrong |= p | (price_max - p) | q | (quantity_max - q);
        to[2 * i] = p * price;
        to[2 * i + 1] = q * quantity;
    }
    return wrong;
}

static inline int scale(int8_t exponent, int64_t *factor, int64_t *max)
{
    if (exponent < -8 || exponent > 0) return 0; /* Finer ones need a division; the messages here have none. */
    *factor = powers[exponent + 8];
    *max = INT64_MAX / *factor;
    return 1;
}

static inline int units(int64_t mantissa, int64_t factor, int64_t max, int64_t *to)
{
    *to = mantissa * factor;
    return (uint64_t)mantissa <= (uint64_t)max;
}

/* Reads message after message, each from offset[i] to offset[i + 1]; returns how many events there were, or -1. */
int64_t sbe_decode(const uint8_t *bytes, const int32_t *offset, int count, Slot *slots, int64_t slot_mask, int64_t *words, int64_t word_mask, int64_t receive_time)
{
    volatile int64_t published = 0;
    int64_t next = 0, word_next = 0;
    for (int m = 0; m < count; m++)
    {
        const uint8_t *message = bytes + offset[m], *end = bytes + offset[m + 1], *block = message + 8;
        if (end - message < 8 || u16(message + 4) != 1) return -1;
        int length = u16(message), template = u16(message + 2);
        int known = template == TRADES || template == BOOK ? 18 : template == TICKER ? 50 : template == DIFF ? 26 : 0;
        const uint8_t *at = block + length;
        if (!known || length < known || at > end) return -1;
        int exponents = template == DIFF ? 24 : 16;
        int64_t price, price_max, quantity, quantity_max;
        if (!scale((int8_t)block[exponents], &price, &price_max) || !scale((int8_t)block[exponents + 1], &quantity, &quantity_max)) return -1;
        int64_t event_time = i64(block);
        if ((uint64_t)event_time >= 100000000000000000ull) return -1;
        if (template == TICKER)
        {
            if (at >= end || at + 1 + *at != end) return -1;
            int symbol = find(at + 1, *at);
            Slot *slot = &slots[next & slot_mask];
            memset(slot, 0, sizeof *slot);
            slot->kind = TICKER_KIND;
            slot->symbol = (uint16_t)symbol;
            slot->event_time = event_time;
            slot->receive_time = receive_time;
            slot->field[0] = i64(block + 8);
            if (!symbol || slot->field[0] < 0
                || !(units(i64(block + 18), price, price_max, &slot->field[1]) & units(i64(block + 26), quantity, quantity_max, &slot->field[2])
                    & units(i64(block + 34), price, price_max, &slot->field[3]) & units(i64(block + 42), quantity, quantity_max, &slot->field[4]))) return -1;
            published = ++next;
        }
        else if (template == TRADES)
        {
            if (end - at < 6) return -1;
            int step = u16(at);
            int64_t trades = u32(at + 2);
            const uint8_t *entry = at + 6;
            at = entry + step * trades;
            if (step < 25 || at >= end || at + 1 + *at != end) return -1;
            int symbol = find(at + 1, *at);
            int64_t lag = event_time - i64(block + 8);
            if (!symbol || lag != (int32_t)lag) return -1;
            for (int64_t t = 0; t < trades; t++, entry += step)
            {
                Slot *slot = &slots[next & slot_mask];
                memset(slot, 0, sizeof *slot);
                slot->kind = TRADE_KIND;
                slot->symbol = (uint16_t)symbol;
                slot->lag = (int32_t)lag;
                slot->event_time = event_time;
                slot->receive_time = receive_time;
                slot->field[0] = slot->field[3] = slot->field[4] = i64(entry);
                if (slot->field[0] < 0 || entry[24] > 1
                    || !(units(i64(entry + 8), price, price_max, &slot->field[1]) & units(i64(entry + 16), quantity, quantity_max, &slot->field[2]))) return -1;
                slot->flags = (uint8_t)(entry[24] | (slot->field[1] == 0 ? 2 : 0));
                published = ++next;
            }
        }
        else
        {
            if (end - at < 4) return -1;
            int bid_step = u16(at), bids = u16(at + 2);
            const uint8_t *bid = at + 4;
            at = bid + bid_step * bids;
            if (end - at < 4) return -1;
            int ask_step = u16(at), asks = u16(at + 2);
            const uint8_t *ask = at + 4;
            at = ask + ask_step * asks;
            if (bid_step != 16 || ask_step != 16 || at >= end || at + 1 + *at != end) return -1;
            int symbol = find(at + 1, *at);
            if (!symbol) return -1;
            int64_t all = 2 * (bids + asks);
            if ((word_next & word_mask) + all > word_mask + 1) word_next += word_mask + 1 - (word_next & word_mask);
            int64_t *to = &words[word_next & word_mask];
            if ((levels(bid, bids, price, price_max, quantity, quantity_max, to) | levels(ask, asks, price, price_max, quantity, quantity_max, to + 2 * bids)) < 0) return -1;
            Slot *slot = &slots[next & slot_mask];
            memset(slot, 0, sizeof *slot);
            slot->kind = template == DIFF ? DIFF_KIND : BOOK_KIND;
            slot->flags = HAS_PAYLOAD;
            slot->symbol = (uint16_t)symbol;
            slot->event_time = event_time;
            slot->receive_time = receive_time;
            slot->field[0] = word_next;
            slot->field[1] = (int64_t)(((uint64_t)(uint32_t)bids << 32) | (uint32_t)all);
            slot->field[2] = template == DIFF ? i64(block + 8) : 0;
            slot->field[3] = template == DIFF ? i64(block + 16) : i64(block + 8);
            if (slot->field[2] < 0 || slot->field[3] < 0) return -1;
            word_next += all;
            published = ++next;
        }
    }
    return published;
}
