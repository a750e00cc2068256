import Synchronization
import Testing

@testable import VexFS

/// Settings that change while a document is made ready to be written.
@Suite struct SettingsRaceTests {
    /// Does something once while it embeds: between the reading of the settings and the writing.
    private final class MeddlingEmbedder: Embedder {
        let space = EmbeddingSpace(id: "two", model: "two", dimension: 2, maximumTokens: 1000)
        let meddle = Mutex<(@Sendable () -> Void)?>(nil)

        func embed(_ texts: [String], role: EmbeddingRole) throws(VexFSError) -> [Embedding] {
            let once = meddle.withLock { meddle in
                defer { meddle = nil }
                return meddle
            }
            once?()
            return texts.map { _ in Embedding(vector: [1, 0], tokenCount: 1, truncated: false) }
        }
    }

    /// A vector that is made ready as floats while its type becomes whole numbers is stored as those: before, the
    /// number that no byte holds ended the process.
    @Test(arguments: ["file", "points", "bulk"]) func datatype(way: String) throws {
        let embedder = MeddlingEmbedder()
        let fixture = try StoreFixture(embedder: embedder)
        let collection = try fixture.store.createCollection(named: "c", owner: 0, group: 0)
        @Sendable func setType(_ type: String) throws(VexFSError) {
            try collection.setConfiguration(
                Array(#"{"vectors":{"v":{"metric":"euclidean","dimension":2,"datatype":"\#(type)"}}}"#.utf8))
        }
        try setType("float32")
        embedder.meddle.withLock {
            $0 = {
                do { try setType("uint8") } catch { Issue.record("\(error)") }
            }
        }
        let document = Array(#"{"id":"a","text":"embedded","vectors":{"v":[-300.5,700]}}"#.utf8)
        switch way {
        case "file":
            let file = try collection.createFile("a.json", in: Collection.rootNumber, mode: 0o644, owner: 0, group: 0)
            try collection.commit(document, to: file.number)
        case "points":
            let vector = NamedVector("v", .dense([-300.5, 700]))
            try collection.apply([.put([PointContent(id: "a", text: "embedded", vectors: [vector])])])
        default:
            // A line of a file to import is refused with all behind it: the settings that it was judged by are gone.
            let ingest = collection.makeBulkIngest()
            let error = #expect(throws: VexFSError.self) {
                try document.withUnsafeBytes { try ingest.append($0) }
                try ingest.finish()
            }
            #expect(error?.code == .busy)
            return
        }
        let file = try #require(collection.file(withID: "a"))
        let row = try #require(collection.attributes(of: file)?.row)
        #expect(try collection.points().vector(of: row, named: "v") == .dense([0, 255]))
    }
}
