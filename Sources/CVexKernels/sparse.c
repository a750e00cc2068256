#include "include/vexsparse.h"

#include <string.h>

static const uint64_t untouched = 0x8000000000000000u;

void vexfs_sparse_reset(double *scores) {
    for (size_t i = 0; i < VEXFS_SPARSE_WINDOW; i++) scores[i] = -0.0;
}

int vexfs_sparse_any(const uint64_t *allowed) {
    uint64_t any = 0;
    for (size_t i = 0; i < VEXFS_SPARSE_WINDOW / 64; i++) any |= allowed[i];
    return any != 0;
}

void vexfs_sparse_add(double *scores, const uint16_t *places, const float *values, size_t count, double weight) {
    /* Adding 0 makes +0.0 of a product that is −0.0, so that the sum is touched. */
    for (size_t i = 0; i < count; i++) scores[places[i] % VEXFS_SPARSE_WINDOW] += weight * values[i] + 0.0;
    /* The next window goes on here, and more lists are read side by side than the CPU follows by itself. */
    __builtin_prefetch(places + count + 16);
    __builtin_prefetch(places + count + 48);
    for (size_t i = 8; i < 72; i += 16) __builtin_prefetch(values + count + i);
}

static inline int is_untouched(double score) {
    uint64_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits == untouched;
}

static inline int is_set(const uint64_t *bits, size_t index) { return (int)(bits[index / 64] >> (index % 64) & 1); }

/* Four scores; compared with another four they give all bits or none of each. */
typedef double four_scores __attribute__((vector_size(32), aligned(8)));
typedef int64_t four_bits __attribute__((vector_size(32)));

/* Whether one of eight scores is above the cutoff. */
static inline int any_above(const double *scores, double cutoff) {
    const four_scores limit = {cutoff, cutoff, cutoff, cutoff};
    const four_bits above = (*(const four_scores *)scores > limit) | (*(const four_scores *)(scores + 4) > limit);
    return (above[0] | above[1] | above[2] | above[3]) != 0;
}

size_t vexfs_sparse_collect(
    struct vexfs_sparse_candidate *out, double *scores, const uint64_t *allowed, double cutoff) {
    size_t found = 0;
    for (size_t first = 0; first < VEXFS_SPARSE_WINDOW; first += 8) {
        if (!any_above(scores + first, cutoff)) continue;
        for (size_t place = first; place < first + 8; place++) {
            const double score = scores[place];
            if (score > cutoff && !is_untouched(score) && is_set(allowed, place)) {
                out[found++] = (struct vexfs_sparse_candidate){score, (uint32_t)place};
            }
        }
    }
    vexfs_sparse_reset(scores);
    return found;
}

void vexfs_sparse_encode(
    uint8_t *codes, size_t length, const float *values, const uint16_t *places, size_t count, uint32_t first,
    float step) {
    const float inverse = 1 / step;
    memset(codes, 0, length);
    for (size_t i = 0; i < count; i++) {
        const float scaled = values[i] * inverse;
        const int floor = (int)scaled;
        const int code = floor + ((float)floor * step < values[i]);
        codes[places[i] - first] = (uint8_t)(code < 255 ? code : 255);
    }
}

void vexfs_sparse_estimate(float *estimates, const uint16_t *places, const float *values, size_t count, float weight) {
    for (size_t i = 0; i < count; i++) estimates[places[i] % VEXFS_SPARSE_WINDOW] += weight * values[i];
    __builtin_prefetch(places + count + 16);
    for (size_t i = 8; i < 40; i += 16) __builtin_prefetch(values + count + i);
}

size_t vexfs_sparse_collect_listed(
    struct vexfs_sparse_candidate *out, float *estimates, const uint16_t *places, size_t count,
    const uint64_t *allowed, float cutoff) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t place = places[i] % VEXFS_SPARSE_WINDOW;
        const float estimate = estimates[place];
        estimates[place] = 0;
        if (estimate > cutoff && is_set(allowed, place)) {
            out[found++] = (struct vexfs_sparse_candidate){0, (uint32_t)place};
        }
    }
    return found;
}

size_t vexfs_sparse_below(const uint16_t *places, size_t count, uint32_t limit) {
    size_t first = 0;
    while (count > 0) {
        const size_t half = count / 2;
        const int is_right = places[first + half] < limit;
        first = is_right ? first + half + 1 : first;
        count = is_right ? count - half - 1 : half;
    }
    return first;
}

/* About where a place of the window is among `count` of them, were they evenly spread. */
static inline size_t guess(uint32_t place, size_t count) { return place * count / VEXFS_SPARSE_WINDOW; }

/* How many of the ascending places are below `limit`, looked for on both sides of the guess in ever larger steps. */
static inline size_t below_from(size_t start, const uint16_t *places, size_t count, uint32_t limit) {
    size_t low = start, high = start, step = 8;
    while (low > 0 && places[low - 1] >= limit) {
        high = low;
        low = low > step ? low - step : 0;
        step *= 2;
    }
    step = 8;
    while (high < count && places[high] < limit) {
        low = high + 1;
        high = count - high > step ? high + step : count;
        step *= 2;
    }
    return low + vexfs_sparse_below(places + low, high - low, limit);
}

void vexfs_sparse_prefetch(
    const struct vexfs_sparse_candidate *candidates, size_t candidate_count, const uint16_t *places,
    const float *values, size_t count) {
    for (size_t i = 0; i < candidate_count; i++) {
        const size_t index = guess(candidates[i].place, count);
        __builtin_prefetch(places + index);
        __builtin_prefetch(values + index);
    }
}

size_t vexfs_sparse_refine(
    struct vexfs_sparse_candidate *candidates, size_t candidate_count, const uint16_t *places, const float *values,
    size_t count, double weight, double cutoff) {
    size_t left = 0;
    const uint32_t window = count > 0 ? places[0] / VEXFS_SPARSE_WINDOW * VEXFS_SPARSE_WINDOW : 0;
    for (size_t i = 0; i < candidate_count; i++) {
        struct vexfs_sparse_candidate candidate = candidates[i];
        const uint32_t place = window + candidate.place;
        const size_t index = below_from(guess(candidate.place, count), places, count, place);
        if (index < count && places[index] == place) candidate.score += weight * values[index];
        if (candidate.score > cutoff) candidates[left++] = candidate;
    }
    return left;
}

size_t vexfs_sparse_count(const uint16_t *places, size_t count, const uint64_t *bits) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += bits[places[i] / 64] >> (places[i] % 64) & 1;
    return total;
}

size_t vexfs_sparse_dot(
    double *product, const uint32_t *left, const float *left_values, size_t left_count, const uint32_t *right,
    const float *right_values, size_t right_count) {
    double sum = 0;
    size_t shared = 0, i = 0, j = 0;
    while (i < left_count && j < right_count) {
        const uint32_t a = left[i], b = right[j];
        if (a == b) {
            sum += (double)left_values[i] * right_values[j];
            shared++;
        }
        i += a <= b;
        j += b <= a;
    }
    *product = sum;
    return shared;
}
