import Synchronization
import TestSupport
import Testing
import VexFS
import VexWire

@testable import VexService

/// What a client can make the service hold, and how long.
@Suite struct ServiceLimitsTests {
    /// Missing vectors take no room before they are judged: beside one of the longest, they would take 39 GB.
    @Test func oneLongVectorBesideNone() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        _ = try fixture.ask(#"{"op":"add","ids":["a"],"vectors":[[1,0]]}"#, in: collection)
        let ids = (0..<150_000).map { "\($0)" }.joined(separator: ",")
        let vectors = [Array(repeating: "1", count: 65_536).joined(separator: ",")]
        let none = repeatElement(",null", count: 149_999).joined()
        let code = try fixture.refusal(
            "{\"op\":\"upsert\",\"ids\":[\(ids)],\"vectors\":[[\(vectors[0])]\(none)]}", in: collection)
        #expect(code == "dimensionMismatch")
    }

    /// Nor in an answer.
    @Test func oneLongVectorInAnAnswer() throws {
        var answer = AnswerWriter(takesParts: true)
        let one: [[Float]?] = [[Float](repeating: 1, count: 65_536)]
        let many = one + repeatElement(nil, count: 1 << 20)
        #expect(throws: VexFSError.self) { try answer.add("vectors", vectors: many) }
        try answer.add("vectors", vectors: one + [nil])
        let finished = answer.finished()
        #expect(finished.binary.count == 2 * 65_536 * 4)
    }

    /// An answer has no more parts than a reader takes; further vectors are JSON.
    @Test func partsOfAnAnswer() throws {
        var answer = AnswerWriter(takesParts: true)
        for index in 0..<WireLimits.partsMax + 2 { try answer.add("v\(index)", vectors: [[Float(index)]]) }
        let finished = answer.finished()
        let body = try JSON.parse(finished.json)
        #expect(try WireParts(of: body, binary: finished.binary).parts.count == WireLimits.partsMax)
        #expect(body["v\(WireLimits.partsMax)"] == .array([.array([.integer(Int64(WireLimits.partsMax))])]))
    }

    /// What is too large for one answer is refused with the way to ask for it in pages.
    @Test func answersThatAreTooLarge() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        let text = String(repeating: "x", count: 1 << 20)
        _ = try fixture.ask(
            #"{"op":"upsert","ids":["a"],"vectors":[[1,0]],"documents":["\#(text)"]}"#, in: collection)
        func get(_ body: String) throws -> WireFrame {
            let answer = try fixture.answers(WireFrame(.get, json: Array(body.utf8), tag: 5).bytes, in: collection)
            return try WireFrame(decoding: answer)
        }
        // An id that is given often is answered as often.
        func ids(_ count: Int) -> String { repeatElement(#""a""#, count: count).joined(separator: ",") }
        let whole = try get("{\"ids\":[\(ids(70))]}")
        #expect(whole.header.status == 413 && whole.header.tag == 5)
        do throws(VexFSError) {
            _ = try whole.body()
        } catch {
            #expect(error.code == .documentTooLarge && error.message.contains("\"limit\" and \"offset\""))
        }
        let page = try get("{\"ids\":[\(ids(70))],\"limit\":2,\"offset\":68}").body()
        #expect(page["ids"]?.strings == ["a", "a"])
    }

    @Test func vectorsThatAreNone() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        let setting = #"{"op":"collection.update","configuration":{"vectors":{"m":{"multivector":true}}}}"#
        _ = try fixture.ask(setting, in: collection)
        let ragged = #"{"op":"upsert","points":[{"id":"a","named":{"m":[[1,2,3],[1]]}}]}"#
        #expect(try fixture.refusal(ragged, in: collection) == "invalidArgument")
        var parts = WirePartsBuilder()
        let body = JSON.object([.init("vector", parts.add([], shape: [0])), .init("parts", parts.json)])
        let answer = try fixture.answers(WireFrame(.query, json: body.compact).bytes, in: collection)
        #expect(try WireFrame(decoding: answer).header.status == 400)
    }

    @Test func signedIds() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        _ = try fixture.ask(#"{"op":"add","ids":[-7],"vectors":[[1,0]]}"#, in: collection)
        let part = WirePart(.int64, shape: [1], offset: 0)
        let body = JSON.object([
            .init("ids", .object([.init("part", .integer(0))])), .init("parts", .array([part.json])),
        ])
        let binary = withUnsafeBytes(of: Int64(-7).littleEndian) { Array($0) }
        let answer = try fixture.answers(WireFrame(.count, json: body.compact, binary: binary).bytes, in: collection)
        #expect(try WireFrame(decoding: answer).body()["count"] == .integer(1))
    }

    /// A request that waits is found behind others, too, so that it gets a thread of its own.
    @Test func waitingIsSeen() {
        let count = WireFrame(.count).bytes
        let wait = WireFrame(.wait, json: Array("{}".utf8)).bytes
        #expect(Service.waits(wait) && Service.waits(count + count + wait))
        #expect(!Service.waits(count) && !Service.waits([]) && !Service.waits(Array("VXR1".utf8)))
        let line = #"{"op":"count"}"# + "\n"
        let lines = String(repeating: line, count: 1000)
        #expect(Service.waits(Array((lines + #"{"op":"wait"}"#).utf8)))
        #expect(Service.waits(Array(#"{"op":"w\u0061it"}"#.utf8)))
        #expect(!Service.waits(Array(lines.utf8)))
    }

    /// A caller who gives up stops what reads or changes many documents, and nothing is changed then.
    @Test func interruption() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        let ids = (0..<300).map { "\"\($0)\"" }.joined(separator: ",")
        let vectors = repeatElement("[1,0]", count: 300).joined(separator: ",")
        _ = try fixture.ask(#"{"op":"add","ids":[\#(ids)],"vectors":[\#(vectors)]}"#, in: collection)
        let service = Service(fixture.store, mountRoot: "/mnt", observer: fixture)
        for line in [
            #"{"op":"delete","filter":{}}"#, #"{"op":"payload.set","payload":{"a":1},"filter":{}}"#, #"{"op":"get"}"#,
            #"{"op":"scroll","limit":300}"#, #"{"op":"matrix","sample":100}"#,
            #"{"op":"query","request":{"query":{"recommend":{"positive":[1],"strategy":"best_score"}}}}"#,
            #"{"op":"query","vector":[1,0],"mode":"exact"}"#, #"{"op":"add","ids":["new"],"vectors":[[1,0]]}"#,
        ] {
            // The first question comes before the work begins.
            let asked = Atomic<Int>(0)
            let caller = Service.Caller(collection: collection, owner: 0, group: 0) {
                asked.add(1, ordering: .relaxed).oldValue > 0
            }
            let error = #expect(throws: VexFSError.self) { try service.answers(to: Array(line.utf8), for: caller) }
            #expect(error?.code == .interrupted, "\(line)")
        }
        let untouched = try fixture.ask(#"{"op":"count","filter":{"a":{"$exists":false}}}"#, in: collection)
        #expect(untouched["count"] == .integer(300))
    }

    /// Two files may have one id; a page by ids has both, and the pages come to an end.
    @Test func filesOfOneId() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        for name in ["a", "a.json", "b.json", "c", "c.json"] {
            let file = try collection.createFile(
                ByteString(name), in: Collection.rootNumber, mode: 0o644, owner: 0, group: 0)
            let text = name.hasSuffix(".json") ? #"{"text":"in JSON"}"# : "a text"
            try collection.commit(Array(text.utf8), to: file.number)
        }
        var (seen, start): ([String], JSON?) = ([], nil)
        for _ in 0..<6 {
            let from = start.map { ",\"start\":\(String(decoding: $0.compact, as: UTF8.self))" } ?? ""
            let page = try fixture.ask("{\"op\":\"scroll\",\"limit\":1\(from)}", in: collection)
            seen += page["ids"]?.strings ?? []
            start = page["next"].flatMap { $0.isNull ? nil : $0 }
            if start == nil { break }
        }
        #expect(start == nil && seen == ["a", "a", "b", "c", "c"])
    }
}
