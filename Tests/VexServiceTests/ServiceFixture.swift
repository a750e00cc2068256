import Foundation
import Synchronization
import Testing
import VexFS
import VexService
import VexWire

/// A store of its own with a service, asked as a session asks.
final class ServiceFixture: ServiceObserver {
    let store: Store
    private let path: String
    private let seen = Mutex<[String]>([])

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/vexfs-service-\(UUID().uuidString)"
        try Store.format(at: path)
        store = try Store(opening: path, embedder: LetterEmbedder(), maintained: false)
    }

    deinit {
        store.close()
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("\(path) stays: \(error)") }
    }

    func documentsChanged(in collection: Collection, _ ids: [ByteString]?) {
        seen.withLock { $0.append("documents \(collection.name)") }
    }
    func documentsRemoved(_ files: [FileAttributes], from collection: Collection) {
        seen.withLock { $0 += files.map { "removed \($0.name)" } }
    }
    func collectionChanged(named directory: ByteString) { seen.withLock { $0.append("collection \(directory)") } }

    /// What the observer was told, once.
    func told() -> [String] {
        seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
    }

    /// What a session answers to bytes.
    func answers(_ input: [UInt8], in collection: Collection? = nil) throws -> [UInt8] {
        try Service(store, mountRoot: "/mnt", observer: self).answers(
            to: input, for: Service.Caller(collection: collection, owner: 0, group: 0) { false })
    }

    /// What a session answers to a line.
    func ask(_ line: String, in collection: Collection? = nil) throws -> JSON {
        let bytes = try answers(Array(line.utf8), in: collection)
        #expect(bytes.last == UInt8(ascii: "\n"))
        return try JSON.parse(bytes)
    }

    /// The code of the error that a line is answered with, or nil.
    func refusal(_ line: String, in collection: Collection? = nil) throws -> String? {
        try ask(line, in: collection)["error"]?["code"]?.stringValue
    }

    /// A collection of this name, in the directory of the same name.
    func collection(_ name: String) throws -> Collection {
        let made = try ask("{\"op\":\"collection.create\",\"collection\":\"\(name)\"}")
        #expect(made["created"] == .bool(true))
        return try #require(store.collection(named: ByteString(name)))
    }
}

/// Counts vowels and other letters: texts with as many of both are near.
struct LetterEmbedder: Embedder {
    let space = EmbeddingSpace(id: "letters", model: "letters", dimension: 2, maximumTokens: 1000)

    func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
        texts.map { text in
            let vowels = text.lowercased().filter { "aeiou".contains($0) }.count
            let vector = [Float(vowels) + 0.01, Float(text.count - vowels) + 0.01]
            return Embedding(vector: vector, tokenCount: 1, truncated: false)
        }
    }
}

extension JSON {
    /// The strings of a column.
    var strings: [String] { arrayValue?.compactMap(\.stringValue) ?? [] }
}
