import CVexKernels
import Testing
import VexFS

@testable import VexEmbedding

/// Every variant that this CPU runs, in both precisions.
@Suite(.serialized) struct MiniLMModelTests {
    static let variants = (0..<VEXFS_MINILM_VARIANTS.rawValue).map { vexfs_minilm_variant($0) }
        .filter { vexfs_minilm_variant_runs($0) != 0 }

    static func name(_ variant: vexfs_minilm_variant) -> String { String(cString: vexfs_minilm_variant_name(variant)) }

    @Test func `The variants that are tested here`() {
        for value in 0..<VEXFS_MINILM_VARIANTS.rawValue {
            let variant = vexfs_minilm_variant(value)
            let runs = vexfs_minilm_variant_runs(variant) != 0
            print("MiniLM \(Self.name(variant)): \(runs ? "tested" : "not on this CPU")")
        }
        #expect(Self.variants.contains(VEXFS_MINILM_PORTABLE))
        #expect(Self.variants.contains(VEXFS_MINILM_EMULATED))
        #expect(Self.variants.contains(vexfs_minilm_best_variant()))
        #expect(vexfs_minilm_best_variant() != VEXFS_MINILM_EMULATED)
    }

    @Test(arguments: variants.map(\.rawValue), MiniLM.Precision.allCases)
    func `Vectors are those of the reference`(variant: UInt32, precision: MiniLM.Precision) throws {
        let variant = vexfs_minilm_variant(variant)
        let model = try MiniLMModel(directory: try Fixtures.model(), precision: precision, variant: variant)
        let workspace = try MiniLMModel.workspace()
        var least = 1.0
        for batch in try batches(Fixtures.references()) {
            let vectors = try #require(model.embed(batch.map(\.ids), workspace: workspace))
            for (at, reference) in batch.enumerated() {
                let vector = Array(vectors[(at * 384)..<((at + 1) * 384)])
                let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                #expect(abs(length - 1) < 1e-5)
                least = min(least, Fixtures.cosine(vector, reference.vector))
            }
        }
        print("MiniLM \(Self.name(variant)) \(precision.rawValue): least cosine \(least)")
        #expect(least >= (precision == .f32 ? 0.9999998 : 0.9999))
    }

    @Test func `Fixed point is much nearer to the reference than bfloat16 must be`() throws {
        for variant in [VEXFS_MINILM_AVX2, VEXFS_MINILM_AVX2_ADDERS] where Self.variants.contains(variant) {
            let model = try MiniLMModel(directory: try Fixtures.model(), precision: .bf16, variant: variant)
            let workspace = try MiniLMModel.workspace()
            for batch in try batches(Fixtures.references()) {
                let vectors = try #require(model.embed(batch.map(\.ids), workspace: workspace))
                for (at, reference) in batch.enumerated() {
                    let vector = Array(vectors[(at * 384)..<((at + 1) * 384)])
                    #expect(Fixtures.cosine(vector, reference.vector) > 0.999995)
                }
            }
        }
    }

    /// References grouped to fill micro-batches.
    private func batches(_ references: [Fixtures.Reference]) -> [[Fixtures.Reference]] {
        var batches: [[Fixtures.Reference]] = []
        var count = 256
        for reference in references {
            if count + reference.ids.count > 256 {
                batches.append([])
                count = 0
            }
            batches[batches.count - 1].append(reference)
            count += reference.ids.count
        }
        return batches
    }

    @Test(arguments: variants.map(\.rawValue), MiniLM.Precision.allCases)
    func `A vector does not depend on the other texts of its batch`(
        variant: UInt32, precision: MiniLM.Precision
    ) throws {
        let model = try MiniLMModel(
            directory: try Fixtures.model(), precision: precision, variant: vexfs_minilm_variant(variant))
        let workspace = try MiniLMModel.workspace()
        // Lengths that leave every remainder of rows, one token and a whole window of keys.
        let texts = [1, 2, 3, 5, 7, 13, 17, 64, 65].map { length in (0..<length).map { Int32(1000 + $0 * 7) } }
        let together = try #require(model.embed(texts, workspace: workspace))
        let reversed = try #require(model.embed(texts.reversed(), workspace: workspace))
        for (at, text) in texts.enumerated() {
            let alone = try #require(model.embed([text], workspace: workspace))
            #expect(alone == Array(together[(at * 384)..<((at + 1) * 384)]), "\(text.count) tokens")
            let mirrored = texts.count - 1 - at
            #expect(alone == Array(reversed[(mirrored * 384)..<((mirrored + 1) * 384)]), "\(text.count) tokens")
        }
    }

    @Test(arguments: variants.map(\.rawValue), MiniLM.Precision.allCases)
    func `Texts computed at the rests of others change nothing`(variant: UInt32, precision: MiniLM.Precision) throws {
        let model = try MiniLMModel(
            directory: try Fixtures.model(), precision: precision, variant: vexfs_minilm_variant(variant))
        let (outer, inner) = (try MiniLMModel.workspace(), try MiniLMModel.workspace())
        let documents = [100, 60, 3].map { length in (0..<length).map { Int32(2000 + $0 * 11) } }
        let query: [[Int32]] = [[101, 2129, 2079, 25416, 8630, 2015, 2147, 102]]
        let expected = try #require(model.embed(documents, workspace: outer))
        let expectedInner = try #require(model.embed(query, workspace: outer))
        let answers = Waitable<[[Float]?]>([])
        let vectors = model.embed(documents, workspace: outer) {
            let answer = model.embed(query, workspace: inner)
            answers.withLock { $0.append(answer) }
        }
        #expect(vectors == expected)
        let count = Int(VEXFS_MINILM_PAUSES)
        #expect(answers.withLock { $0 } == Array(repeating: expectedInner, count: count))
    }

    @Test func `The automatic precision is bf16 only where the CPU is faster at it`() throws {
        for variant in [VEXFS_MINILM_AVX512_BF16, VEXFS_MINILM_AVX2, VEXFS_MINILM_AVX2_ADDERS] {
            #expect(MiniLM.Precision.fastest(with: variant) == .bf16)
        }
        for variant in [VEXFS_MINILM_PORTABLE, VEXFS_MINILM_AVX512, VEXFS_MINILM_EMULATED] {
            #expect(MiniLM.Precision.fastest(with: variant) == .f32)
        }
        #expect(MiniLM.Precision.automatic == .fastest(with: vexfs_minilm_best_variant()))
        #expect(try MiniLMEmbedder(directory: "/nowhere").precision == .automatic)
    }

    @Test func `Both precisions of AVX-512 follow the same arithmetic as the other variants`() throws {
        let directory = try Fixtures.model()
        let ids = (0..<256).map { Int32(1000 + $0 * 101 % 28000) }
        for precision in MiniLM.Precision.allCases {
            let vectors = try Self.variants.map { variant in
                let model = try MiniLMModel(directory: directory, precision: precision, variant: variant)
                return try #require(model.embed([ids], workspace: try MiniLMModel.workspace()))
            }
            for vector in vectors {
                #expect(Fixtures.cosine(vector, vectors[0]) > (precision == .f32 ? 0.99999999 : 0.9999))
            }
        }
    }

    @Test func `Tokens that the kernels cannot take are refused`() throws {
        let model = try MiniLMModel(directory: try Fixtures.model(), precision: .bf16)
        let workspace = try MiniLMModel.workspace()
        #expect(model.embed([[]], workspace: workspace) == nil)
        #expect(model.embed([[101, 30522]], workspace: workspace) == nil)
        #expect(model.embed([[101, -1]], workspace: workspace) == nil)
        #expect(model.embed([Array(repeating: 101, count: 257)], workspace: workspace) == nil)
        let halves = [Array(repeating: Int32(101), count: 128), Array(repeating: 102, count: 129)]
        #expect(model.embed(halves, workspace: workspace) == nil)
        #expect(model.embed([Array(repeating: 101, count: 256)], workspace: workspace)?.count == 384)
    }
}
