import Foundation
import Testing

@testable import VexFS

/// Stores as earlier versions left them; `Tests/Fixtures` has one whose daemon was killed.
@Suite struct FormatOneTests {
    @Test func aKilledStoreOfFormatOneOpensWithAllOfItsChanges() throws {
        let path = try Self.copyOfStore()
        defer { removeTree(path) }
        let directory = StoreDirectory(path: path)
        #expect(try directory.checkMarker() == 1)
        #expect(try Store.check(at: path).problems.isEmpty)
        for _ in 0..<2 {
            let store = try Store(opening: path, embedder: WordEmbedder(), maintained: false)
            defer { store.close() }
            #expect(try directory.checkMarker() == StoreDirectory.formatVersion)
            let notes = try #require(store.collection(named: "notes"))
            #expect(notes.documentCount == 3)
            #expect(notes.lookup("b.json", in: 1) == nil)
            let late = try #require(notes.lookup("d.json", in: 1))
            let text = "{\"vector\":[0,0.5,1],\"text\":\"late\",\"lang\":\"fr\"}\n"
            #expect(try notes.content(of: late.number).bytes == Array(text.utf8))
            try notes.commit(Array(text.utf8), to: late.number)
        }
        #expect(try Store.check(at: path).problems.isEmpty)
    }

    @Test func aFormatOneStoreWhoseLogLostSyncedChangesIsRefused() throws {
        let path = try Self.copyOfStore()
        defer { removeTree(path) }
        let log = path + "/documents/000008.log"
        #expect(truncate(log, 1000) == 0)
        let error = #expect(throws: VexFSError.self) {
            try Store(opening: path, embedder: WordEmbedder(), maintained: false)
        }
        #expect(error?.code == .corruption)
        #expect(try StoreDirectory(path: path).checkMarker() == 1)
        try Store.acceptLoss(at: path)
        let store = try Store(opening: path, embedder: WordEmbedder(), maintained: false)
        store.close()
    }

    private static func copyOfStore() throws -> String {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/store-format-1").path
        let path = FileManager.default.temporaryDirectory.path + "/vexfs-old-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: fixture, toPath: path)
        return path
    }
}
