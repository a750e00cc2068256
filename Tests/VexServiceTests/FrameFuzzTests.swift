import Foundation
import TestSupport
import Testing
import VexFS
import VexWire

@testable import VexService

/// Frames of every operation, changed at random: each is answered by frames, and the service goes on.
///
/// `VEXFS_FUZZ_SECONDS` says how long (two by default), `VEXFS_TEST_SEED` repeats a run. It is meant to be run for long
/// under a sanitizer.
@Suite struct FrameFuzzTests {
    /// Requests that are answered without an error, or nearly.
    private static func seeds() -> [WireFrame] {
        let bodies: [(WireOperation, String)] = [
            (.hello, #"{"version":1}"#), (.collectionCreate, #"{"collection":"n","properties":{"a":1}}"#),
            (.collectionGet, "{}"), (.collectionList, #"{"tenant":"*","limit":3,"offset":1}"#),
            (.collectionUpdate, #"{"configuration":{"document_limit_bytes":100000},"properties":{}}"#),
            (.collectionDelete, #"{"collection":"n"}"#), (.collectionRename, #"{"collection":"n","to":"m"}"#),
            (.collectionFork, #"{"to":"f"}"#), (.collectionForks, "{}"),
            (.aliasUpdate, #"{"actions":[{"create":{"alias":"x","collection":"c"}},{"delete":{"alias":"x"}}]}"#),
            (.aliasList, "{}"),
            (.upsert, #"{"ids":["a",7],"documents":["one",null],"metadatas":[{"n":1},null],"vectors":[[1,0],[0,1]]}"#),
            (.upsert, #"{"points":[{"id":"p","vector":[1,2],"metadata":{"k":[1,2]},"named":{"v":[1,2]}}]}"#),
            (.add, #"{"ids":["b"],"vectors":["AACAPwAAAAA="],"named":{"s":[{"indices":[1],"values":[2]}]}}"#),
            (.update, #"{"ids":["a"],"metadatas":[{"n":null}],"metadata_mode":"merge"}"#),
            (.delete, #"{"filter":{"n":{"$gt":1}},"limit":2}"#),
            (.get, #"{"ids":["a"],"include":["documents","vectors","files","states"],"order":"insertion"}"#),
            (.get, #"{"where":{"$or":[{"n":1},{"n":{"$in":[2,3]}}]},"offset":1,"limit":2}"#),
            (.count, #"{"qdrant_filter":{"must":[{"key":"n","match":{"value":1}}]}}"#),
            (.query, #"{"vector":[1,0],"k":3,"mode":"exact","include":["scores","distances","vectors"]}"#),
            (.query, #"{"texts":["one","two"],"mode":"hybrid","k":2}"#),
            (.query, #"{"request":{"query":{"nearest":[1,0]},"limit":2},"include":["scores"]}"#),
            (.query, #"{"groups":{"query":[1,0],"group_by":"n","limit":2,"group_size":1}}"#),
            (.scroll, #"{"limit":1,"start":"a"}"#), (.scroll, #"{"order_by":{"key":"n","direction":"desc"}}"#),
            (.facet, #"{"key":"n","limit":3}"#), (.embed, #"{"texts":["a","b"],"role":"document"}"#),
            (.matrix, #"{"sample":3,"limit":2}"#), (.payloadSet, #"{"ids":["a"],"payload":{"x":1},"key":"y.z"}"#),
            (.payloadOverwrite, #"{"filter":{},"payload":{}}"#), (.payloadDelete, #"{"ids":["a"],"keys":["x[0].y"]}"#),
            (.payloadClear, #"{"ids":["a"]}"#), (.vectorsUpdate, #"{"ids":["a"],"vectors":[[3,4]]}"#),
            (.vectorsDelete, #"{"ids":["a"],"names":[""]}"#), (.indexCreate, #"{"field":"n","type":"integer"}"#),
            (.indexDrop, #"{"field":"n"}"#), (.snapshotCreate, #"{"name":"s"}"#), (.snapshotList, "{}"),
            (.snapshotDelete, #"{"name":"s"}"#), (.stats, "{}"), (.wait, #"{"timeout_ms":0}"#),
            (.batch, #"{"operations":[{"op":"count"},{"op":"delete","ids":["a"]}],"atomic":false}"#),
            (.tenantCreate, #"{"tenant":"t","properties":{}}"#), (.tenantGet, #"{"tenant":"t"}"#),
            (.tenantList, "{}"), (.tenantUpdate, #"{"tenant":"t"}"#), (.tenantDelete, #"{"tenant":"t"}"#),
            (.databaseCreate, #"{"tenant":"t","database":"d"}"#), (.databaseGet, #"{"tenant":"t","database":"d"}"#),
            (.databaseList, #"{"tenant":"t"}"#), (.databaseDelete, #"{"tenant":"t","database":"d"}"#),
        ]
        return bodies.map { WireFrame($0, json: Array($1.utf8)) } + framesWithParts()
    }

    private static func framesWithParts() -> [WireFrame] {
        var parts = WirePartsBuilder()
        let ids = parts.add([Array("a".utf8), Array("b".utf8)])
        let vectors = parts.add([1, 0, .nan, .nan], shape: [2, 2])
        let texts = parts.add([Array("a text".utf8), nil])
        let metadatas = parts.add([Array(#"{"n":1}"#.utf8), nil])
        let upsert = JSON.object([
            .init("ids", ids), .init("vectors", vectors), .init("documents", texts), .init("metadatas", metadatas),
            .init("parts", parts.json),
        ])
        let query = JSON.object([.init("vectors", vectors), .init("k", .integer(2)), .init("parts", parts.json)])
        return [
            WireFrame(.upsert, json: upsert.compact, binary: parts.binary),
            WireFrame(.query, json: query.compact, binary: parts.binary),
        ]
    }

    @Test func everyOperationHasASeed() {
        #expect(Set(Self.seeds().map(\.header.operation)) == Set(WireOperation.allCases.map(\.rawValue)))
    }

    @Test func frames() throws {
        let seconds = Environment["VEXFS_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
        var generator = SeededGenerator.announced(for: "fuzzed frames")
        let seeds = Self.seeds()
        let end = ContinuousClock.now + .seconds(seconds)
        var (rounds, answered) = (0, 0)
        while ContinuousClock.now < end {
            // A store of its own for some rounds, so that what they make does not grow for hours.
            let fixture = try ServiceFixture()
            let collection = try fixture.collection("c")
            for _ in 0..<500 where ContinuousClock.now < end {
                var input: [UInt8] = []
                for _ in 0..<generator.pick(1..<4) {
                    input += Self.mutated(seeds[generator.pick(0..<seeds.count)], seeds, &generator)
                }
                answered += try Self.check(try fixture.answers(input, in: collection), to: input)
                rounds += 1
            }
            // Whatever was done to it, it still answers.
            _ = try fixture.ask(#"{"op":"hello"}"#)
        }
        #expect(answered > 0)
        FileHandle.standardError.write(Data("fuzzed frames: \(rounds) requests, \(answered) without an error\n".utf8))
    }

    /// How many of the answers, which must be frames or lines, are no errors.
    private static func check(_ answers: [UInt8], to input: [UInt8]) throws -> Int {
        guard input.withUnsafeBytes({ WireHeader.begins($0) }), input.count >= 4 else {
            for line in answers.split(separator: 0x0A) { _ = try JSON.parse(Array(line)) }
            return 0
        }
        var (rest, found) = (answers[...], 0)
        while !rest.isEmpty {
            let header = try rest.withUnsafeBytes { try WireHeader(decoding: $0) }
            let frame = try WireFrame(decoding: Array(rest.prefix(header.frameByteCount)))
            rest = rest.dropFirst(header.frameByteCount)
            #expect(frame.header.flags == WireHeader.answerFlag)
            let body = try JSON.parse(frame.json)
            if frame.header.status == 0 {
                _ = try WireParts(of: body, binary: frame.binary)
                found += 1
            } else {
                #expect(body["error"]?["message"]?.stringValue?.isEmpty == false)
            }
        }
        return found
    }

    // MARK: Changes

    private static func mutated(
        _ seed: WireFrame, _ seeds: [WireFrame], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var frame = seed
        frame.header.tag = generator.next()
        for _ in 0..<generator.pick(0..<4) {
            switch generator.pick(0..<4) {
            case 0:
                if let body = try? JSON.parse(frame.json) { frame.json = changed(body, &generator, depth: 0).compact }
            case 1: frame.json = scrambled(frame.json, &generator)
            case 2: frame.binary = scrambled(frame.binary, &generator)
            default: frame.json = seeds[generator.pick(0..<seeds.count)].json
            }
        }
        // Now and then the lengths of the header lie.
        var bytes = WireFrame(frame.header, json: frame.json, binary: frame.binary).bytes
        if generator.chance(0.05) { bytes[generator.pick(0..<WireHeader.byteCount)] = UInt8(generator.pick(0..<256)) }
        if generator.chance(0.02) { bytes.removeLast(generator.pick(0..<bytes.count)) }
        return bytes
    }

    private static func scrambled(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<generator.pick(1..<4) {
            let place = generator.pick(0..<bytes.count + 1)
            switch generator.pick(0..<4) {
            case 0: bytes.insert(UInt8(generator.pick(0..<256)), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] ^= 1 << UInt8(generator.pick(0..<8))
            default: bytes.insert(contentsOf: bytes[..<place].suffix(generator.pick(0..<16)), at: place)
            }
        }
        return bytes
    }

    private static let values: [JSON] = [
        .null, .bool(true), .integer(0), .integer(-1), .integer(.max), .integer(.min), .number(1e308), .number(-0.0),
        .number(.leastNonzeroMagnitude), .string(""), .string("a"), .string("\u{0}/../.."),
        .string(String(repeating: "é", count: 300)),
        .array([]), .object([]), .array([.null]), .array([.array([.integer(1)]), .integer(2)]),
        .object([.init("part", .integer(0))]), .object([.init("part", .integer(-1))]),
        .array(Array(repeating: .number(0.5), count: 70_000)),
        (0..<200).reduce(.integer(1)) { inner, _ in .array([inner]) },
        (0..<200).reduce(.integer(1)) { inner, _ in .object([.init("$and", .array([inner]))]) },
    ]

    private static func changed(_ json: JSON, _ generator: inout SeededGenerator, depth: Int) -> JSON {
        guard depth < 20, !generator.chance(0.15) else { return values[generator.pick(0..<values.count)] }
        switch json {
        case .object(var members) where !members.isEmpty:
            let place = generator.pick(0..<members.count)
            switch generator.pick(0..<6) {
            case 0: members.append(members[place])
            case 1: members.remove(at: place)
            case 2: members[place].key += "x"
            default: members[place].value = changed(members[place].value, &generator, depth: depth + 1)
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty:
            let place = generator.pick(0..<elements.count)
            switch generator.pick(0..<4) {
            case 0: elements.append(elements[place])
            case 1: elements.remove(at: place)
            default: elements[place] = changed(elements[place], &generator, depth: depth + 1)
            }
            return .array(elements)
        default: return values[generator.pick(0..<values.count)]
        }
    }
}
