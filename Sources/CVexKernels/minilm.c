#include "minilm_layout.h"
#include "vexkernels.h"

static const char *const names[VEXFS_MINILM_VARIANTS] = {
    "portable", "avx2", "avx512", "avx512-bf16", "avx512-emulated", "avx2-adders",
};

/* Null for a variant that this architecture does not have. */
static const struct variant *table(enum vexfs_minilm_variant variant) {
    switch (variant) {
    case VEXFS_MINILM_PORTABLE: return &vexfs_minilm_portable;
    case VEXFS_MINILM_EMULATED: return &vexfs_minilm_emulated;
#if defined(__x86_64__)
    case VEXFS_MINILM_AVX2: return &vexfs_minilm_avx2;
    case VEXFS_MINILM_AVX2_ADDERS: return &vexfs_minilm_avx2_adders;
    case VEXFS_MINILM_AVX512: return &vexfs_minilm_avx512;
    case VEXFS_MINILM_AVX512_BF16: return &vexfs_minilm_avx512_bf16;
#endif
    default: return NULL;
    }
}

const char *vexfs_minilm_variant_name(enum vexfs_minilm_variant variant) {
    return (unsigned)variant < VEXFS_MINILM_VARIANTS ? names[variant] : "unknown";
}

int vexfs_minilm_variant_runs(enum vexfs_minilm_variant variant) {
    if (!table(variant)) return 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    switch (variant) {
    case VEXFS_MINILM_AVX2:
    case VEXFS_MINILM_AVX2_ADDERS: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case VEXFS_MINILM_AVX512: return avx512;
    case VEXFS_MINILM_AVX512_BF16: return avx512 && __builtin_cpu_supports("avx512bf16");
    default: break;
    }
#endif
    return 1;
}

/* Whether the CPU adds floating-point numbers beside multiplying them: every Zen does, AMD's earlier cores do not, and
   Intel's with AVX2 but without AVX-512 do both on the same ports. */
static int separate_adders(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") && !__builtin_cpu_is("amdfam15h");
#else
    return 0;
#endif
}

enum vexfs_minilm_variant vexfs_minilm_best_variant(void) {
    switch (vexfs_simd_level()) {
    case VEXFS_SIMD_AVX512:
        return vexfs_minilm_variant_runs(VEXFS_MINILM_AVX512_BF16) ? VEXFS_MINILM_AVX512_BF16 : VEXFS_MINILM_AVX512;
    case VEXFS_SIMD_AVX2: return separate_adders() ? VEXFS_MINILM_AVX2_ADDERS : VEXFS_MINILM_AVX2;
    default: return VEXFS_MINILM_PORTABLE;
    }
}

size_t vexfs_minilm_packed_bytes(enum vexfs_minilm_precision precision) {
    return LAYERS * layer_bytes(precision == VEXFS_MINILM_BF16 ? sizeof(uint16_t) : sizeof(float));
}

size_t vexfs_minilm_workspace_bytes(void) { return sizeof(struct workspace); }

void vexfs_minilm_pack(enum vexfs_minilm_variant variant, enum vexfs_minilm_precision precision,
                       const struct vexfs_minilm_model *model, void *packed) {
    table(variant)->pack[precision](model, packed);
}

int vexfs_minilm_embed(enum vexfs_minilm_variant variant, enum vexfs_minilm_precision precision,
                       const struct vexfs_minilm_model *model, const void *packed, void *workspace,
                       const int32_t *ids, const uint32_t *offsets, size_t count, float *vectors,
                       const struct vexfs_minilm_pause *pause) {
    if (count == 0) return 0;
    if (offsets[0] != 0) return -1;
    for (size_t text = 0; text < count; text++)
        if (offsets[text + 1] <= offsets[text] || offsets[text + 1] > TOKENS) return -1;
    for (uint32_t token = 0; token < offsets[count]; token++)
        if (ids[token] < 0 || ids[token] >= VEXFS_MINILM_VOCABULARY) return -1;
    struct batch batch = {model, packed, workspace, ids, offsets, count, vectors, pause};
    table(variant)->embed[precision](&batch);
    return 0;
}
