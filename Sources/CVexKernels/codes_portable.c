#include "vexcodes.h"

static int32_t dot1(const int8_t *a, const int8_t *b, size_t width) {
    int32_t sum = 0;
    for (size_t i = 0; i < width; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

static inline void dot4(const int8_t *query, const int8_t *row0, const int8_t *row1, const int8_t *row2,
                        const int8_t *row3, size_t width, int32_t *sums) {
    sums[0] = dot1(query, row0, width);
    sums[1] = dot1(query, row1, width);
    sums[2] = dot1(query, row2, width);
    sums[3] = dot1(query, row3, width);
}

static inline void squares4(const int8_t *row0, const int8_t *row1, const int8_t *row2, const int8_t *row3,
                            size_t width, int32_t *sums) {
    sums[0] = dot1(row0, row0, width);
    sums[1] = dot1(row1, row1, width);
    sums[2] = dot1(row2, row2, width);
    sums[3] = dot1(row3, row3, width);
}

static void tile(const int16_t *rows, size_t depth, const int16_t *panel, size_t blocks, int32_t *products,
                 size_t stride) {
    for (size_t r = 0; r < VEXFS_CODES_TILE; r++)
        for (size_t b = 0; b < blocks; b++) {
            const int16_t *row = rows + r * depth, *block = panel + b * VEXFS_CODES_COLUMNS * depth;
            int32_t *sums = products + r * stride + b * VEXFS_CODES_COLUMNS;
            for (size_t c = 0; c < VEXFS_CODES_COLUMNS; c++) sums[c] = 0;
            for (size_t k = 0; k < depth; k += 2, block += 2 * VEXFS_CODES_COLUMNS)
                for (size_t c = 0; c < VEXFS_CODES_COLUMNS; c++)
                    sums[c] += (int32_t)row[k] * block[2 * c] + (int32_t)row[k + 1] * block[2 * c + 1];
        }
}

static inline uint32_t above16(const int32_t *products, int32_t half, const int32_t *halves, int32_t floor,
                               const int32_t *floors) {
    uint32_t hits = 0;
    for (uint32_t c = 0; c < VEXFS_CODES_COLUMNS; c++) {
        int32_t score = products[c] - half - halves[c];
        hits |= (uint32_t)(score > floor || score > floors[c]) << c;
    }
    return hits;
}

#include "codes_rows.h"

extern const struct vexfs_codes_kernels vexfs_codes_portable;
const struct vexfs_codes_kernels vexfs_codes_portable = VEXFS_CODES_TABLE;
