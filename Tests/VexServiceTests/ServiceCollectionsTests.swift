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
        let access = ServiceAccess(mayWrite: { _ in false })
        let caller = Service.Caller(collection: collection, owner: 1, group: 1, access: access) { false }
        func code(_ line: String) throws -> String? {
            try JSON.parse(service.answers(to: Array(line.utf8), for: caller))["error"]?["code"]?.stringValue
        }
        #expect(try code(#"{"op":"count"}"#) == nil)
        let write = #"{"op":"delete","filter":{}}"#
        #expect(try code(write) == "accessDenied")
        #expect(try code(#"{"op":"batch","atomic":true,"operations":[\#(write)]}"#) == "accessDenied")
        for operation in [
            "collection.create", "collection.delete", "collection.rename", "collection.update", "alias.update",
            "tenant.create", "tenant.delete", "tenant.update", "database.create", "database.delete", "index.create",
            "snapshot.create",
        ] {
            #expect(try code("{\"op\":\"\(operation)\",\"tenant\":\"t\"}") == "accessDenied", "\(operation)")
        }
    }

    /// A session of one collection gives no rights to another.
    @Test func rightsAreThoseOfTheCollection() throws {
        let fixture = try ServiceFixture()
        let (own, other) = (try fixture.collection("own"), try fixture.collection("other"))
        let service = Service(fixture.store, mountRoot: "/mnt", observer: fixture)
        func code(_ line: String, mayRead: Bool) throws -> String? {
            let access = ServiceAccess(mayRead: { mayRead || $0 === own }, mayWrite: { $0 === own })
            let caller = Service.Caller(collection: own, owner: 1, group: 1, access: access) { false }
            return try JSON.parse(service.answers(to: Array(line.utf8), for: caller))["error"]?["code"]?.stringValue
        }
        #expect(try code(#"{"op":"delete","filter":{}}"#, mayRead: false) == nil)
        let delete = #"{"op":"delete","filter":{},"collection":"other"}"#
        #expect(try code(delete, mayRead: true) == "accessDenied")
        #expect(try code(#"{"op":"batch","atomic":true,"operations":[\#(delete)]}"#, mayRead: true) == "accessDenied")
        #expect(try code(#"{"op":"count","collection":"other"}"#, mayRead: true) == nil)
        #expect(try code(#"{"op":"get","collection":"other"}"#, mayRead: false) == "accessDenied")
        #expect(try code(#"{"op":"get","uid":"\#(uid(of: other, fixture))"}"#, mayRead: false) == "accessDenied")
        #expect(try code(#"{"op":"collection.create","collection":"new"}"#, mayRead: true) == "accessDenied")
    }

    private func uid(of collection: Collection, _ fixture: ServiceFixture) throws -> String {
        let found = try fixture.ask(#"{"op":"collection.get","collection":"\#(collection.name)"}"#)
        return try #require(found["collection"]?["uid"]?.stringValue)
    }

    /// Names that no directory could have are refused before anything is kept of them.
    @Test func namesAreBounded() throws {
        let fixture = try ServiceFixture()
        _ = try fixture.collection("c")
        let long = String(repeating: "x", count: 256)
        #expect(try fixture.refusal(#"{"op":"tenant.create","tenant":"\#(long)"}"#) == "nameTooLong")
        #expect(try fixture.refusal(#"{"op":"tenant.create","tenant":""}"#) == "invalidArgument")
        #expect(try fixture.refusal(#"{"op":"database.create","database":"\#(long)"}"#) == "nameTooLong")
        let create = #"{"op":"alias.update","actions":[{"create":{"alias":"\#(long)","collection":"c"}}]}"#
        #expect(try fixture.refusal(create) == "nameTooLong")
        for name in ["..", ".", "/", "../c", "a/../../b", "\\u0000", ".vexfs", "query"] {
            let made = try fixture.ask("{\"op\":\"collection.create\",\"collection\":\"\(name)\"}")
            let directory = try #require(made["collection"]?["directory"]?.stringValue)
            #expect(!directory.contains("/") && !directory.contains("\0"))
            #expect(directory.first != "." && directory != "query")
        }
    }

    /// A directory that a shell made with a name that no address would be given has that name.
    @Test func unusualDirectories() throws {
        let fixture = try ServiceFixture()
        let plain = try fixture.collection("a")
        for name in ["%61", "b%2f", "x:y:%7a"] {
            let made = try fixture.store.createCollection(named: ByteString(name), owner: 0, group: 0)
            let address = CollectionAddress(directory: made.name)
            #expect(address == CollectionAddress(name: name))
            let found = try fixture.ask(#"{"op":"collection.get","collection":"\#(name)"}"#)
            #expect(found["collection"]?["directory"]?.stringValue == name)
        }
        let found = try fixture.ask(#"{"op":"collection.get","collection":"a"}"#)
        #expect(found["collection"]?["directory"]?.stringValue == plain.name.string)
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
