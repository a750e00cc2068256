#ifndef VEXKERNELS_H
#define VEXKERNELS_H

#include <stdint.h>
#include <stddef.h>

/* The instruction sets the kernels are compiled for; chosen once at run time, VEXFS_SIMD overrides. */
enum vexfs_simd { VEXFS_SIMD_PORTABLE = 0, VEXFS_SIMD_AVX2 = 1, VEXFS_SIMD_AVX512 = 2 };

/* The best set that this CPU has, or the one VEXFS_SIMD=portable|avx2|avx512 names if the CPU has it. */
enum vexfs_simd vexfs_simd_level(void);

#endif
