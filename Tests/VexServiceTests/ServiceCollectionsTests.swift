import TestSupport
import Testing
import VexFS
import VexService
import VexWire

@Suite struct ServiceCollectionsTests {
    @Test func collections() throws {
        let fixture = try ServiceFixture()
        let made = try fixture.ask(
            #"{"op":"collection.create","collection":"docs","tenant":"acme","database":"prod","#
                + #""configuration":{"metric":"dot"},"properties":{"a":[1]}}"#
        )
        let uid = try #require(made["collection"]?["uid"]?.stringValue)
        #expect(made["collection"]?["directory"] == .string("acme:prod:docs"))
        #expect(made["collection"]?["configuration"]?["metric"] == .string("dot"))
        #expect(fixture.told() == ["collection acme:prod:docs"])
        let again = #"{"op":"collection.create","collection":"docs","tenant":"acme","database":"prod""#
        #expect(try fixture.refusal(again + "}") == "alreadyExists")
        #expect(try fixture.ask(again + #","get_or_create":true}"#)["created"] == .bool(false))
        #expect(try fixture.refusal(#"{"op":"collection.get","collection":"docs"}"#) == "notFound")
        let byUID = try fixture.ask(#"{"op":"collection.get","uid":"\#(uid)"}"#)
        #expect(byUID["collection"]?["properties"] == .object([.init("a", .array([.integer(1)]))]))
        let renamed = try fixture.ask(#"{"op":"collection.rename","uid":"\#(uid)","to":"papers"}"#)
        #expect(renamed["collection"]?["uid"]?.stringValue == uid)
        #expect(fixture.store.collection(named: "acme:prod:papers") != nil)
        _ = try fixture.ask(#"{"op":"add","uid":"\#(uid)","ids":["x"],"vectors":[[1,2]]}"#)
        #expect(try fixture.ask(#"{"op":"collection.list"}"#)["total"] == .integer(0))
        #expect(try fixture.ask(#"{"op":"collection.list","tenant":"*","database":"*"}"#)["total"] == .integer(1))
        #expect(try fixture.ask(#"{"op":"collection.delete","uid":"\#(uid)"}"#)["deleted"] == .bool(true))
        #expect(try fixture.refusal(#"{"op":"collection.get","uid":"\#(uid)"}"#) == "notFound")
        // What cannot be as it was asked for is not made.
        let wrong = #"{"op":"collection.create","collection":"no","configuration":{"metric":"taxi"}}"#
        #expect(try fixture.refusal(wrong) == "invalidConfiguration")
        #expect(fixture.store.collections.isEmpty)
    }

    @Test func snapshotsAndForks() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        func ask(_ line: String) throws -> JSON { try fixture.ask(line, in: collection) }
        _ = try ask(#"{"op":"collection.update","properties":{"p":1}}"#)
        _ = try ask(#"{"op":"add","ids":["a","b"],"vectors":[[1,0],[0,1]]}"#)
        let made = try ask(#"{"op":"snapshot.create","name":"then"}"#)["snapshots"]?.arrayValue
        #expect(made?.map { $0["name"]?.stringValue } == ["then"])
        #expect(made?.first?["documents"] == .integer(2))
        _ = try ask(#"{"op":"delete","ids":["a"]}"#)
        let now = try ask(#"{"op":"collection.fork","to":"now"}"#)["collection"]
        let then = try ask(#"{"op":"collection.fork","to":"again","snapshot":"then"}"#)["collection"]
        #expect(now?["documents"] == .integer(1) && then?["documents"] == .integer(2))
        #expect(then?["properties"] == .object([.init("p", .integer(1))]))
        #expect(now?["uid"] != then?["uid"])
        let found = try fixture.ask(#"{"op":"query","collection":"again","vector":[1,0],"k":1,"include":[]}"#)
        #expect(found["ids"]?.strings == ["a"])
        // What a fork did not write it has all the same.
        let read = try fixture.ask(#"{"op":"get","collection":"now","include":["documents","metadatas","vectors"]}"#)
        #expect(read["ids"]?.strings == ["b"])
        #expect(read["vectors"]?.arrayValue?.first?.arrayValue?.count == 2, "\(read)")
        _ = try fixture.ask(#"{"op":"collection.fork","collection":"now","to":"twig"}"#)
        let forks = try ask(#"{"op":"collection.forks"}"#)["forks"]?.strings
        #expect(forks == ["again", "now", "twig"])
        #expect(try fixture.ask(#"{"op":"collection.forks","collection":"twig"}"#)["forks"]?.strings == forks)
        #expect(try fixture.refusal(#"{"op":"collection.fork","to":"now"}"#, in: collection) == "alreadyExists")
        let past = try fixture.ask(#"{"op":"get","collection":"c@then","include":[]}"#)
        #expect(past["ids"]?.strings == ["a", "b"])
        #expect(try fixture.refusal(#"{"op":"delete","collection":"c@then","ids":["a"]}"#) == "readOnly")
        #expect(try ask(#"{"op":"snapshot.delete","name":"then"}"#)["snapshots"] == .array([]))
        #expect(try fixture.refusal(#"{"op":"snapshot.delete","name":"then"}"#, in: collection) == "notFound")
    }

    @Test func aliases() throws {
        let fixture = try ServiceFixture()
        _ = try fixture.collection("c")
        let actions = #"{"create":{"alias":"x","collection":"c"}},{"rename":{"from":"x","to":"y"}}"#
        #expect(try fixture.ask(#"{"op":"alias.update","actions":[\#(actions)]}"#)["aliases"] == .integer(1))
        #expect(try fixture.ask(#"{"op":"count","collection":"y"}"#)["count"] == .integer(0))
        #expect(try fixture.refusal(#"{"op":"collection.create","collection":"y"}"#) == "alreadyExists")
        let half = #"{"delete":{"alias":"y"}},{"delete":{"alias":"z"}}"#
        #expect(try fixture.refusal(#"{"op":"alias.update","actions":[\#(half)]}"#) == "notFound")
        #expect(try fixture.ask(#"{"op":"alias.list","collection":"c"}"#)["aliases"]?.arrayValue?.count == 1)
        #expect(
            try fixture.refusal(#"{"op":"alias.update","actions":[{"create":{"alias":"c","collection":"c"}}]}"#)
                == "alreadyExists")
    }

    @Test func tenantsAndDatabases() throws {
        let fixture = try ServiceFixture()
        #expect(try fixture.ask(#"{"op":"tenant.create","tenant":"acme"}"#)["tenant"]?["name"] == .string("acme"))
        #expect(try fixture.refusal(#"{"op":"tenant.create","tenant":"acme"}"#) == "alreadyExists")
        #expect(try fixture.refusal(#"{"op":"tenant.get","tenant":"other"}"#) == "notFound")
        _ = try fixture.ask(#"{"op":"database.create","tenant":"acme","database":"prod","properties":{"id":"u"}}"#)
        _ = try fixture.ask(#"{"op":"collection.create","collection":"c","tenant":"acme","database":"prod"}"#)
        let listed = try fixture.ask(#"{"op":"database.list","tenant":"acme"}"#)["databases"]?.arrayValue
        #expect(listed?.map { $0["name"]?.stringValue } == ["prod"])
        #expect(try fixture.ask(#"{"op":"database.list"}"#)["databases"] == .array([]))
        _ = try fixture.ask(#"{"op":"database.delete","tenant":"acme","database":"prod"}"#)
        #expect(fixture.store.collections.isEmpty)
    }

    @Test func readersDoNotWrite() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        let service = Service(fixture.store, mountRoot: "/mnt", observer: fixture)
        let caller = Service.Caller(collection: collection, owner: 1, group: 1, mayWrite: false) { false }
        func code(_ line: String) throws -> String? {
            try JSON.parse(service.answers(to: Array(line.utf8), for: caller))["error"]?["code"]?.stringValue
        }
        #expect(try code(#"{"op":"count"}"#) == nil)
        let write = #"{"op":"delete","filter":{}}"#
        #expect(try code(write) == "accessDenied")
        #expect(try code(#"{"op":"batch","atomic":true,"operations":[\#(write)]}"#) == "accessDenied")
        #expect(try code(#"{"op":"collection.delete"}"#) == "accessDenied")
    }

    /// Whatever a request holds, it is answered, and the service goes on.
    @Test func noise() throws {
        let fixture = try ServiceFixture()
        let collection = try fixture.collection("c")
        _ = try fixture.ask(#"{"op":"add","ids":["a","b"],"vectors":[[1,0],[0,1]]}"#, in: collection)
        var generator = SeededGenerator.announced(for: "requests of noise")
        let pieces = [
            "null", "1", "-1", "1e300", "\"a\"", "\"\"", "[]", "{}", "[1,0]", "[[1,0]]", "true", "[\"a\"]",
            "{\"part\":0}",
            "{\"a\":{\"$gt\":1}}", "[null]", "\"documents\"", "9223372036854775807",
        ]
        let keys = [
            "ids", "vectors", "documents", "metadatas", "filter", "where", "qdrant_filter", "k", "limit", "offset",
            "include", "vector", "text", "texts", "like", "points", "payload", "keys", "names", "named", "key",
            "actions",
            "operations", "atomic", "mode", "order", "order_by", "start", "request", "requests", "groups", "field",
            "to",
            "uid", "collection", "tenant", "database", "properties", "configuration", "index", "tag", "parts",
            "durable",
        ]
        let operations = WireOperation.allCases.filter { $0 != .wait && $0 != .collectionDelete }
        var good = 0
        for _ in 0..<3000 {
            let operation = operations[generator.pick(0..<operations.count)]
            var members = ["\"op\":\"\(operation.name)\""]
            for _ in 0..<generator.pick(0..<4) {
                members.append(
                    "\"\(keys[generator.pick(0..<keys.count)])\":\(pieces[generator.pick(0..<pieces.count)])")
            }
            var line = Array("{\(members.joined(separator: ","))}".utf8)
            if generator.chance(0.1) { line[generator.pick(0..<line.count)] = UInt8(generator.pick(0..<256)) }
            let answer = try fixture.answers(line, in: collection)
            for part in answer.split(separator: 0x0A) {
                let json = try JSON.parse(Array(part))
                if json["error"] == nil { good += 1 } else { #expect(json["error"]?["message"]?.stringValue != nil) }
            }
        }
        #expect(good > 100)
        // Frames that were cut, or whose bytes were changed.
        let frame = WireFrame(.query, json: Array(#"{"vector":[1,0],"include":["vectors"]}"#.utf8), tag: 5).bytes
        for _ in 0..<1000 {
            var bytes = frame + frame
            if generator.chance(0.5) { bytes.removeLast(generator.pick(1..<bytes.count)) }
            if generator.chance(0.7) { bytes[generator.pick(0..<bytes.count)] = UInt8(generator.pick(0..<256)) }
            _ = try fixture.answers(bytes, in: collection)
        }
        let answered = try WireFrame(decoding: fixture.answers(frame, in: collection))
        #expect(answered.header.status == 0 || fixture.store.collection(named: "c") == nil)
    }
}
