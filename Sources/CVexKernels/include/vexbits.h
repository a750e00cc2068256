/*
 * Sets of small numbers: as bits, number 0 in the lowest bit of the first word, or as ascending lists of 16 bits.
 *
 * No function allocates. Results are equal on every level.
 */
#ifndef VEXBITS_H
#define VEXBITS_H

#include <stddef.h>
#include <stdint.h>

#include "vexkernels.h"

/* The functions that gain from an instruction set. */
struct vexfs_bits_kernels {
    /* out = a & b, a | b, a & ~b; the number of bits of the result. `out` may be one of the inputs. */
    size_t (*intersect)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
    size_t (*unite)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
    size_t (*subtract)(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
    /* How many bits are in both. */
    size_t (*count_common)(const uint64_t *a, const uint64_t *b, size_t words);
    /* See vexfs_bits_list. */
    size_t (*list)(uint16_t *out, const uint64_t *bits, size_t words);
    /* See vexfs_bits_rows. */
    size_t (*rows)(uint32_t *out, const uint64_t *bits, size_t words, uint32_t first);
};

/* What a list's memory has to have behind it where a function says so. */
#define VEXFS_LIST_SLACK 8

/* The functions of a level, NULL where this CPU cannot run them. */
const struct vexfs_bits_kernels *vexfs_bits_kernels_at(enum vexfs_simd level);

/* The same at the best level. */
size_t vexfs_bits_and(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
size_t vexfs_bits_or(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
size_t vexfs_bits_and_not(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words);
size_t vexfs_bits_and_count(const uint64_t *a, const uint64_t *b, size_t words);

/* Whether every bit of a is in b. */
int vexfs_bits_within(const uint64_t *a, const uint64_t *b, size_t words);

/* Writes the set bits' numbers, ascending; returns how many. `out` has room for all of them and the slack, which may be
 * written to; words <= 1024. */
size_t vexfs_bits_list(uint16_t *out, const uint64_t *bits, size_t words);

/* Writes `first` plus the set bits' numbers, ascending; returns how many. `out` has room for all of them and the slack,
 * which may be written to. */
size_t vexfs_bits_rows(uint32_t *out, const uint64_t *bits, size_t words, uint32_t first);

/* Sets the bits of a list; returns how many of them were not set before. */
size_t vexfs_bits_set(uint64_t *bits, const uint16_t *list, size_t count);

/* Clears the bits of a list; returns how many of them were set before. */
size_t vexfs_bits_clear(uint64_t *bits, const uint16_t *list, size_t count);

/* Keeps of a list what is set (wanted 1) or not set (wanted 0) in 65 536 bits; returns how many. `out` has room for
 * `count` and the slack, which may be written to, and is not the list. */
size_t vexfs_list_filter(uint16_t *out, const uint16_t *list, size_t count, const uint64_t *bits, unsigned wanted);

/* How many of a list are set in 65 536 bits. */
size_t vexfs_list_count(const uint16_t *list, size_t count, const uint64_t *bits);

/* The numbers in both lists, in the first only, in either; ascending. `out` has room for the shorter list and the
 * slack, the first list, both lists; it is neither list. Returns how many. */
size_t vexfs_list_and(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count);
size_t vexfs_list_and_not(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count);
size_t vexfs_list_or(uint16_t *out, const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count);

/* The first place of a list whose number is not below `value`; `count` where there is none. */
size_t vexfs_list_place(const uint16_t *list, size_t count, uint16_t value);

#endif
