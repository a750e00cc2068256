import Foundation
import TestSupport
import Testing

@Suite struct ErrorChannelTests {
    /// "`/.vexfs/lasterr` shows the sentences behind the newest failures of the caller's user."
    @Test func lastError() throws {
        let mount = try TestMount()
        let collection = try mount.collection("errors")
        #expect(failure { try (collection / "bad.json").write("{\"vector\": [1, oops]}") } == EINVAL)
        let text = try (mount / ".vexfs/lasterr").text()
        #expect(text.contains("bad.json"), "\(text)")
        let other = try run(["setpriv", "--reuid=12345", "--clear-groups", "cat", (mount / ".vexfs/lasterr").string])
        #expect(!other.text.contains("bad.json"))
        try mount.close()
    }

    /// "A collection's `.vexfs/errors.jsonl` has a JSON line per refused document, with its file, its error and
    /// what was written."
    @Test func collectionErrors() throws {
        let mount = try TestMount()
        let collection = try mount.collection("errors")
        #expect(failure { try (collection / "one.json").write("{\"vector\": [1, 0") } == EINVAL)
        #expect(failure { try (collection / "two.json").write("{\"nothing\": true}") } == ENODATA)
        let lines = try (collection / ".vexfs/errors.jsonl").lines()
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { decodeJSON($0) is [String: Any] })
        #expect(lines[0].contains("one.json") && lines[1].contains("two.json"))
        try mount.remount()
        #expect(try (collection / ".vexfs/errors.jsonl").lines().count == 2)
        try mount.close()
    }

    /// "`errors.jsonl` keeps the newest 1000 refusals of a collection; the oldest go first."
    @Test func errorsAreBounded() throws {
        let mount = try TestMount()
        let collection = try mount.collection("errors")
        let file = collection / ".vexfs/errors.jsonl"
        func refuse(_ numbers: Range<Int>) {
            for number in numbers {
                #expect(failure { try (collection / "bad.json").write("{\"n\": \(number), oops") } == EINVAL)
            }
        }
        func numbers() throws -> [Int] {
            try file.lines().map { line in
                let draft = try #require(decodeObject(line)["draft"] as? String)
                return try #require(Int(draft.dropFirst(6).prefix { $0.isNumber }))
            }
        }
        refuse(0..<1005)
        #expect(try numbers() == Array(5..<1005))
        try mount.remount()
        #expect(try numbers() == Array(5..<1005))
        refuse(1005..<1010)
        #expect(try numbers() == Array(10..<1010))
        try mount.close()
    }

    /// "`/.vexfs/errors.jsonl` collects the errors of all collections."
    @Test func allErrors() throws {
        let mount = try TestMount()
        for name in ["one", "two"] {
            let collection = try mount.collection(name)
            #expect(failure { try (collection / "bad-\(name).json").write("{") } == EINVAL)
        }
        let text = try (mount / ".vexfs/errors.jsonl").text()
        #expect(text.contains("bad-one.json") && text.contains("bad-two.json"))
        try mount.close()
    }

    /// "A failed search says why in `lasterr`."
    @Test func searchErrors() throws {
        let mount = try TestMount()
        let collection = try mount.collection("errors")
        try (collection / "a.json").write(document([1, 0]))
        #expect(failure { _ = try (collection / "query/k=many/vec=\(base64url([1, 0]))/x").read() } == EINVAL)
        let text = try (mount / ".vexfs/lasterr").text()
        #expect(text.contains("k") && text.contains("many"), "\(text)")
        try mount.close()
    }

    /// "A document that becomes good again loses its error."
    @Test func errorsHeal() throws {
        let collection = try SharedMount.collection()
        #expect(failure { try (collection / "a.json").write("{\"vector\": [1") } == EINVAL)
        #expect(try (collection / "a.json").state() == "failed")
        try (collection / "a.json").write(document([1, 0, 0]))
        #expect(try (collection / "a.json").state() == "ready")
        #expect(failure { _ = try (collection / "a.json").attribute("user.vexfs.error") } == ENODATA)
    }
}
