#include "vexbits.h"

static inline unsigned bit(const uint64_t *bits, uint16_t number) {
    return (unsigned)(bits[number >> 6] >> (number & 63)) & 1u;
}

size_t vexfs_bits_set(uint64_t *bits, const uint16_t *list, size_t count) {
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        added += !bit(bits, list[i]);
        bits[list[i] >> 6] |= 1ull << (list[i] & 63);
    }
    return added;
}

size_t vexfs_bits_clear(uint64_t *bits, const uint16_t *list, size_t count) {
    size_t removed = 0;
    for (size_t i = 0; i < count; i++) {
        removed += bit(bits, list[i]);
        bits[list[i] >> 6] &= ~(1ull << (list[i] & 63));
    }
    return removed;
}

/* Without a branch: what is not wanted is written over by the next one. */
size_t vexfs_list_filter(uint16_t *out, const uint16_t *list, size_t count, const uint64_t *bits, unsigned wanted) {
    const uint64_t flip = wanted ? 0 : ~0ull;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t number = list[i];
        out[kept] = number;
        kept += (size_t)((bits[number >> 6] ^ flip) >> (number & 63)) & 1;
    }
    return kept;
}

size_t vexfs_list_count(const uint16_t *list, size_t count, const uint64_t *bits) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += bit(bits, list[i]);
    return total;
}

size_t vexfs_list_place(const uint16_t *list, size_t count, uint16_t value) {
    size_t low = 0;
    while (count > 0) {
        size_t half = count / 2;
        int below = list[low + half] < value;
        low = below ? low + half + 1 : low;
        count = below ? count - half - 1 : half;
    }
    return low;
}

/* Looks up each number of the shorter list in the longer one, the rest of which shrinks. */
static size_t and_by_search(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count) {
    size_t kept = 0, start = 0;
    for (size_t i = 0; i < a_count && start < b_count; i++) {
        start += vexfs_list_place(b + start, b_count - start, a[i]);
        if (start < b_count && b[start] == a[i]) out[kept++] = a[i];
    }
    return kept;
}

size_t vexfs_list_and(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count) {
    if (a_count * 32 < b_count) return and_by_search(out, a, a_count, b, b_count);
    if (b_count * 32 < a_count) return and_by_search(out, b, b_count, a, a_count);
    if (a_count + b_count > 512) {
        /* Steps of a merge wait for each other, bits do not. */
        if (a_count > b_count) return vexfs_list_and(out, b, b_count, a, a_count);
        uint64_t bits[1024] = {0};
        vexfs_bits_set(bits, b, b_count);
        return vexfs_list_filter(out, a, a_count, bits, 1);
    }
    size_t kept = 0, i = 0, j = 0;
    while (i < a_count && j < b_count) {
        uint16_t left = a[i], right = b[j];
        if (left == right) out[kept++] = left;
        i += left <= right;
        j += right <= left;
    }
    return kept;
}

size_t vexfs_list_and_not(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count) {
    size_t kept = 0, j = 0;
    for (size_t i = 0; i < a_count; i++) {
        while (j < b_count && b[j] < a[i]) j++;
        if (j == b_count || b[j] != a[i]) out[kept++] = a[i];
    }
    return kept;
}

size_t vexfs_list_or(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count) {
    size_t kept = 0, i = 0, j = 0;
    while (i < a_count && j < b_count) {
        uint16_t left = a[i], right = b[j];
        out[kept++] = left < right ? left : right;
        i += left <= right;
        j += right <= left;
    }
    while (i < a_count) out[kept++] = a[i++];
    while (j < b_count) out[kept++] = b[j++];
    return kept;
}
