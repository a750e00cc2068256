#include "vexkernels.h"

#include <stdlib.h>
#include <string.h>

static enum vexfs_simd detect(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    enum vexfs_simd best = avx512 ? VEXFS_SIMD_AVX512 : avx2 ? VEXFS_SIMD_AVX2 : VEXFS_SIMD_PORTABLE;
#else
    enum vexfs_simd best = VEXFS_SIMD_PORTABLE;
#endif
    const char *wanted = getenv("VEXFS_SIMD");
    if (wanted && !strcmp(wanted, "portable")) return VEXFS_SIMD_PORTABLE;
    if (wanted && !strcmp(wanted, "avx2") && best >= VEXFS_SIMD_AVX2) return VEXFS_SIMD_AVX2;
    return best;
}

enum vexfs_simd vexfs_simd_level(void) {
    /* Racing first calls compute the same value. */
    static _Atomic int level = -1;
    int known = level;
    if (known < 0) level = known = detect();
    return (enum vexfs_simd)known;
}
