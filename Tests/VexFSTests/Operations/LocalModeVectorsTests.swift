import Foundation
import Testing

@testable import VexFS

/// Sparse vectors and several vectors of a point: every answer of qdrant-client's local mode, from a collection.
struct LocalModeVectorsTests {
    private static let kinds: [(name: String, settings: String)] =
        [
            ("sparse", #"{"sparse": true}"#), ("idf", #"{"sparse": true, "modifier": "idf"}"#),
        ] + Metric.allCases.map { ("multi-\($0)", #"{"multivector": true, "metric": "\#($0)"}"#) }

    private static func json() throws -> JSON {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/queries/local_mode_vectors.json")
        return try JSON.parse([UInt8](Data(contentsOf: path)))
    }

    private static func fill(_ collection: Collection, with points: JSON) throws {
        for point in points.arrayValue ?? [] {
            let own = try #require(point["vector"])
            let document = JSON.object([
                .init("metadata", try #require(point["payload"])), .init("vector", .null), .init("vectors", own),
            ])
            try collection.put(
                FileNaming.name(forID: LocalMode.identifier(#require(point["id"])).text),
                String(decoding: document.compact, as: UTF8.self))
        }
    }

    private static func check(_ cases: [JSON], _ store: Store, _ moment: String) throws {
        for (number, item) in cases.enumerated() {
            let name = try #require(item["collection"]?.stringValue)
            let collection = try #require(store.collection(named: ByteString(name)))
            let question = LocalMode.Case(
                number: number, kind: try #require(item["kind"]?.stringValue), metric: .dot,
                request: try #require(item["request"]), answer: item["answer"])
            if let complaint = try LocalModeTests.complaint(question, store.points(of: collection)) {
                Issue.record("\(moment), \(name): \(complaint)")
            }
        }
    }

    @Test func collectionsAnswerAsLocalModeDoes() throws {
        let json = try Self.json()
        let cases = try #require(json["cases"]?.arrayValue)
        #expect(cases.count > 300)
        let fixture = try StoreFixture()
        for (name, settings) in Self.kinds {
            let collection = try fixture.store.createCollection(named: ByteString(name))
            try collection.setConfiguration(Array(#"{"model": "none", "vectors": {"v": \#(settings)}}"#.utf8))
            try Self.fill(collection, with: try #require(json["points"]?[name]))
        }
        try Self.check(cases, fixture.store, "at first")
        try fixture.reopen()
        try Self.check(cases, fixture.store, "opened again")
    }
}
