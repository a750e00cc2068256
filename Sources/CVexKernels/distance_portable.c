#include "distance_rows.h"

#include <math.h>

/* Sixteen independent sums: the order of additions is then the source's, and a compiler may keep them in registers of
   whatever width it has (SSE2, NEON) without being allowed to reorder floating-point additions. */
enum { LANES = 16 };

static inline float sum_lanes(const float *lanes) {
    float eight[8], four[4];
    for (int i = 0; i < 8; i++) eight[i] = lanes[i] + lanes[i + 8];
    for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

#define DEFINE_ROW(NAME, TERM)                                                                                         \
    static inline float NAME(const float *a, const float *b, size_t n) {                                               \
        float lanes[LANES] = {0};                                                                                      \
        size_t i = 0;                                                                                                  \
        for (; i + LANES <= n; i += LANES)                                                                             \
            for (int lane = 0; lane < LANES; lane++) lanes[lane] += TERM(a[i + lane], b[i + lane]);                    \
        for (int lane = 0; i < n; i++, lane++) lanes[lane] += TERM(a[i], b[i]);                                        \
        return sum_lanes(lanes);                                                                                       \
    }

#define PRODUCT(x, y) ((x) * (y))
#define SQUARED_DIFFERENCE(x, y) (((x) - (y)) * ((x) - (y)))
#define ABSOLUTE_DIFFERENCE(x, y) fabsf((x) - (y))

DEFINE_ROW(row_dot, PRODUCT)
DEFINE_ROW(row_l2, SQUARED_DIFFERENCE)
DEFINE_ROW(row_l1, ABSOLUTE_DIFFERENCE)

static inline int32_t row_i8(const int8_t *a, const int8_t *b, size_t n) {
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

VEXFS_DEFINE_F32
VEXFS_DEFINE_I8(i8, row_i8)

static void quantize_i8(const float *row, size_t n, float factor, int8_t *codes) {
    for (size_t i = 0; i < n; i++) {
        float value = row[i] * factor;
        value = value < 127.0f ? value : 127.0f;
        value = value > -127.0f ? value : -127.0f;
        codes[i] = (int8_t)nearbyintf(value);
    }
}

const struct vexfs_distance_kernels vexfs_distance_portable = {
    .one_f32 = one_f32, .scan_f32 = scan_f32, .gather_f32 = gather_f32,
    .dot_i8 = dot_i8, .scan_i8 = scan_all_i8, .gather_i8 = gather_all_i8, .quantize_i8 = quantize_i8,
};
