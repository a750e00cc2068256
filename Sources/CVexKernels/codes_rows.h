/*
 * The parts of the code kernels that are the same for all instruction sets: each .c file defines
 *   dot4(query, row0, row1, row2, row3, width, sums)   four dot products at once
 *   dot1(a, b, width)
 *   squares4(row0, row1, row2, row3, width, sums)      four squared lengths
 *   tile(rows, depth, panel, blocks, products, stride)
 *   above16(scores, half, floor, floors)               which of 16 products less half exceed floor or their own floor
 * includes this file within its target pragma, and so has all of it compiled for its instruction set.
 */
#include <string.h>

#include "vexcodes.h"

/* How many rows ahead of the one that is compared memory is asked for. */
enum { AHEAD = 12, LINE = 64 };

static inline void ask_for(const int8_t *row, size_t width) {
    for (size_t at = 0; at < width; at += LINE) __builtin_prefetch(row + at, 0, 3);
}

static inline void take_off(int32_t *score, int32_t square, float penalty) {
    *score -= (int32_t)((float)(square / 2) * penalty);
}

/* With a penalty, half a row's square times that is taken off, from the codes that are there anyway. */
static inline __attribute__((always_inline)) void gather_rows(const int8_t *query, const int8_t *codes, size_t width,
                                                              float penalty, const uint32_t *places, size_t count,
                                                              int32_t *scores) {
    for (size_t i = 0; i < count && i < AHEAD; i++) ask_for(codes + places[i] * width, width);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t j = i + AHEAD; j < i + AHEAD + 4 && j < count; j++) ask_for(codes + places[j] * width, width);
        const int8_t *row0 = codes + places[i] * width, *row1 = codes + places[i + 1] * width;
        const int8_t *row2 = codes + places[i + 2] * width, *row3 = codes + places[i + 3] * width;
        dot4(query, row0, row1, row2, row3, width, scores + i);
        if (penalty == 0) continue;
        int32_t squares[4];
        squares4(row0, row1, row2, row3, width, squares);
        for (size_t j = 0; j < 4; j++) take_off(scores + i + j, squares[j], penalty);
    }
    for (; i < count; i++) {
        const int8_t *row = codes + places[i] * width;
        scores[i] = dot1(query, row, width);
        if (penalty != 0) take_off(scores + i, dot1(row, row, width), penalty);
    }
}

static void gather(const int8_t *query, const int8_t *codes, size_t width, const uint32_t *places, size_t count,
                   int32_t *scores) {
    gather_rows(query, codes, width, 0, places, count, scores);
}

static void gather_near(const int8_t *query, const int8_t *codes, size_t width, float penalty, const uint32_t *places,
                        size_t count, int32_t *scores) {
    gather_rows(query, codes, width, penalty, places, count, scores);
}

static void scan(const int8_t *query, const int8_t *codes, size_t width, size_t count, int32_t *scores) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const int8_t *row = codes + i * width;
        dot4(query, row, row + width, row + 2 * width, row + 3 * width, width, scores + i);
    }
    for (; i < count; i++) scores[i] = dot1(query, codes + i * width, width);
}

/* Up to TILE rows as 16-bit integers; missing ones repeat the last. */
static inline void widen_rows(const struct vexfs_points *points, const uint32_t *places, size_t count, int16_t *rows) {
    size_t depth = vexfs_codes_depth(points);
    for (size_t r = 0; r < VEXFS_CODES_TILE; r++) {
        uint32_t place = places[r < count ? r : count - 1];
        const int8_t *codes = points->codes + place * points->width;
        int16_t *row = rows + r * depth;
        for (size_t i = 0; i < points->width; i++) row[i] = codes[i];
        if (points->lifts) {
            row[points->width] = (int16_t)points->lifts[place];
            row[points->width + 1] = 0;
        }
    }
}

/* Puts a score into a list, best first, whose last entry it beats. */
static inline void keep_best(uint64_t *best, size_t keep, uint64_t entry) {
    size_t at = keep - 1;
    for (; at > 0 && best[at - 1] < entry; at--) best[at] = best[at - 1];
    best[at] = entry;
}

static inline uint64_t entry_of(int32_t score, size_t index) {
    return (uint64_t)((uint32_t)score ^ 0x80000000u) << 32 | (0xFFFFFFFFu - (uint32_t)index);
}

static inline int32_t floor_of(const uint64_t *best, size_t keep) {
    return (int32_t)((uint32_t)(best[keep - 1] >> 32) ^ 0x80000000u);
}

/* Among equals those that follow in the leaf come first: each of many equal points then has others as neighbours. */
static inline void offer_pair(const struct vexfs_leaf *leaf, size_t at, size_t other, int32_t score) {
    uint64_t *best = leaf->best + at * leaf->keep;
    uint64_t entry = entry_of(score, other > at ? other - at : other + leaf->count - at);
    if (entry <= best[leaf->keep - 1]) return;
    keep_best(best, leaf->keep, entry);
    leaf->floors[at] = floor_of(best, leaf->keep);
}

/* All pairs are symmetric: each is computed once and offered to both sides. */
static void leaf(const struct vexfs_leaf *leaf) {
    size_t depth = vexfs_codes_depth(leaf->points), count = leaf->count;
    size_t blocks = (count + VEXFS_CODES_COLUMNS - 1) / VEXFS_CODES_COLUMNS, columns = blocks * VEXFS_CODES_COLUMNS;
    memset(leaf->best, 0, count * leaf->keep * sizeof(uint64_t));
    for (size_t j = 0; j < columns; j++) {
        leaf->halves[j] = j < count ? leaf->points->halves[leaf->places[j]] : 0;
        leaf->floors[j] = j < count ? INT32_MIN : INT32_MAX;
    }
    vexfs_codes_pack(leaf->points, leaf->places, count, leaf->panel);
    for (size_t i = 0; i < count; i += VEXFS_CODES_TILE) {
        size_t rows = count - i < VEXFS_CODES_TILE ? count - i : VEXFS_CODES_TILE;
        size_t from = i / VEXFS_CODES_COLUMNS;
        widen_rows(leaf->points, leaf->places + i, rows, leaf->rows);
        tile(leaf->rows, depth, leaf->panel + from * VEXFS_CODES_COLUMNS * depth, blocks - from,
             leaf->products + from * VEXFS_CODES_COLUMNS, columns);
        for (size_t r = 0; r < rows; r++) {
            size_t row = i + r;
            int32_t *products = leaf->products + r * columns, half = leaf->halves[row];
            for (size_t j = (row + 1) / VEXFS_CODES_COLUMNS * VEXFS_CODES_COLUMNS; j < columns;
                 j += VEXFS_CODES_COLUMNS) {
                uint32_t hits = above16(products + j, half, leaf->halves + j, leaf->floors[row], leaf->floors + j);
                for (; hits; hits &= hits - 1) {
                    size_t column = j + (size_t)__builtin_ctz(hits);
                    if (column <= row || column >= count) continue;
                    int32_t score = products[column] - half - leaf->halves[column];
                    offer_pair(leaf, row, column, score);
                    offer_pair(leaf, column, row, score);
                }
            }
        }
    }
}

static void assign(const struct vexfs_assignment *work) {
    size_t depth = vexfs_codes_depth(work->points), keep = work->keep;
    size_t blocks = (work->leaders + VEXFS_CODES_COLUMNS - 1) / VEXFS_CODES_COLUMNS;
    size_t columns = blocks * VEXFS_CODES_COLUMNS;
    int32_t never[VEXFS_CODES_COLUMNS];
    for (size_t j = 0; j < VEXFS_CODES_COLUMNS; j++) never[j] = INT32_MAX;
    memset(work->best, 0, work->count * keep * sizeof(uint64_t));
    for (size_t i = 0; i < work->count; i += VEXFS_CODES_TILE) {
        size_t rows = work->count - i < VEXFS_CODES_TILE ? work->count - i : VEXFS_CODES_TILE;
        widen_rows(work->points, work->places + i, rows, work->rows);
        tile(work->rows, depth, work->panel, blocks, work->products, columns);
        for (size_t r = 0; r < rows; r++) {
            uint64_t *best = work->best + (i + r) * keep;
            int32_t *products = work->products + r * columns;
            for (size_t j = 0; j < columns; j += VEXFS_CODES_COLUMNS) {
                int32_t floor = floor_of(best, keep);
                uint32_t hits = above16(products + j, 0, work->halves + j, floor, never);
                for (; hits; hits &= hits - 1) {
                    size_t column = j + (size_t)__builtin_ctz(hits);
                    if (column >= work->leaders) continue;
                    uint64_t entry = entry_of(products[column] - work->halves[column], column);
                    if (entry > best[keep - 1]) keep_best(best, keep, entry);
                }
            }
        }
    }
}

static inline int32_t similarity(const struct vexfs_points *points, uint32_t a, uint32_t b) {
    int32_t score = dot1(points->codes + a * points->width, points->codes + b * points->width, points->width);
    if (points->lifts) score += points->lifts[a] * points->lifts[b];
    return score - points->halves[a] - points->halves[b];
}

/* Puts the candidates that equal the point in order of their places, the next ones first; returns how many. */
static size_t nearest_equals(const struct vexfs_prune *work) {
    uint64_t *items = work->candidates;
    size_t same = 0;
    while (same < work->count && vexfs_item_score(items[same]) >= 0) same++;
    for (size_t i = 0; i < same && i < work->most; i++)
        for (size_t j = i + 1; j < same; j++) {
            uint32_t a = vexfs_item_place(items[i]), b = vexfs_item_place(items[j]);
            if ((b > work->place ? b - work->place : work->place - b) <
                (a > work->place ? a - work->place : work->place - a)) {
                uint64_t item = items[i];
                items[i] = items[j];
                items[j] = item;
            }
        }
    return same;
}

static size_t prune(const struct vexfs_prune *work) {
    enum { UNTRIED = 0, REFUSED = 1, TAKEN = 2 };
    const struct vexfs_points *points = work->points;
    size_t taken = 0, same = nearest_equals(work);
    memset(work->state, UNTRIED, work->count);
    for (int pass = 0; pass < 2 && taken < work->most; pass++) {
        float slack = pass ? work->slack : 1.0f;
        for (size_t i = 0; i < work->count && taken < work->most; i++) {
            if (work->state[i] == TAKEN) continue;
            uint32_t place = vexfs_item_place(work->candidates[i]);
            int32_t score = vexfs_item_score(work->candidates[i]);
            float distance = -(float)score;
            int keep = 1;
            for (size_t j = 0; j < taken && keep; j++) {
                int32_t between = similarity(points, place, work->links[j]);
                if (slack * -(float)between < distance) keep = 0;
            }
            /* Links to two equal points chain them all; the others have to wait for what is left. */
            if (pass == 0 && i < same && i >= 2) keep = 0;
            work->state[i] = keep ? TAKEN : REFUSED;
            if (keep) work->links[taken++] = place;
        }
    }
    return taken;
}

/* Scores places against the point of `work` into its candidates, best first. */
static void rank(struct vexfs_prune *work, const uint32_t *places, size_t count) {
    const struct vexfs_points *points = work->points;
    int32_t half = points->halves[work->place];
    gather(points->codes + work->place * points->width, points->codes, points->width, places, count, work->scores);
    for (size_t i = 0; i < count; i++) {
        int32_t score = work->scores[i] - half - points->halves[places[i]];
        if (points->lifts) score += points->lifts[work->place] * points->lifts[places[i]];
        work->candidates[i] = vexfs_item(score, places[i]);
    }
    work->count = count;
    vexfs_items_sort(work->candidates, count);
}

/* Sorts places and drops repeats and the point itself; returns how many are left. */
static size_t distinct(uint32_t *places, size_t count, uint32_t self) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t place = places[i];
        if (place == self) continue;
        size_t at = kept;
        while (at > 0 && places[at - 1] > place) at--;
        if (at > 0 && places[at - 1] == place) continue;
        memmove(places + at + 1, places + at, (kept - at) * sizeof(uint32_t));
        places[at] = place;
        kept++;
    }
    return kept;
}

static size_t choose(struct vexfs_prune *work, uint32_t *places, size_t count) {
    count = distinct(places, count, work->place);
    rank(work, places, count);
    return prune(work);
}

static size_t fill(struct vexfs_prune *work, size_t taken, uint32_t *places, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        int known = places[i] == work->place;
        for (size_t j = 0; j < taken && !known; j++) known = work->links[j] == places[i];
        places[kept] = places[i];
        kept += !known;
    }
    if (kept > work->most - taken) {
        rank(work, places, kept);
        for (size_t i = 0; taken < work->most; i++) work->links[taken++] = vexfs_item_place(work->candidates[i]);
    } else {
        for (size_t i = 0; i < kept; i++) work->links[taken++] = places[i];
    }
    return taken;
}

/* Writes the links of a point that this walk has not seen, and marks them as seen. */
static inline size_t unseen(struct vexfs_walk *walk, uint32_t place, uint32_t *places) {
    const uint32_t *links = walk->links + place * walk->degree;
    uint8_t *marks = walk->marks, number = walk->number;
    uint32_t limit = walk->limit;
    size_t count = 0;
    for (size_t i = 0; i < walk->degree; i++) {
        uint32_t link = __atomic_load_n(links + i, __ATOMIC_RELAXED);
        if (link >= limit) {
            if (link == VEXFS_NO_LINK) break;
            continue;
        }
        places[count] = link;
        count += marks[link] != number;
        marks[link] = number;
    }
    return count;
}

/* Scores points against the query of a walk. */
static inline void score(const struct vexfs_walk *walk, const uint32_t *places, size_t count, int32_t *scores) {
    const struct vexfs_points *points = walk->points;
    gather(walk->query, points->codes, points->width, places, count, scores);
    if (walk->penalty != 0)
        for (size_t i = 0; i < count; i++) scores[i] -= (int32_t)((float)points->halves[places[i]] * walk->penalty);
    if (walk->lift)
        for (size_t i = 0; i < count; i++) scores[i] += walk->lift * points->lifts[places[i]];
}

/* Compares `count` points with the query and offers them; returns the lowest index of the pool that changed. */
static inline uint32_t compare(struct vexfs_walk *walk, const uint32_t *places, size_t count) {
    int32_t *scores = walk->scores;
    score(walk, places, count, scores);
    uint32_t lowest = walk->pool.capacity;
    walk->compared += count;
    for (size_t i = 0; i < count; i++) {
        uint64_t item = vexfs_item(scores[i], places[i]);
        if (walk->pool.count < walk->pool.capacity || item > walk->pool.items[walk->pool.capacity - 1]) {
            uint32_t at = vexfs_pool_offer(&walk->pool, item);
            if (at < lowest) lowest = at;
        }
        if (walk->passing && vexfs_passes(walk->passing, places[i])) {
            walk->passed++;
            vexfs_pool_offer(&walk->found, item);
        }
    }
    return lowest;
}

static void enter(struct vexfs_walk *walk, const uint32_t *places, size_t count) {
    while (count) {
        size_t some = 0, taken = 0;
        for (; taken < count && some < walk->room; taken++) {
            uint32_t place = places[taken];
            if (place >= walk->limit || walk->marks[place] == walk->number) continue;
            walk->marks[place] = walk->number;
            walk->places[some++] = place;
        }
        compare(walk, walk->places, some);
        places += taken;
        count -= taken;
    }
}

static void enter_best(struct vexfs_walk *walk, const uint32_t *places, size_t count) {
    enum { FEW = 4 };
    uint64_t items[FEW];
    uint32_t best[FEW];
    struct vexfs_pool pool = {items, 0, FEW};
    if (count > walk->room) count = walk->room;
    while (count && places[count - 1] >= walk->limit) count--;
    score(walk, places, count, walk->scores);
    walk->compared += count;
    vexfs_pool_offer_all(&pool, places, walk->scores, count);
    for (uint32_t i = 0; i < pool.count; i++) best[i] = vexfs_item_place(items[i]);
    enter(walk, best, pool.count);
}

static inline void ask_for_links(const struct vexfs_walk *walk, uint32_t at) {
    if (at >= walk->pool.count) return;
    const uint32_t *links = walk->links + vexfs_item_place(walk->pool.items[at]) * walk->degree;
    for (size_t i = 0; i < walk->degree; i += LINE / 4) __builtin_prefetch(links + i, 0, 3);
}

/* The next point to expand: nearest first. Nothing that comes later can be among the found once they are full and
   better. */
static inline int next(struct vexfs_walk *walk, uint32_t *at) {
    while (*at < walk->pool.count && (walk->pool.items[*at] & 1)) ++*at;
    if (*at >= walk->pool.count || (walk->budget && walk->compared >= walk->budget)) return 0;
    return !(walk->passing && walk->found.capacity && walk->found.count == walk->found.capacity &&
             walk->pool.items[*at] < walk->found.items[walk->found.count - 1]);
}

static void walk(struct vexfs_walk *walk) {
    uint32_t at = 0;
    while (next(walk, &at)) {
        uint32_t place = vexfs_item_place(walk->pool.items[at]);
        walk->pool.items[at] |= 1;
        size_t count = unseen(walk, place, walk->places);
        uint32_t lowest = compare(walk, walk->places, count);
        if (lowest < at) at = lowest;
        ask_for_links(walk, at);
    }
}

/* Neighbours that pass, and the passing neighbours of those that don't, as long as there are fewer than a point has
   links. Which ones pass cannot be foretold: no branch depends on it. */
static inline size_t unseen_passing(struct vexfs_walk *walk, uint32_t place, uint32_t *places, uint32_t *through) {
    const struct vexfs_passing passing = *walk->passing;
    uint8_t *marks = walk->marks, number = walk->number;
    size_t degree = walk->degree, near = unseen(walk, place, through), count = 0, others = 0;
    for (size_t i = 0; i < near; i++) {
        uint32_t link = through[i];
        int passes = vexfs_passes(&passing, link);
        places[count] = through[others] = link;
        count += (size_t)passes;
        others += (size_t)!passes;
    }
    for (size_t i = 0; i < others && count < degree;) {
        /* First those that pass, most of the others' marks are not looked at; then those that were not seen. */
        size_t passed = count;
        for (; i < others && passed < degree; i++) {
            if (i + 2 < others) {
                const uint32_t *next = walk->links + through[i + 2] * degree;
                for (size_t j = 0; j < degree; j += LINE / 4) __builtin_prefetch(next + j, 0, 3);
            }
            const uint32_t *links = walk->links + through[i] * degree;
            for (size_t j = 0; j < degree && links[j] != VEXFS_NO_LINK; j++) {
                places[passed] = links[j];
                passed += (size_t)vexfs_passes(&passing, links[j]);
            }
        }
        for (size_t j = count; j < passed; j++) {
            uint32_t link = places[j];
            places[count] = link;
            count += marks[link] != number;
            marks[link] = number;
        }
    }
    return count;
}

static void walk_passing(struct vexfs_walk *walk) {
    /* The upper part of the room is for neighbours that don't pass. */
    uint32_t room = walk->room, at = 0;
    uint32_t *through = walk->places + room - walk->degree;
    walk->room = room - (uint32_t)walk->degree;
    while (next(walk, &at)) {
        uint32_t place = vexfs_item_place(walk->pool.items[at]);
        walk->pool.items[at] |= 1;
        size_t count = unseen_passing(walk, place, walk->places, through);
        uint32_t lowest = compare(walk, walk->places, count);
        if (lowest < at) at = lowest;
        ask_for_links(walk, at);
    }
    walk->room = room;
}

#define VEXFS_CODES_TABLE                                                                                              \
    {                                                                                                                  \
        .dot = dot1, .gather = gather, .gather_near = gather_near, .scan = scan, .products = tile,                     \
        .leaf = leaf, .assign = assign, .prune = prune,                                                                \
        .choose = choose, .fill = fill, .walk = walk, .enter = enter, .enter_best = enter_best,                        \
        .walk_passing = walk_passing,                                                                                  \
    }
