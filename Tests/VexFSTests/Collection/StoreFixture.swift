import Glibc
import Testing

@testable import VexFS

/// A store in a directory of its own that goes with the test.
final class StoreFixture {
    let path: String
    private(set) var store: Store

    init(embedder: any Embedder = WordEmbedder()) throws {
        var template = Array("/tmp/vexfs-store-XXXXXX".utf8CString)
        let directory = try #require(template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress) })
        path = String(cString: directory)
        try Store.format(at: path)
        store = try Store(opening: path, embedder: embedder, maintained: false)
    }

    deinit {
        store.close()
        removeTree(path)
    }

    /// Closes and opens the store again.
    func reopen(embedder: any Embedder = WordEmbedder()) throws {
        store.close()
        let closed = path
        // The lock goes with the last reference; the placeholder lets go of it before the store is opened again.
        store = try Self.placeholder()
        let discarded = store
        store = try Store(opening: closed, embedder: embedder, maintained: false)
        discarded.close()
        removeTree(discarded.path)
    }

    private static func placeholder() throws -> Store {
        var template = Array("/tmp/vexfs-store-XXXXXX".utf8CString)
        let directory = try #require(template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress) })
        try Store.format(at: String(cString: directory))
        return try Store(opening: String(cString: directory), embedder: WordEmbedder(), maintained: false)
    }
}

func removeTree(_ path: String) {
    _ = nftw(path, { path, _, _, _ in path.map { remove($0) } ?? 0 }, 16, FTW_DEPTH | FTW_PHYS)
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
