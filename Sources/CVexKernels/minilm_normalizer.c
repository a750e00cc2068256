#include "vexminilm.h"

/* Inclusive. */
struct range {
    uint32_t first, last;
};

/* Every `step`-th code point from `first` to `last` becomes itself plus `difference`. */
struct run {
    uint32_t first, last;
    int32_t step, difference;
};

/* A code point that becomes two or three others; 0 fills. */
struct several {
    uint32_t code_point, first, second, third;
};

#include "minilm_normalizer_runs.h"
#include "minilm_normalizer_several.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int contains(const struct range *ranges, size_t count, uint32_t code_point) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].last < code_point) low = middle + 1;
        else high = middle;
    }
    return low < count && ranges[low].first <= code_point;
}

/* The run that holds the code point. A run of step 2 may have another one in its gaps, which begins one later. */
static const struct run *find_run(uint32_t code_point) {
    size_t low = 0, high = COUNT(runs);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (runs[middle].first <= code_point) low = middle + 1;
        else high = middle;
    }
    for (size_t back = 1; back <= 3 && back <= low; back++) {
        const struct run *run = &runs[low - back];
        if (code_point <= run->last && (code_point - run->first) % (uint32_t)run->step == 0) return run;
    }
    return NULL;
}

static const struct several *find_several(uint32_t code_point) {
    size_t low = 0, high = COUNT(several);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (several[middle].code_point < code_point) low = middle + 1;
        else high = middle;
    }
    return low < COUNT(several) && several[low].code_point == code_point ? &several[low] : NULL;
}

/* Canonical decomposition of a Hangul syllable into its two or three jamo (Unicode Standard, section 3.12). */
static int decompose(uint32_t syllable, uint32_t outputs[3]) {
    uint32_t index = syllable - 0xAC00;
    outputs[0] = 0x1100 + index / 588;
    outputs[1] = 0x1161 + index % 588 / 28;
    outputs[2] = 0x11A7 + index % 28;
    return index % 28 ? 3 : 2;
}

enum vexfs_normal vexfs_normalize(uint32_t code_point, uint32_t outputs[3], int *count) {
    *count = 0;
    if (contains(dropped, COUNT(dropped), code_point)) return VEXFS_NORMAL_DROP;
    if (contains(spaces, COUNT(spaces), code_point)) return VEXFS_NORMAL_SPACE;
    outputs[0] = code_point;
    *count = 1;
    if (contains(lone, COUNT(lone), code_point)) return VEXFS_NORMAL_ALONE;
    if (code_point >= 0xAC00 && code_point <= 0xD7A3) {
        *count = decompose(code_point, outputs);
        return VEXFS_NORMAL_LETTERS;
    }
    const struct run *run = find_run(code_point);
    if (run) {
        outputs[0] = (uint32_t)((int32_t)code_point + run->difference);
        return VEXFS_NORMAL_LETTERS;
    }
    const struct several *many = find_several(code_point);
    if (many) {
        outputs[0] = many->first;
        outputs[1] = many->second;
        outputs[2] = many->third;
        *count = many->third ? 3 : 2;
    }
    return VEXFS_NORMAL_LETTERS;
}

int vexfs_is_punctuation(uint32_t code_point) {
    return contains(punctuation, COUNT(punctuation), code_point);
}
