import CVexKernels
import Glibc
import VexFS

/// The embedded model: all-MiniLM-L6-v2, computed in this process, without a network.
///
/// The weights are loaded by the first text. Concurrent calls share micro-batches and the cache.
public final class MiniLMEmbedder: Embedder {
    /// How the matrix products are computed.
    public typealias Precision = MiniLM.Precision

    /// The space of the vectors, the same for both precisions.
    public let space: EmbeddingSpace
    private let loader: Loader
    private let cache: EmbeddingCache
    private let queue: EmbeddingQueue
    /// How this embedder computes.
    public let precision: Precision

    /// Prepares an embedder; a model that is not there yet is only missed by `embed`.
    /// - Parameters:
    ///   - directory: the model's directory, see ``ModelDirectory``.
    ///   - precision: how exactly to compute; nil for ``MiniLM/Precision/automatic``.
    ///   - threadCount: worker threads; nil for one per CPU.
    ///   - cacheBytes: what cached vectors may take.
    /// - Throws: `corruption` when the directory describes another model.
    public convenience init(
        directory: String = ModelDirectory.default, precision: Precision? = nil, threadCount: Int? = nil,
        cacheBytes: Int = 64 << 20
    ) throws(VexFSError) {
        try self.init(
            directory: directory, precision: precision ?? .automatic, threadCount: threadCount, cacheBytes: cacheBytes,
            variant: nil)
    }

    /// As the public one, with a chosen instruction set.
    init(
        directory: String, precision: Precision, threadCount: Int?, cacheBytes: Int, variant: vexfs_minilm_variant?
    ) throws(VexFSError) {
        let digest = try ModelDescription.read(from: directory)?.digest ?? MiniLM.digest
        space = Self.space(digest: digest)
        let loader = Loader(directory: directory, precision: precision, variant: variant)
        self.loader = loader
        self.precision = precision
        cache = EmbeddingCache(byteLimit: cacheBytes, dimension: MiniLM.dimension)
        queue = EmbeddingQueue(
            threadCount: max(1, threadCount ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            batchTokens: MiniLM.maximumTokens, makeWork: { loader.makeWork() })
    }

    /// Embeds texts in order, on all worker threads; blocks until all are done.
    ///
    /// A text longer than the window is cut off and marked so; an empty one has a vector, too.
    /// - Throws: `modelMissing`, `corruption`, `embedderUnavailable`: the first failure among the texts.
    public func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        let tokenizer = try loader.load().tokenizer
        let found = texts.map { text in
            let key = EmbeddingCache.Key(space: space, role: role, text: text)
            return (key: key, state: cache.look(up: key))
        }
        compute(texts, found, tokenizer: tokenizer, role: role)
        var embeddings: [Embedding] = []
        embeddings.reserveCapacity(texts.count)
        for (_, state) in found {
            switch state {
            case .ready(let embedding): embeddings.append(embedding)
            case .pending(let pending), .absent(let pending): embeddings.append(try pending.wait())
            }
        }
        return embeddings
    }

    /// Computes what is absent and hands it to everybody who waits for it.
    private func compute(
        _ texts: [String], _ found: [(key: EmbeddingCache.Key, state: EmbeddingCache.Found)],
        tokenizer: WordPieceTokenizer, role: EmbeddingRole
    ) {
        var absent: [(key: EmbeddingCache.Key, pending: EmbeddingCache.Pending, tokens: WordPieceTokenizer.Tokens)] = []
        for (text, (key, state)) in zip(texts, found) {
            if case .absent(let pending) = state { absent.append((key, pending, tokenizer.encode(text))) }
        }
        guard !absent.isEmpty else { return }
        let results = queue.embed(absent.map(\.tokens.ids), role: role)
        for ((key, pending, tokens), result) in zip(absent, results) {
            cache.finish(
                key, pending,
                result.map { Embedding(vector: $0, tokenCount: tokens.ids.count, truncated: tokens.truncated) })
        }
    }

    /// The space of a model with this digest: everything that changes a vector, one `key=value` a line.
    static func space(digest: String) -> EmbeddingSpace {
        let description = [
            "provider=embedded", "model=\(MiniLM.name)", "digest=\(digest)", "dimension=\(MiniLM.dimension)",
            "pooling=mean", "normalization=l2", "maximumTokens=\(MiniLM.maximumTokens)", "queryPrefix=",
            "documentPrefix=",
        ]
        return EmbeddingSpace(
            id: SHA256.hexadecimal(description.joined(separator: "\n").utf8), model: MiniLM.name,
            dimension: MiniLM.dimension, maximumTokens: MiniLM.maximumTokens)
    }
}

extension MiniLMEmbedder {
    /// Loads the model once, when it is first needed; a failure is tried again by the next call.
    final class Loader: Sendable {
        private let directory: String
        private let precision: Precision
        private let variant: vexfs_minilm_variant?
        private let model = Waitable<MiniLMModel?>(nil)

        init(directory: String, precision: Precision, variant: vexfs_minilm_variant?) {
            self.directory = directory
            self.precision = precision
            self.variant = variant
        }

        func load() throws(VexFSError) -> MiniLMModel {
            let result: Result<MiniLMModel, VexFSError> = model.withLock { model in
                if let model { return .success(model) }
                do throws(VexFSError) {
                    let loaded = try MiniLMModel(directory: directory, precision: precision, variant: variant)
                    model = loaded
                    return .success(loaded)
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        }

        /// A way of working for one micro-batch at a time: its memory is taken with the first one.
        func makeWork() -> EmbeddingQueue.Work {
            let workspace = Waitable<PageMemory?>(nil)
            return { [self] texts, pause in
                do throws(VexFSError) {
                    let model = try load()
                    let memory: PageMemory
                    if let kept = workspace.withLock({ $0 }) {
                        memory = kept
                    } else {
                        memory = try MiniLMModel.workspace()
                        workspace.withLock { $0 = memory }
                    }
                    return embedAll(texts, model: model, workspace: memory, pause: pause)
                } catch {
                    return texts.map { _ in .failure(error) }
                }
            }
        }

        private func embedAll(
            _ texts: [[Int32]], model: MiniLMModel, workspace: PageMemory, pause: EmbeddingQueue.Pause?
        ) -> [Result<[Float], VexFSError>] {
            guard let vectors = model.embed(texts, workspace: workspace, pause: pause) else {
                // One refused text must not fail its neighbours of other callers.
                if texts.count > 1 {
                    return texts.flatMap { embedAll([$0], model: model, workspace: workspace, pause: pause) }
                }
                return [.failure(VexFSError(.embedderUnavailable, "The embedding model refused the text's tokens."))]
            }
            return texts.indices.map { text in
                let vector = Array(vectors[(text * MiniLM.dimension)..<((text + 1) * MiniLM.dimension)])
                guard vector.allSatisfy(\.isFinite) else {
                    return .failure(
                        VexFSError(
                            .corruption, "The embedding model made an infinite vector: its weights are damaged.",
                            at: directory))
                }
                return .success(vector)
            }
        }
    }
}
