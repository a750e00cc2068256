import Foundation
import Testing

@testable import VexFS

/// A store in a directory of its own that goes with the test.
final class StoreFixture {
    let path: String
    private var opened: Store?
    // Only nil between the two lines of `reopen`.
    var store: Store { opened! }

    private let indexPolicy: IndexPolicy

    init(embedder: any Embedder = WordEmbedder(), indexPolicy: IndexPolicy = IndexPolicy()) throws {
        self.indexPolicy = indexPolicy
        path = FileManager.default.temporaryDirectory.path + "/vexfs-store-\(UUID().uuidString)"
        try Store.format(at: path)
        opened = try Store(opening: path, embedder: embedder, maintained: false, indexPolicy: indexPolicy)
    }

    deinit {
        opened?.close()
        removeTree(path)
    }

    /// Closes the store; what comes after looks at its files.
    func close() {
        opened?.close()
        opened = nil
    }

    /// Closes and opens the store again, after something was done to its files.
    func reopen(embedder: any Embedder = WordEmbedder(), after change: () throws -> Void = {}) throws {
        opened?.close()
        opened = nil
        try change()
        opened = try Store(opening: path, embedder: embedder, maintained: false, indexPolicy: indexPolicy)
    }
}

func removeTree(_ path: String) {
    do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("\(path) stays: \(error)") }
}

/// Counts words into 16 buckets: texts that share words are near, with no model.
struct WordEmbedder: Embedder {
    let space = EmbeddingSpace(id: "words-16", model: "words", dimension: 16, maximumTokens: 1000)

    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        texts.map { text in
            var vector = [Float](repeating: 0.01, count: 16)
            let words = text.lowercased().split { !$0.isLetter }
            for word in words {
                vector[Int(word.utf8.reduce(5381) { ($0 &* 33) ^ Int($1) } & 0xFFFF) % 16] += 1
            }
            return Embedding(vector: vector.normalized(), tokenCount: words.count, truncated: false)
        }
    }
}

/// An embedder that cannot answer.
struct AbsentEmbedder: Embedder {
    let space = EmbeddingSpace(id: "words-16", model: "words", dimension: 16, maximumTokens: 1000)

    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        throw VexFSError(.modelMissing, "there is no model here")
    }
}

extension Collection {
    /// Creates and commits a file at the top of the collection.
    @discardableResult
    func put(_ name: ByteString, _ text: String) throws -> FileAttributes {
        let file = try createFile(name, in: Collection.rootNumber, mode: 0o644, owner: 0, group: 0)
        return try commit(Array(text.utf8), to: file.number)
    }

    func ids(of answer: SearchAnswer) -> [String] { answer.hits.map(\.id.string) }
}
