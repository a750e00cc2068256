#include "vexcodes.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

extern const struct vexfs_codes_kernels vexfs_codes_portable;
#if defined(__x86_64__)
extern const struct vexfs_codes_kernels vexfs_codes_avx2;
extern const struct vexfs_codes_kernels vexfs_codes_avx512;
#endif

const struct vexfs_codes_kernels *vexfs_codes_kernels_at(enum vexfs_simd level) {
    if (!vexfs_distance_kernels_at(level)) return NULL;
    switch (level) {
#if defined(__x86_64__)
    case VEXFS_SIMD_AVX512:
        return __builtin_cpu_supports("avx512vnni") ? &vexfs_codes_avx512 : &vexfs_codes_avx2;
    case VEXFS_SIMD_AVX2: return &vexfs_codes_avx2;
#endif
    default: return &vexfs_codes_portable;
    }
}

const struct vexfs_codes_kernels *vexfs_codes_kernels(void) { return vexfs_codes_kernels_at(vexfs_simd_level()); }

void vexfs_codes_pack(const struct vexfs_points *points, const uint32_t *places, size_t count, int16_t *panel) {
    size_t depth = vexfs_codes_depth(points), width = points->width;
    for (size_t from = 0; from < count; from += VEXFS_CODES_COLUMNS, panel += VEXFS_CODES_COLUMNS * depth) {
        for (size_t c = 0; c < VEXFS_CODES_COLUMNS; c++) {
            int16_t *out = panel + 2 * c;
            if (from + c >= count) {
                for (size_t k = 0; k < depth; k += 2, out += 2 * VEXFS_CODES_COLUMNS) out[0] = out[1] = 0;
                continue;
            }
            uint32_t place = places[from + c];
            const int8_t *codes = points->codes + place * width;
            for (size_t k = 0; k < width; k += 2, out += 2 * VEXFS_CODES_COLUMNS) {
                out[0] = codes[k];
                out[1] = codes[k + 1];
            }
            if (points->lifts) {
                out[0] = (int16_t)points->lifts[place];
                out[1] = 0;
            }
        }
    }
}

uint32_t vexfs_pool_offer(struct vexfs_pool *pool, uint64_t item) {
    uint64_t *items = pool->items;
    if (pool->count == pool->capacity) {
        if (pool->capacity == 0 || item <= items[pool->count - 1]) return pool->capacity;
        pool->count--;
    }
    uint32_t low = 0, high = pool->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (items[middle] >= item) low = middle + 1;
        else high = middle;
    }
    memmove(items + low + 1, items + low, (pool->count - low) * sizeof(uint64_t));
    items[low] = item;
    pool->count++;
    return low;
}

static int better_first(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

void vexfs_items_sort(uint64_t *items, size_t count) {
    if (count > 128) {
        qsort(items, count, sizeof(uint64_t), better_first);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint64_t item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1] < item; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

void vexfs_score_vectors(enum vexfs_measure measure, const float *query, size_t dimension, const float *const *vectors,
                         size_t count, float *scores) {
    enum { AHEAD = 4, LINE = 64 };
    const struct vexfs_distance_kernels *kernels = vexfs_distance_kernels_at(vexfs_simd_level());
    for (size_t i = 0; i < count + AHEAD; i++) {
        if (i < count)
            for (size_t at = 0; at < dimension * sizeof(float); at += LINE)
                __builtin_prefetch((const char *)vectors[i] + at, 0, 3);
        if (i >= AHEAD) scores[i - AHEAD] = kernels->one_f32(measure, query, vectors[i - AHEAD], dimension);
    }
}

size_t vexfs_places_of_rows(const uint32_t *listed, size_t listed_count, uint32_t *rows, size_t count) {
    size_t found = 0, place = 0;
    for (size_t i = 0; i < count && place < listed_count; i++) {
        uint32_t row = rows[i];
        if (row < listed[place]) continue;
        /* Places ascend with their rows: this one lies at most as many places on as rows. */
        size_t low = place, rest = row - listed[place];
        size_t high = listed_count - place > rest ? place + rest + 1 : listed_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (listed[middle] < row) low = middle + 1;
            else high = middle;
        }
        place = low;
        if (place < listed_count && listed[place] == row) rows[found++] = (uint32_t)place++;
    }
    return found;
}

size_t vexfs_passing_sample(const struct vexfs_passing *passing, size_t count, uint64_t seed, uint32_t *places,
                            size_t wanted) {
    enum { STEPS = 4096 };
    size_t found = 0;
    for (size_t i = 0; i < wanted && count > 0; i++) {
        /* Knuth's multiplier: each step a new place, spread evenly. */
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t place = (size_t)((seed >> 32) * count >> 32);
        for (size_t step = 0; step < STEPS; step++, place = place + 1 == count ? 0 : place + 1)
            if (vexfs_passes(passing, (uint32_t)place)) {
                places[found++] = (uint32_t)place;
                break;
            }
    }
    return found;
}

void vexfs_take_off(int32_t *scores, const int32_t *halves, size_t count, float penalty) {
    if (penalty == 0) return;
    for (size_t i = 0; i < count; i++) scores[i] -= (int32_t)((float)halves[i] * penalty);
}

int vexfs_same_places(const uint32_t *one, const uint32_t *other, size_t count) {
    return memcmp(one, other, count * sizeof *one) == 0;
}

size_t vexfs_score_from(const int32_t *scores, size_t from, size_t count, int32_t floor) {
    enum { BLOCK = 32 };
    for (; from + BLOCK <= count; from += BLOCK) {
        int any = 0;
        for (size_t i = 0; i < BLOCK; i++) any |= scores[from + i] >= floor;
        if (any) break;
    }
    while (from < count && scores[from] < floor) from++;
    return from;
}

size_t vexfs_possible(const int32_t *scores, const uint32_t *places, size_t count, const uint8_t *residuals,
                      const int32_t *floors, uint32_t *possible) {
    size_t near = 0, kept = 0;
    int32_t floor = floors[0];
    for (size_t i = 1; i < VEXFS_FLOORS; i++) floor = floors[i] < floor ? floors[i] : floor;
    for (size_t i = 0; (i = vexfs_score_from(scores, i, count, floor)) < count; i++) {
        __builtin_prefetch(residuals + places[i], 0, 3);
        possible[near++] = (uint32_t)i;
    }
    for (size_t i = 0; i < near; i++) {
        uint32_t index = possible[i];
        possible[kept] = index;
        kept += scores[index] >= floors[residuals[places[index]] * VEXFS_FLOORS / 256];
    }
    return kept;
}

/* What single precision may take from sums whose parts add up to 1, and what is lost among the smallest numbers. */
#define ROUNDED 4e-6f
#define SMALLEST 1e-37f
/* Beyond it squares and products come near what single precision has room for. */
#define HUGE_LENGTH 1e17f

static float most_by_product(const struct vexfs_code_reach *reach, float product, const struct vexfs_row_facts *row) {
    float score = product * row->scale * reach->factor;
    return score + row->residual * reach->by_residual + row->norm * reach->by_norm + SMALLEST - reach->limit;
}

static float most_by_distance(const struct vexfs_code_reach *reach, float product, const struct vexfs_row_facts *row) {
    float squares = reach->squared + row->scale * row->scale * (float)row->sum_of_squares;
    float squared = squares - 2 * (product * row->scale * reach->factor);
    float limit = reach->limit + reach->constant + row->residual * reach->by_residual + row->norm * reach->by_norm;
    return limit * limit * (1 + ROUNDED) + SMALLEST - (squared - squares * ROUNDED);
}

size_t vexfs_codes_reaching(const struct vexfs_code_reach *reach, const int32_t *products,
                            const struct vexfs_row_facts *facts, size_t count, uint32_t *reaching) {
    enum { BLOCK = 256 };
    float most[BLOCK];
    size_t found = 0;
    for (size_t from = 0; from < count; from += BLOCK) {
        size_t some = count - from < BLOCK ? count - from : BLOCK;
        if (reach->squared < 0)
            for (size_t i = 0; i < some; i++)
                most[i] = most_by_product(reach, (float)products[from + i], facts + from + i);
        else
            for (size_t i = 0; i < some; i++)
                most[i] = most_by_distance(reach, (float)products[from + i], facts + from + i);
        for (size_t i = 0; i < some; i++) {
            reaching[found] = (uint32_t)(from + i);
            /* What is not a number reaches, too. */
            found += !(most[i] < 0) | !(facts[from + i].norm + facts[from + i].residual < HUGE_LENGTH);
        }
    }
    return found;
}

void vexfs_pool_offer_all(struct vexfs_pool *pool, const uint32_t *places, const int32_t *scores, size_t count) {
    size_t i = 0;
    for (; i < count && pool->count < pool->capacity; i++) vexfs_pool_offer(pool, vexfs_item(scores[i], places[i]));
    if (pool->capacity == 0) return;
    while (i < count) {
        i = vexfs_score_from(scores, i, count, vexfs_item_score(pool->items[pool->count - 1]));
        if (i < count) vexfs_pool_offer(pool, vexfs_item(scores[i], places[i]));
        i++;
    }
}

uint32_t vexfs_link_load(const uint32_t *link) { return __atomic_load_n(link, __ATOMIC_RELAXED); }

void vexfs_link_store(uint32_t *link, uint32_t place) { __atomic_store_n(link, place, __ATOMIC_RELAXED); }

uint8_t vexfs_count_up(uint8_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

void vexfs_lock(uint8_t *lock) {
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) sched_yield();
}

void vexfs_unlock(uint8_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
