#include "sparse_windows.h"

#define VERSION(NAME, TARGET)                                                                                          \
    TARGET static void add_codes_##NAME(                                                                               \
        float *estimates, const uint8_t *const *codes, const float *steps, size_t count) {                             \
        add_codes(estimates, codes, steps, count);                                                                     \
    }                                                                                                                  \
    TARGET static size_t above_##NAME(const float *estimates, float cutoff) { return above(estimates, cutoff); }       \
    TARGET static size_t collect_##NAME(                                                                               \
        struct vexfs_sparse_candidate *out, float *estimates, const uint64_t *allowed, float cutoff) {                 \
        return collect(out, estimates, allowed, cutoff);                                                               \
    }                                                                                                                  \
    static const struct vexfs_sparse_kernels NAME = {                                                                  \
        .add_codes = add_codes_##NAME, .above = above_##NAME, .collect = collect_##NAME};

VERSION(portable, )
#if defined(__x86_64__)
/* Without FMA: a sum that is rounded once would differ from the other versions'. */
VERSION(avx2, __attribute__((target("avx2"))))
VERSION(avx512, __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))))
#endif

const struct vexfs_sparse_kernels *vexfs_sparse_kernels_at(enum vexfs_simd level) {
    if (!vexfs_distance_kernels_at(level)) return NULL;
    switch (level) {
#if defined(__x86_64__)
    case VEXFS_SIMD_AVX512: return &avx512;
    case VEXFS_SIMD_AVX2: return &avx2;
#endif
    default: return &portable;
    }
}

const struct vexfs_sparse_kernels *vexfs_sparse_kernels(void) { return vexfs_sparse_kernels_at(vexfs_simd_level()); }
