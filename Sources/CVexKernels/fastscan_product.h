/*
 * Rows times packed columns, compiled by each implementation; it defines LANES (floats in a register), TILE (rows at a
 * time) and FUSED. Included after rotation_rounds.h.
 */
typedef float lanes_t __attribute__((vector_size(LANES * 4)));
typedef float lanes_in_memory __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
enum { VECTORS = VEXFS_PANEL / LANES };

ALWAYS void tile(const int count, const float *const *rows, size_t dimension, const float *panel, const float *bias,
                 float *scores, size_t columns) {
    lanes_t sums[TILE][VECTORS];
    _Pragma("clang loop unroll(full)") for (int r = 0; r < count; r++)
        _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v++)
            sums[r][v] = *(const lanes_in_memory *)(const void *)(bias + v * LANES);
    for (size_t k = 0; k < dimension; k++) {
        lanes_t column[VECTORS];
        _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v++)
            column[v] = *(const lanes_in_memory *)(const void *)(panel + k * VEXFS_PANEL + (size_t)v * LANES);
        _Pragma("clang loop unroll(full)") for (int r = 0; r < count; r++) {
            lanes_t value = rows[r][k] - (lanes_t){0};
            _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v++)
#if FUSED
                sums[r][v] = __builtin_elementwise_fma(value, column[v], sums[r][v]);
#else
                sums[r][v] += value * column[v];
#endif
        }
    }
    _Pragma("clang loop unroll(full)") for (int r = 0; r < count; r++)
        _Pragma("clang loop unroll(full)") for (int v = 0; v < VECTORS; v++)
            *(lanes_in_memory *)(void *)(scores + (size_t)r * columns + (size_t)v * LANES) = sums[r][v];
}

static void products(const float *const *rows, size_t count, size_t dimension, const float *panels, const float *bias,
                     size_t columns, float *scores) {
    for (size_t column = 0; column < columns; column += VEXFS_PANEL) {
        const float *panel = panels + column * dimension;
        size_t row = 0;
        for (; row + TILE <= count; row += TILE)
            tile(TILE, rows + row, dimension, panel, bias + column, scores + row * columns + column, columns);
        for (; row < count; row++)
            tile(1, rows + row, dimension, panel, bias + column, scores + row * columns + column, columns);
    }
}
