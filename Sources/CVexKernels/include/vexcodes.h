#ifndef VEXCODES_H
#define VEXCODES_H

#include <stddef.h>
#include <stdint.h>

#include "vexkernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Graphs over 8-bit codes: comparing, walking, building. Codes are -127...127, `width` of them a row, a multiple of
 * VEXFS_CODES_GRAIN (padded with zeros), rows one behind another. Nothing here allocates; every implementation gives
 * equal integers.
 *
 * A point is named by its place. The similarity of two points is lift[a] * lift[b] + a . b - half[a] - half[b], where
 * half is half the square of a point's length including its lift: minus half the squared distance. Lifts are null
 * where no point has one.
 */
enum vexfs_codes_shape { VEXFS_CODES_GRAIN = 32, VEXFS_CODES_COLUMNS = 16, VEXFS_CODES_TILE = 6 };

/* Bytes are told apart by their upper bits where a floor belongs to each. */
enum vexfs_codes_floors { VEXFS_FLOORS = 32 };

/* Ends a list of links that is not full. */
#define VEXFS_NO_LINK UINT32_MAX

/* The points of a graph. */
struct vexfs_points {
    const int8_t *codes;
    size_t width;
    const int32_t *halves;
    const int32_t *lifts;
};

/* A list of points by score, best first: 32 bits of score, 31 of place (the lower first), 1 of "expanded". */
struct vexfs_pool {
    uint64_t *items;
    uint32_t count, capacity;
};

static inline uint64_t vexfs_item(int32_t score, uint32_t place) {
    return (uint64_t)((uint32_t)score ^ 0x80000000u) << 32 | (uint64_t)(0x7FFFFFFFu - place) << 1;
}
static inline uint32_t vexfs_item_place(uint64_t item) { return 0x7FFFFFFFu - ((uint32_t)item >> 1); }
static inline int32_t vexfs_item_score(uint64_t item) { return (int32_t)((uint32_t)(item >> 32) ^ 0x80000000u); }

/* Which points may be answers: those whose row's bit is set. A place's row is rows[place], or first + place; the bits
   of every 65 536 rows are 1024 words of their own, for all rows up to the last point's. */
struct vexfs_passing {
    const uint64_t *const *words;
    const uint32_t *rows;
    uint32_t first;
};

static inline int vexfs_passes(const struct vexfs_passing *passing, uint32_t place) {
    uint32_t row = passing->rows ? passing->rows[place] : passing->first + place;
    return passing->words[row >> 16][row >> 6 & 1023] >> (row & 63) & 1;
}

/* A best-first walk over a graph. */
struct vexfs_walk {
    const struct vexfs_points *points;
    /* [points x degree] places, each list ended by VEXFS_NO_LINK unless it is full; others may write meanwhile. */
    const uint32_t *links;
    size_t degree;
    /* Only places below this are walked over. */
    uint32_t limit;
    /* [points] the number of the walk that a point was seen by. */
    uint8_t *marks;
    uint8_t number;
    const int8_t *query;
    /* What to take off a point's score: half[place] * penalty; none where 0. */
    float penalty;
    /* What to add to it: lift * lifts[place]; nothing where 0. */
    int32_t lift;
    struct vexfs_pool pool;
    /* With a filter: the passing points; otherwise passing is null. */
    const struct vexfs_passing *passing;
    struct vexfs_pool found;
    /* Room for `room` neighbours of a point, at least `degree`. */
    uint32_t *places;
    int32_t *scores;
    uint32_t room;
    /* Stop after so many comparisons; 0 never. */
    uint64_t budget;
    /* Out: points compared, and how many of them passed. */
    uint64_t compared, passed;
};

/* A set of points whose nearest among themselves are wanted. */
struct vexfs_leaf {
    const struct vexfs_points *points;
    const uint32_t *places;
    size_t count, keep;
    /* Scratch: vexfs_codes_panel_bytes(count), tile rows, [TILE x columns] products, [count] halves and floors. */
    int16_t *panel, *rows;
    int32_t *products, *halves, *floors;
    /* Out: [count x keep] score (upper half, offset by 2^31) and the complement of how far on in the leaf,
       from its end on at its beginning (lower half); best first, 0 none. */
    uint64_t *best;
};

/* Points to be given to the nearest of some leaders. */
struct vexfs_assignment {
    const struct vexfs_points *points;
    const uint32_t *places;
    size_t count, keep;
    /* The leaders, packed by `pack`, and their halves. */
    const int16_t *panel;
    const int32_t *halves;
    size_t leaders;
    /* Scratch: tile rows, [TILE x columns] products. */
    int16_t *rows;
    int32_t *products;
    /* Out: [count x keep] score (upper half, offset by 2^31) and the complement of the leader's index (lower half). */
    uint64_t *best;
};

/* Choosing the links of a point: RobustPrune (DiskANN, NeurIPS 2019). */
struct vexfs_prune {
    const struct vexfs_points *points;
    uint32_t place;
    /* Candidates by vexfs_item with the similarity to the point, best first, none twice, the point not among them. */
    uint64_t *candidates;
    size_t count;
    /* How many links at the most, and the slack of the second pass on squared distances. */
    size_t most;
    float slack;
    /* Scratch [count]. */
    uint8_t *state;
    int32_t *scores;
    /* Out [most]. */
    uint32_t *links;
};

/* One implementation. */
struct vexfs_codes_kernels {
    int32_t (*dot)(const int8_t *a, const int8_t *b, size_t width);
    /* scores[i] = query . codes[places[i]] */
    void (*gather)(const int8_t *query, const int8_t *codes, size_t width, const uint32_t *places, size_t count,
                   int32_t *scores);
    /* The same, less half the square of the row's length times `penalty`. */
    void (*gather_near)(const int8_t *query, const int8_t *codes, size_t width, float penalty, const uint32_t *places,
                        size_t count, int32_t *scores);
    /* query . codes for consecutive rows. */
    void (*scan)(const int8_t *query, const int8_t *codes, size_t width, size_t count, int32_t *scores);
    /* products[r * stride + c] = rows[r] . column c of the panel, for r < TILE and c < 16 * blocks. */
    void (*products)(const int16_t *rows, size_t depth, const int16_t *panel, size_t blocks, int32_t *products,
                     size_t stride);
    void (*leaf)(const struct vexfs_leaf *leaf);
    void (*assign)(const struct vexfs_assignment *assignment);
    size_t (*prune)(const struct vexfs_prune *prune);
    /* Writes `work->candidates` and `work->count` for `places`, which may repeat and are changed; then prunes. */
    size_t (*choose)(struct vexfs_prune *work, uint32_t *places, size_t count);
    /* Adds the nearest of `places`, [count], to a point's `taken` links, as long as there is room; changes `places`. */
    size_t (*fill)(struct vexfs_prune *work, size_t taken, uint32_t *places, size_t count);
    /* Walks on from the pool until nothing in it is left to expand. */
    void (*walk)(struct vexfs_walk *walk);
    /* Offers the points of `places`, [count], that were not seen yet to the pool and, passing, to `found`. */
    void (*enter)(struct vexfs_walk *walk, const uint32_t *places, size_t count);
    /* Offers the best few of `places`, [count] ascending and at most `room`, that are below the limit. */
    void (*enter_best)(struct vexfs_walk *walk, const uint32_t *places, size_t count);
    /* The walk over passing points alone, past neighbours that don't pass to theirs (ACORN-1, arXiv 2403.04871). */
    void (*walk_passing)(struct vexfs_walk *walk);
};

/* The kernels of one instruction set, or NULL where this CPU lacks it; without VNNI, AVX-512 is AVX2. */
const struct vexfs_codes_kernels *vexfs_codes_kernels_at(enum vexfs_simd level);

/* The kernels of vexfs_simd_level(). */
const struct vexfs_codes_kernels *vexfs_codes_kernels(void);

/* 16-bit components of a widened row: its codes, and a pair for its lift where there are lifts. */
static inline size_t vexfs_codes_depth(const struct vexfs_points *points) {
    return points->width + (points->lifts ? 2 : 0);
}

/* Writes points as the columns of a panel, `[blocks of 16][depth / 2][16][2] Int16`, the last block filled up. */
void vexfs_codes_pack(const struct vexfs_points *points, const uint32_t *places, size_t count, int16_t *panel);

/* Keeps a point in a pool if it is good enough; returns its index, or the capacity. */
uint32_t vexfs_pool_offer(struct vexfs_pool *pool, uint64_t item);

/* Sorts items, best first. */
void vexfs_items_sort(uint64_t *items, size_t count);

/* scores[i] = measure of the query and vectors[i], which lie anywhere. */
void vexfs_score_vectors(enum vexfs_measure measure, const float *query, size_t dimension, const float *const *vectors,
                         size_t count, float *scores);

/* Turns ascending rows into the places of those that are listed (ascending too); returns how many. */
size_t vexfs_places_of_rows(const uint32_t *listed, size_t listed_count, uint32_t *rows, size_t count);

/* Places of passing rows spread over all of them, by a seed; at most `wanted`, perhaps with repeats. */
size_t vexfs_passing_sample(const struct vexfs_passing *passing, size_t count, uint64_t seed, uint32_t *places,
                            size_t wanted);

/* Takes half[i] * penalty off each score, rounded as gather_near rounds it. */
void vexfs_take_off(int32_t *scores, const int32_t *halves, size_t count, float penalty);

/* Whether two lists are the same. */
int vexfs_same_places(const uint32_t *one, const uint32_t *other, size_t count);

/* The first index from `from` on whose score is not below the floor; `count` where there is none. */
size_t vexfs_score_from(const int32_t *scores, size_t from, size_t count, int32_t floor);

/* The indices of the scores that are not below the floor of their point, which is floors[residuals[place] / 8],
   ascending; returns how many. Room for `count` is needed. */
size_t vexfs_possible(const int32_t *scores, const uint32_t *places, size_t count, const uint8_t *residuals,
                      const int32_t *floors, uint32_t *possible);

/* What is known of a row besides 8-bit codes on a scale of its own. */
struct vexfs_row_facts {
    /* What one step of a code is worth: component = code * scale, about. */
    float scale;
    /* Upper bounds of the lengths of what the codes miss of the vector, and of the vector that they stand for. */
    float residual, norm;
    int32_t sum_of_squares;
};

/* How near a row must be, and what rounding a query's and a row's codes may take from that. */
struct vexfs_code_reach {
    /* What one unit of a product is worth, but for the row's scale. */
    float factor;
    /* Errors of a score: for each unit of the row's residual and norm, and for every row. */
    float by_residual, by_norm, constant;
    /* By the product: the least that counts. By the distance: the greatest. */
    float limit;
    /* By the distance: the squared length of the query's codes; negative for by the product. */
    float squared;
};

/* The indices of the rows that may reach the limit by their products with the query's codes, ascending, and of all
   whose numbers are too large for that to be known; returns how many. Room for `count` is needed. */
size_t vexfs_codes_reaching(const struct vexfs_code_reach *reach, const int32_t *products,
                            const struct vexfs_row_facts *facts, size_t count, uint32_t *reaching);

/* Keeps the best of `places` in a pool. */
void vexfs_pool_offer_all(struct vexfs_pool *pool, const uint32_t *places, const int32_t *scores, size_t count);

/* Links that several threads read and write: single links are read and written whole. */
uint32_t vexfs_link_load(const uint32_t *link);
void vexfs_link_store(uint32_t *link, uint32_t place);

/* A lock of one byte that is held for less than a microsecond; 0 is free. */
void vexfs_lock(uint8_t *lock);
void vexfs_unlock(uint8_t *lock);

/* Adds one to a counter that several threads count with; returns what it was. */
uint8_t vexfs_count_up(uint8_t *counter);

#ifdef __cplusplus
}
#endif

#endif
