import CVexKernels

/// The facts of the embedded model, sentence-transformers/all-MiniLM-L6-v2.
public enum MiniLM {
    /// The model's name, as people know it.
    public static let name = "all-MiniLM-L6-v2"
    /// The number of components of a vector.
    public static let dimension = VEXFS_MINILM_WIDTH
    /// The longest text in tokens, `[CLS]` and `[SEP]` included; what follows is cut off.
    public static let maximumTokens = VEXFS_MINILM_TOKENS
    /// The SHA-256 of the published `model.safetensors`.
    public static let digest = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

    /// How the matrix products are computed. Both make vectors of one space.
    public enum Precision: String, Sendable, CaseIterable {
        /// 16-bit operands, half the weights' memory (22 MB instead of 43): bfloat16 with sums in 32-bit floats,
        /// or, with AVX2 alone, fixed point with exact sums. Cosine with `f32` at least 0.9999.
        case bf16
        /// 32-bit floating point throughout.
        case f32

        /// The faster one on this CPU, and the exact one where neither is: `bf16` if the CPU multiplies bfloat16, or
        /// has AVX2 for the fixed point, whose vectors agree with those of `f32` to a cosine of 0.999998.
        public static var automatic: Precision { fastest(with: vexfs_minilm_best_variant()) }

        static func fastest(with variant: vexfs_minilm_variant) -> Precision {
            switch variant {
            case VEXFS_MINILM_AVX512_BF16, VEXFS_MINILM_AVX2, VEXFS_MINILM_AVX2_ADDERS: .bf16
            default: .f32
            }
        }

        var kernel: vexfs_minilm_precision { self == .f32 ? VEXFS_MINILM_F32 : VEXFS_MINILM_BF16 }
    }
}
