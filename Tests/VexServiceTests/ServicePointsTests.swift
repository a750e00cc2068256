import TestSupport
import Testing
import VexFS
import VexService
import VexWire

@Suite struct ServicePointsTests {
    @Test func columnsAndRowsAreTheSame() throws {
        let fixture = try ServiceFixture()
        let (one, two) = (try fixture.collection("one"), try fixture.collection("two"))
        let columns = """
            {"op":"upsert","ids":["a",7,"x/y"],"documents":["apple",null,""],"metadatas":[{"n":1},null,{"n":2}],
            "vectors":[[1,0],[0,1],"AACAPwAAgD8="]}
            """
        let rows = """
            {"op":"upsert","points":[{"id":"a","document":"apple","metadata":{"n":1},"vector":[1,0]},
            {"id":7,"vector":[0,1]},{"id":"x/y","document":"","metadata":{"n":2},"vector":[1,1]}]}
            """
        for (text, collection) in [(columns, one), (rows, two)] {
            let answer = try fixture.ask(text.replacing("\n", with: " "), in: collection)
            #expect(answer["created"] == .integer(3), "\(answer)")
        }
        let get = #"{"op":"get","include":["documents","metadatas","vectors","states"]}"#
        let read = try fixture.ask(get, in: one)
        #expect(try read == fixture.ask(get, in: two))
        #expect(read["ids"]?.strings == ["a", "7", "x/y"])
        #expect(read["documents"] == .array([.string("apple"), .null, .string("")]))
        #expect(read["metadatas"]?.arrayValue?[1] == .object([]))
        #expect(fixture.told().filter { $0.hasPrefix("documents") } == ["documents one", "documents two"])
    }

    @Test func modesOfWriting() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        func ask(_ line: String) throws -> JSON { try fixture.ask(line, in: collection) }
        _ = try ask(#"{"op":"add","ids":["a"],"vectors":[[1,0]],"metadatas":[{"x":1,"y":1}],"documents":["one"]}"#)
        // What is there is skipped, on the fast way and on the other.
        #expect(try ask(#"{"op":"add","ids":["a","b"],"vectors":[[0,1],[0,1]]}"#)["skipped"] == .integer(1))
        #expect(try ask(#"{"op":"add","ids":["a"],"documents":["two"],"vectors":[null]}"#)["skipped"] == .integer(1))
        let merged = try ask(
            #"{"op":"upsert","mode":"merge","ids":["a","c"],"vectors":[[1,1],[1,1]],"metadatas":[{"x":null,"z":3},{}]}"#
        )
        #expect(merged["created"] == .integer(1) && merged["changed"] == .integer(1))
        let read = try ask(#"{"op":"get","ids":["a"],"include":["documents","metadatas"]}"#)
        #expect(read["documents"]?.strings == ["one"])
        #expect(read["metadatas"]?.arrayValue?[0] == .object([.init("y", .integer(1)), .init("z", .integer(3))]))
        #expect(
            try ask(#"{"op":"upsert","mode":"update_only","ids":["q"],"documents":["x"]}"#)["skipped"] == .integer(1))
        #expect(try ask(#"{"op":"update","ids":["q","a"],"metadatas":[{"k":1},{"k":1}]}"#)["changed"] == .integer(1))
        #expect(
            try ask(#"{"op":"payload.set","filter":{"k":1},"payload":{"deep":2},"key":"in"}"#)["changed"] == .integer(1)
        )
        #expect(try ask(#"{"op":"payload.delete","ids":["a"],"keys":["y","z"]}"#)["changed"] == .integer(1))
        let now = try ask(#"{"op":"get","ids":["a","nobody"]}"#)
        #expect(now["ids"]?.strings == ["a"])
        #expect(
            String(decoding: now["metadatas"]?.arrayValue?[0].compact ?? [], as: UTF8.self)
                == #"{"k":1,"in":{"deep":2}}"#)
        #expect(try ask(#"{"op":"delete","where":{"k":{"$gte":1}}}"#)["deleted"] == .integer(1))
        #expect(try ask(#"{"op":"delete","filter":{},"limit":1}"#)["deleted"] == .integer(1))
        #expect(try ask(#"{"op":"get"}"#)["ids"]?.strings == ["c"])
        #expect(try fixture.refusal(#"{"op":"delete"}"#, in: collection) == "invalidArgument")
    }

    @Test func batches() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        let good = #"{"op":"upsert","ids":["a"],"vectors":[[1,0]]}"#
        let bad = #"{"op":"upsert","ids":["b"],"vectors":[[1,0,0]]}"#
        let answer = try fixture.ask(
            #"{"op":"batch","operations":[\#(good),{"op":"count"},\#(bad),{"op":"count"}]}"#, in: collection)
        let results = try #require(answer["results"]?.arrayValue)
        #expect(results.count == 3)
        #expect(results[1]["count"] == .integer(1))
        #expect(results[2]["error"]?["code"] == .string("dimensionMismatch"))
        #expect(
            try fixture.refusal(
                #"{"op":"batch","atomic":true,"operations":[{"op":"delete","ids":["a"]},\#(bad)]}"#, in: collection)
                == "dimensionMismatch")
        #expect(try fixture.ask(#"{"op":"count"}"#, in: collection)["count"] == .integer(1))
        let both = try fixture.ask(
            #"{"op":"batch","atomic":true,"operations":[{"op":"delete","ids":["a"]},"#
                + #"{"op":"upsert","mode":"merge","ids":["n"],"documents":["x"]}]}"#,
            in: collection)
        #expect(both["results"]?.arrayValue?[0] == .object([.init("deleted", .integer(1))]))
        #expect(both["results"]?.arrayValue?[1]["created"] == .integer(1))
    }

    @Test func queries() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        func ask(_ line: String) throws -> JSON { try fixture.ask(line, in: collection) }
        _ = try ask(#"{"op":"collection.update","configuration":{"metric":"euclidean"}}"#)
        _ = try ask(
            #"{"op":"add","ids":[1,2,3,4],"vectors":[[0,0],[3,0],[0,4],[9,9]],"#
                + #""metadatas":[{"g":"a"},{"g":"a"},{"g":"b"},{}]}"#
        )
        let one = try ask(#"{"op":"query","vector":[0,0],"k":3,"include":["scores","distances"]}"#)
        #expect(one["ids"]?.strings == ["1", "2", "3"])
        #expect(one["scores"]?.arrayValue?.compactMap(\.numberValue) == [0, 3, 4])
        #expect(one["distances"]?.arrayValue?.compactMap(\.numberValue) == [0, 9, 16])
        let many = try ask(#"{"op":"query","vectors":[[0,0],[9,9]],"k":1,"where":{"g":"b"},"include":[]}"#)
        #expect(many["results"]?.arrayValue?.map { $0["ids"]?.strings } == [["3"], ["3"]])
        #expect(try ask(#"{"op":"query","like":1,"k":1}"#)["ids"]?.strings == ["2"])
        #expect(try ask(#"{"op":"query","vector":[0,0],"ids":["4","3"],"k":9}"#)["ids"]?.strings == ["3", "4"])
        let qdrant = try ask(
            #"{"op":"query","include":["scores"],"requests":[{"query":{"nonsense":1}},{"query":[0,0],"limit":2,"#
                + #""filter":{"must":[{"key":"g","match":{"value":"a"}}]}}]}"#
        )
        #expect(qdrant["results"]?.arrayValue?[1]["ids"]?.strings == ["1", "2"])
        #expect(qdrant["results"]?.arrayValue?[0]["error"]?["code"] == .string("invalidQuery"))
        let groups = try ask(#"{"op":"query","groups":{"query":[0,0],"group_by":"g","group_size":2},"include":[]}"#)
        #expect(groups["groups"]?.arrayValue?.map { $0["id"]?.stringValue } == ["a", "b"])
        #expect(groups["groups"]?.arrayValue?[0]["ids"]?.strings == ["1", "2"])
        let page = try ask(#"{"op":"scroll","limit":3,"include":[]}"#)
        #expect(page["ids"]?.strings == ["1", "2", "3"] && page["next"] == .string("4"))
        #expect(try ask(#"{"op":"scroll","start":"4","include":[]}"#)["next"] == .null)
        #expect(try ask(#"{"op":"get","limit":3,"include":[]}"#)["more"] == .bool(true))
        #expect(try ask(#"{"op":"get","limit":5,"include":[]}"#)["more"] == nil)
        let facet = try ask(#"{"op":"facet","key":"g"}"#)["values"]
        #expect(facet?.arrayValue?.first == .object([.init("value", .string("a")), .init("count", .integer(2))]))
        #expect(try fixture.refusal(#"{"op":"query","vector":[1],"k":1}"#, in: collection) == "dimensionMismatch")
        #expect(try fixture.refusal(#"{"op":"query","vector":[1,2],"text":"x"}"#, in: collection) == "invalidQuery")
    }

    @Test func binaryParts() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        var parts = WirePartsBuilder()
        let vectors = parts.add([1, 0, 0, 1, .nan, .nan], shape: [3, 2])
        let texts = parts.add([Array("one".utf8), Array("two".utf8), nil])
        let metadatas = parts.add([Array(#"{"n":1}"#.utf8), nil, nil])
        let body = JSON.object([
            .init("ids", .array([.integer(1), .string("b"), .string("c")])), .init("vectors", vectors),
            .init("documents", texts), .init("metadatas", metadatas), .init("parts", parts.json),
        ])
        func send(_ frame: WireFrame) throws -> WireFrame {
            try WireFrame(decoding: fixture.answers(frame.bytes, in: collection))
        }
        let sent = try send(WireFrame(.upsert, json: body.compact, binary: parts.binary, tag: 11))
        #expect(sent.header.status == 0 && sent.header.tag == 11 && sent.header.flags == WireHeader.answerFlag)
        #expect(try sent.body()["created"] == .integer(3), "\(String(decoding: sent.json, as: UTF8.self))")
        let read = try send(WireFrame(.get, json: Array(#"{"include":["vectors","documents"]}"#.utf8)))
        let answer = try read.body()
        let found = try WireParts(of: answer, binary: read.binary)
        let part = try #require(try found.part(answer["vectors"] ?? .null))
        let floats = try found.floats(part)
        #expect(part.shape == [3, 2])
        #expect(Array(floats.prefix(4)) == [1, 0, 0, 1] && floats.suffix(2).allSatisfy(\.isNaN))
        #expect(answer["documents"] == .array([.string("one"), .string("two"), .null]))
    }
}
