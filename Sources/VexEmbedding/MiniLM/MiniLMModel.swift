import CVexKernels
import Glibc
import VexFS

/// A function as the kernels' context: its address.
private struct Box {
    var pause: EmbeddingQueue.Pause
}

/// The weights of the embedded model, packed for one instruction set and one precision.
///
/// `@unchecked Sendable`: the mapped file and the packed weights are only read after `init`.
final class MiniLMModel: @unchecked Sendable {
    let precision: MiniLM.Precision
    let variant: vexfs_minilm_variant
    let tokenizer: WordPieceTokenizer
    private let weights: SafeTensors
    private var tensors: vexfs_minilm_model
    private let packed: PageMemory

    /// Maps and packs the files of a directory; takes about 0.1 s and 43 MB (f32) or 22 MB (bf16).
    /// - Parameter variant: the instruction set; nil for the fastest one that this CPU has.
    /// - Throws: `modelMissing` when a file is not there, `corruption` when one is damaged.
    init(
        directory: String, precision: MiniLM.Precision, variant: vexfs_minilm_variant? = nil
    ) throws(VexFSError) {
        (weights, tokenizer) = try Self.open(directory)
        self.precision = precision
        self.variant = variant ?? vexfs_minilm_best_variant()
        tensors = try Self.tensors(of: weights)
        packed = try PageMemory(byteCount: vexfs_minilm_packed_bytes(precision.kernel))
        vexfs_minilm_pack(self.variant, precision.kernel, &tensors, packed.start)
    }

    /// The vectors of one micro-batch, `[texts.count x 384] Float32`; at most 256 tokens in all.
    /// - Parameter pause: what to do at each of the rests, with another workspace; nil for not to rest.
    /// - Returns: nil when the kernels refuse the tokens.
    func embed(_ texts: [[Int32]], workspace: PageMemory, pause: EmbeddingQueue.Pause? = nil) -> [Float]? {
        var offsets: [UInt32] = [0]
        var ids: [Int32] = []
        for text in texts {
            ids += text
            offsets.append(UInt32(ids.count))
        }
        var vectors = [Float](repeating: 0, count: texts.count * MiniLM.dimension)
        let status = Self.withKernelPause(pause) { pause in
            // Reads `tensors` in place: it is never written after init.
            withUnsafePointer(to: tensors) { tensors in
                vexfs_minilm_embed(
                    variant, precision.kernel, tensors, packed.start, workspace.start, ids, offsets, texts.count,
                    &vectors, pause)
            }
        }
        return status == 0 ? vectors : nil
    }

    /// Gives the kernels a function to call; it is valid until `body` returns, and the kernels keep nothing.
    private static func withKernelPause<Result>(
        _ pause: EmbeddingQueue.Pause?, _ body: (UnsafePointer<vexfs_minilm_pause>?) -> Result
    ) -> Result {
        guard let pause else { return body(nil) }
        return withUnsafePointer(to: Box(pause: pause)) { box in
            let pause = vexfs_minilm_pause(
                run: { context in context?.assumingMemoryBound(to: Box.self).pointee.pause() },
                context: UnsafeRawPointer(box))
            return withUnsafePointer(to: pause) { body($0) }
        }
    }

    /// Working memory for one thread's calls.
    static func workspace() throws(VexFSError) -> PageMemory {
        try PageMemory(byteCount: vexfs_minilm_workspace_bytes())
    }

    private static func open(_ directory: String) throws(VexFSError) -> (SafeTensors, WordPieceTokenizer) {
        do throws(VexFSError) {
            guard let description = try ModelDescription.read(from: directory) else {
                throw VexFSError(.modelMissing, "There is no model.json.")
            }
            let weights = try SafeTensors(mapping: "\(directory)/model.safetensors")
            guard weights.byteCount == description.bytes else {
                throw VexFSError(
                    .corruption, "The model's weights are damaged; run scripts/fetch-model again.", at: directory,
                    cause: "model.safetensors has \(weights.byteCount) bytes instead of \(description.bytes)")
            }
            return (weights, try WordPieceTokenizer(vocabularyPath: "\(directory)/vocab.txt"))
        } catch {
            throw error.code == .modelMissing ? ModelDirectory.missing(directory, cause: error.description) : error
        }
    }

    private static func tensors(of file: SafeTensors) throws(VexFSError) -> vexfs_minilm_model {
        let width = MiniLM.dimension
        var model = vexfs_minilm_model()
        model.words = try file.floats(
            "embeddings.word_embeddings.weight", shape: [VEXFS_MINILM_VOCABULARY, width])
        model.positions = try file.floats("embeddings.position_embeddings.weight", shape: [512, width])
        model.types = try file.floats("embeddings.token_type_embeddings.weight", shape: [2, width])
        model.scale = try file.floats("embeddings.LayerNorm.weight", shape: [width])
        model.shift = try file.floats("embeddings.LayerNorm.bias", shape: [width])
        model.layers.0 = try layer(0, of: file)
        model.layers.1 = try layer(1, of: file)
        model.layers.2 = try layer(2, of: file)
        model.layers.3 = try layer(3, of: file)
        model.layers.4 = try layer(4, of: file)
        model.layers.5 = try layer(5, of: file)
        return model
    }

    private static func layer(_ index: Int, of file: SafeTensors) throws(VexFSError) -> vexfs_minilm_layer {
        let width = MiniLM.dimension
        let inner = VEXFS_MINILM_INNER
        func get(_ name: String, _ shape: [Int]) throws(VexFSError) -> UnsafePointer<Float> {
            try file.floats("encoder.layer.\(index).\(name)", shape: shape)
        }
        return vexfs_minilm_layer(
            query: try get("attention.self.query.weight", [width, width]),
            query_bias: try get("attention.self.query.bias", [width]),
            key: try get("attention.self.key.weight", [width, width]),
            key_bias: try get("attention.self.key.bias", [width]),
            value: try get("attention.self.value.weight", [width, width]),
            value_bias: try get("attention.self.value.bias", [width]),
            output: try get("attention.output.dense.weight", [width, width]),
            output_bias: try get("attention.output.dense.bias", [width]),
            attention_scale: try get("attention.output.LayerNorm.weight", [width]),
            attention_shift: try get("attention.output.LayerNorm.bias", [width]),
            inner: try get("intermediate.dense.weight", [inner, width]),
            inner_bias: try get("intermediate.dense.bias", [inner]),
            outer: try get("output.dense.weight", [width, inner]),
            outer_bias: try get("output.dense.bias", [width]),
            final_scale: try get("output.LayerNorm.weight", [width]),
            final_shift: try get("output.LayerNorm.bias", [width]))
    }
}

/// Zeroed, page-aligned memory outside the heap, in large pages where the kernel gives them.
///
/// `@unchecked Sendable`: an address that does not change; who shares the bytes synchronises their use.
final class PageMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(byteCount: Int) throws(VexFSError) {
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw VexFSError(
                .embedderUnavailable, "There is no memory for the embedding model.",
                cause: String(cString: strerror(errno)))
        }
        // Fewer address translations while the weights stream by; without large pages it only is a little slower.
        madvise(memory, byteCount, MADV_HUGEPAGE)
        start = memory
        self.byteCount = byteCount
    }

    deinit { munmap(start, byteCount) }
}
