#include "fastscan_levels.h"

#pragma STDC FP_CONTRACT OFF

#define LANES 4
#define TILE 2
#define FUSED 0
#include "rotation_rounds.h"
#include "fastscan_codes.h"
#include "fastscan_product.h"

static void add_block(const uint8_t *codes, const uint8_t *table, size_t nibbles, uint32_t *sums) {
    memset(sums, 0, VEXFS_BLOCK_ROWS * sizeof *sums);
    for (size_t n = 0; n < nibbles; n++) {
        for (size_t byte = 0; byte < 16; byte++) {
            size_t row = byte / 2 + byte % 2 * 8;
            sums[row] += table[n * 16 + (codes[n * 16 + byte] & 15)];
            sums[row + 16] += table[n * 16 + (codes[n * 16 + byte] >> 4)];
        }
    }
}

static size_t scan(const struct vexfs_code_scan *scan, float *estimates, uint32_t *numbers) {
    size_t found = 0;
    for (size_t block = 0; block < scan->blocks; block++) {
        uint32_t allowed = scan->allowed ? scan->allowed[block] : ~0u;
        if (!allowed) continue;
        uint32_t sums[VEXFS_BLOCK_ROWS];
        add_block(scan->codes + block * scan->groups * VEXFS_GROUP_BYTES, scan->table,
                  scan->groups * VEXFS_GROUP_NIBBLES, sums);
        const uint16_t *factors = scan->factors + block * 2 * VEXFS_BLOCK_ROWS;
        for (size_t row = 0; row < VEXFS_BLOCK_ROWS; row++) {
            float estimate = (float)sums[row] * scan->scale;
            estimate = estimate + scan->base;
            estimate = estimate * half_value(factors[row]);
            estimate = estimate + half_value(factors[VEXFS_BLOCK_ROWS + row]);
            estimate = estimate + scan->offset;
            if (!(estimate > scan->threshold) || !(allowed >> row & 1)) continue;
            estimates[found] = estimate;
            numbers[found++] = scan->first + (uint32_t)(block * VEXFS_BLOCK_ROWS + row);
        }
    }
    return found;
}

static size_t mask(const uint32_t *rows, size_t blocks, const uint64_t *bitmap, size_t words, uint32_t *masks) {
    size_t passing = 0;
    for (size_t block = 0; block < blocks; block++) {
        uint32_t bits = 0;
        for (size_t lane = 0; lane < VEXFS_BLOCK_ROWS; lane++) {
            uint32_t row = rows[block * VEXFS_BLOCK_ROWS + lane];
            if (row >> 6 < words) bits |= (uint32_t)(bitmap[row >> 6] >> (row & 63) & 1) << lane;
        }
        masks[block] = bits;
        passing += (size_t)__builtin_popcount(bits);
    }
    return passing;
}

const struct vexfs_list_kernels vexfs_lists_portable = {
    .scan = scan, .mask = mask, .rotate = rotate,
    .encode_signs = encode_signs, .encode_product = encode_product,
    .table_signs = table_signs, .table_product = table_product, .narrow_table = narrow_table,
    .products = products,
};
