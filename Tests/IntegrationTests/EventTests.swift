import Foundation
import TestSupport
import Testing

@Suite struct EventTests {
    /// "`.vexfs/events` grows by a JSON line for every document that comes, changes, moves or goes, from its open on;
    /// reading at its end returns nothing, and poll waits for more."
    @Test func changes() throws {
        let collection = try SharedMount.collection()
        try (collection / "before.json").write(document([1, 0]))
        let events = try (collection / ".vexfs/events").open(O_RDONLY)
        #expect(try events.readToEnd().isEmpty)
        try (collection / "a.json").write(document([1, 0]))
        try (collection / "a.json").write(document([0, 1]))
        try (collection / "a.json").rename(to: collection / "b.json")
        try (collection / "x.tmp").write("scratch is no document")
        try (collection / "b.json").remove()
        _ = try collection.ask(#"{"op":"add","ids":["c","d"],"vectors":[[1,0],[0,1]]}"#)
        _ = try collection.ask(#"{"op":"delete","ids":["c"]}"#)
        let lines = String(decoding: try events.readToEnd(), as: UTF8.self).split(separator: "\n").map {
            decodeObject($0)
        }
        #expect(lines.map { $0["event"] as? String } == ["put", "put", "rename", "remove", "put", "put", "remove"])
        #expect(lines.map { $0["id"] as? String } == ["a", "a", "b", "b", "c", "d", "c"])
        #expect((lines[2]["from"] as? String)?.hasSuffix("/a.json") == true)
        #expect((lines[2]["file"] as? String)?.hasSuffix("/b.json") == true)
        #expect(try (collection / ".vexfs/events").size() > 0)
        var waits = [pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0)]
        #expect(poll(&waits, 1, 0) == 0)
        let writer = Thread { try? (collection / "e.json").write(document([1, 1])) }
        writer.start()
        #expect(poll(&waits, 1, 10_000) == 1)
        #expect(String(decoding: try events.readToEnd(), as: UTF8.self).contains("\"id\":\"e\""))
        try events.close()
        #expect(try (collection / ".vexfs/events").size() == 0)
    }

    /// "`tail -f .vexfs/events` follows a collection." "`query/….events` grows by the lines of the documents that the
    /// search finds among those that came since it was opened."
    @Test func standingQueries() throws {
        let collection = try SharedMount.collection()
        try (collection / "old.json").write(document([1, 0], text: "old"))
        let script = """
            tail -n +1 -s 0.1 -f .vexfs/events > "$1/all" & one=$!
            tail -n +1 -s 0.1 -f "query/min=0.9/vec=\(base64url([1, 0]))/x.events" > "$1/some" & two=$!
            until [ "$(ls -l /proc/$one/fd /proc/$two/fd 2>/dev/null | grep -c events)" = 2 ]; do read -t 0.01 < <(:); done
            echo '{"vector":[1,0.1],"text":"near"}' > near.json
            echo '{"vector":[0,1],"text":"far"}' > far.json
            until grep -q far "$1/all" && grep -q near "$1/some"; do read -t 0.01 < <(:); done
            kill $one $two
            """
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let result = try run(["bash", "-c", script, "bash", directory], in: collection.string)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try TestPath(directory + "/all").lines().map { decodeObject($0)["id"] as? String } == ["near", "far"])
        let found = try TestPath(directory + "/some").lines().compactMap(Hit.init(line:))
        #expect(found.map(\.id) == ["near"])
        #expect(found.first?.text == "near")
    }
}
