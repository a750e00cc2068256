import Foundation
import Synchronization
import TestSupport
import Testing
import VexWire

extension TestPath {
    /// Asks a session of this collection, or of the mount, for the answers to some lines.
    func ask(_ lines: String, name: String = "test") throws -> [[String: Any]] {
        let session = try (self / ".vexfs/rpc/\(name)").open(O_RDWR)
        try session.write(lines)
        return String(decoding: try session.readToEnd(), as: UTF8.self).split(separator: "\n").map { decodeObject($0) }
    }
}

@Suite struct SessionFileTests {
    /// "A request written into a name under `.vexfs/rpc/` is answered on the same open file, from a shell as from a
    /// program."
    @Test func conversation() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.md").write("Refunds are paid within two weeks.")
        try (collection / "b.md").write("Whales sing in the sea.")
        let script = """
            exec 3<>.vexfs/rpc/me; echo '{"op":"query","text":"refunds","k":1}' >&3; cat <&3
            echo '{"op":"count"}' >&3; cat <&3
            """
        let result = try run(["bash", "-c", script], in: collection.string)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.lines.count == 2)
        #expect(decodeObject(result.lines.first ?? "")["ids"] as? [String] == ["a.md"])
        #expect(decodeObject(result.lines.last ?? "")["count"] as? Int == 2)
        #expect(try (collection / ".vexfs/rpc").list().isEmpty)
    }

    /// "The first read after a write is the beginning of the answer, wherever the file offset is, and a write after a
    /// read begins anew."
    @Test func offsets() throws {
        let collection = try quarterCircle("offsets")
        let session = try (collection / ".vexfs/rpc/x").open(O_RDWR)
        try session.write(#"{"op":"get","incl"#)
        try session.write(#"ude":[]}"#)
        let whole = try session.read(4096, at: 0)
        #expect(decodeObject(String(decoding: whole, as: UTF8.self))["ids"] as? [String] == (0..<10).map { "d\($0)" })
        #expect(try session.read(10, at: 5) == Array(whole[5..<15]))
        try session.write(#"{"op":"count"}"#)
        let second = try session.read(4096, at: 1000)
        #expect(decodeObject(String(decoding: second, as: UTF8.self))["count"] as? Int == 10)
        #expect(try session.read(10, at: 1003) == Array(second[3..<13]))
        #expect(try session.read(10, at: 0) == Array(second[0..<10]))
        #expect(try session.read(10, at: second.count).isEmpty)
        try session.close()
    }

    /// "Two opens of one session's name have nothing to do with each other."
    @Test func privacy() throws {
        let collection = try quarterCircle("privacy")
        let path = collection / ".vexfs/rpc/shared"
        let (one, two) = (try path.open(O_RDWR), try path.open(O_RDWR))
        try one.write(#"{"op":"count","tag":1}"#)
        try two.write(#"{"op":"count","tag":2,"filter":{"parity":"even"}}"#)
        #expect(String(decoding: try one.read(100, at: 0), as: UTF8.self) == "{\"tag\":1,\"count\":10}\n")
        #expect(String(decoding: try two.read(100, at: 0), as: UTF8.self) == "{\"tag\":2,\"count\":5}\n")
    }

    /// "Frames are answered by frames and lines by lines, each in the order of the requests."
    @Test func frames() throws {
        let collection = try quarterCircle("frames")
        let session = try (collection / ".vexfs/rpc/x").open(O_RDWR)
        try session.write(WireFrame(.count, tag: 7).bytes + WireFrame(.hello, tag: 8).bytes)
        let answers = try session.readToEnd()
        let first = try answers.withUnsafeBytes { try WireHeader(decoding: $0) }
        let count = try WireFrame(decoding: Array(answers.prefix(first.frameByteCount)))
        let hello = try WireFrame(decoding: Array(answers.dropFirst(first.frameByteCount)))
        #expect(count.header.tag == 7 && hello.header.tag == 8)
        #expect(try count.body()["count"]?.integerValue == 10)
        #expect(try hello.body()["mount"]?.stringValue == SharedMount.get().point.string)
        let lines = try collection.ask("{\"op\":\"count\",\"tag\":\"a\"}\n\n{\"op\":\"count\",\"tag\":\"b\"}")
        #expect(lines.map { $0["tag"] as? String } == ["a", "b"])
    }

    /// "A request that is wrong is answered with an error, whatever its bytes are, and the session goes on."
    @Test func mistakes() throws {
        let collection = try quarterCircle("mistakes")
        let session = try (collection / ".vexfs/rpc/x").open(O_RDWR)
        func code(_ bytes: [UInt8]) throws -> String? {
            try session.write(bytes)
            let answer = try session.readToEnd()
            var text = String(decoding: answer, as: UTF8.self)
            if answer.starts(with: WireHeader.magic) {
                let frame = try WireFrame(decoding: answer)
                #expect(frame.header.status >= 400)
                text = String(decoding: frame.json, as: UTF8.self)
            }
            return (decodeObject(text)["error"] as? [String: Any])?["code"] as? String
        }
        #expect(try code(Array("nonsense".utf8)) == "invalidArgument")
        #expect(try code([0xFF, 0, 0x80, 0x56]) == "invalidArgument")
        #expect(try code(Array(#"{"op":"fly"}"#.utf8)) == "unsupported")
        #expect(try code(Array(#"{"op":"get","idz":[]}"#.utf8)) == "invalidArgument")
        #expect(try code(Array(#"{"op":"get","collection":"nobody"}"#.utf8)) == "notFound")
        let frame = WireFrame(.count, tag: 1).bytes
        #expect(try code(Array(frame.dropLast())) == "invalidArgument")
        var unknown = frame
        unknown[4] = 0xEE
        #expect(try code(unknown) == "unsupported")
        var large = frame
        large[19] = 0xFF
        #expect(try code(large) == "documentTooLarge")
        #expect(try code(WireFrame(.get, json: Array("[]".utf8)).bytes) == "invalidArgument")
        try session.write(#"{"op":"count"}"#)
        #expect(String(decoding: try session.readToEnd(), as: UTF8.self) == "{\"count\":10}\n")
    }

    /// "A request that waits holds up no other session, and ends when its reader is interrupted."
    @Test func slowRequests() throws {
        // Without its model a document waits for its vector, and whoever waits for that.
        let mount = try TestMount(options: ["model=/nowhere"])
        let collection = try mount.collection("c")
        _ = failure { try (collection / "a.json").write(#"{"text":"It waits."}"#) }
        let script = """
            for i in $(seq 8); do
                { exec 4<>.vexfs/rpc/w$i; echo '{"op":"wait","timeout_ms":600000}' >&4; : > "$1/$i"; exec cat <&4; } &
                waiting="$waiting $!"
            done
            until [ "$(ls "$1" | wc -l)" = 8 ]; do read -t 0.01 < <(:); done
            exec 3<>.vexfs/rpc/me; echo '{"op":"count"}' >&3; cat <&3
            kill -9 $waiting; wait 2> /dev/null; true
            """
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let result = try run(["bash", "-c", script, "bash", directory], in: collection.string)
        #expect(result.status == 0 && result.lines == ["{\"count\":1}"], "\(result.text) \(result.errorText)")
        try mount.close()
    }

    /// "A write while another thread reads an answer begins anew, in as many pieces as it takes, and each read gets the
    /// answer to what was written before it."
    @Test func writeWhileReading() throws {
        // Without its model a document waits for its vector, and whoever waits for that.
        let mount = try TestMount(options: ["model=/nowhere"])
        let collection = try mount.collection("c")
        _ = failure { try (collection / "a.json").write(#"{"text":"It waits."}"#) }
        let session = try (collection / ".vexfs/rpc/x").open(O_RDWR)
        let descriptor = session.descriptor
        try session.write(#"{"op":"wait","timeout_ms":3000,"tag":1}"#)
        let first = Mutex<[UInt8]>([])
        let done = DispatchSemaphore(value: 0)
        Thread {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = pread(descriptor, &bytes, bytes.count, 0)
            first.withLock { $0 = Array(bytes.prefix(max(0, count))) }
            done.signal()
        }.start()
        // Until the other thread waits in pread (17 on x86-64, 67 on AArch64).
        let file = " 0x" + String(descriptor, radix: 16) + " "
        func isReading() throws -> Bool {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").contains { number in
                // A thread may end meanwhile.
                let call = (try? String(contentsOfFile: "/proc/self/task/\(number)/syscall", encoding: .utf8)) ?? ""
                return call.hasPrefix("17" + file) || call.hasPrefix("67" + file)
            }
        }
        while try !isReading() { sched_yield() }
        try session.write(#"{"op":"co"#)
        try session.write(#"unt","tag":2}"#)
        #expect(String(decoding: try session.read(4096, at: 0), as: UTF8.self) == "{\"tag\":2,\"count\":1}\n")
        done.wait()
        #expect(String(decoding: first.withLock { $0 }, as: UTF8.self).hasPrefix("{\"tag\":1,\"error\""))
        #expect(String(decoding: try session.read(4096, at: 0), as: UTF8.self) == "{\"tag\":2,\"count\":1}\n")
        try session.close()
        try mount.close()
    }

    /// "A large answer is kept until it was read to its end, and not longer."
    @Test func largeAnswers() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], text: String(repeating: "x", count: 3 << 20)))
        let session = try (collection / ".vexfs/rpc/x").open(O_RDWR)
        try session.write(#"{"op":"get"}"#)
        let start = try session.read(1000, at: 0)
        #expect(try session.read(1000, at: 0) == start)
        let whole = try session.read(8 << 20, at: 0)
        #expect(whole.count > 3 << 20 && Array(whole.prefix(1000)) == start)
        #expect(try session.read(1000, at: whole.count).isEmpty)
        #expect(failure { _ = try session.read(1000, at: 0) } == ENOENT)
        try session.write(#"{"op":"count"}"#)
        #expect(String(decoding: try session.read(100, at: 0), as: UTF8.self) == "{\"count\":1}\n")
    }

    /// "What is written through a session is files, and files that a shell writes are points."
    @Test func pointsAreFiles() throws {
        let collection = try SharedMount.collection()
        let upsert = #"{"op":"upsert","points":[{"id":"a/b","document":"Bread is baked.","metadata":{"n":1}}]}"#
        #expect(try collection.ask(upsert)[0]["created"] as? Int == 1)
        #expect(try collection.list() == ["a%2Fb.json"])
        let content = decodeObject(try (collection / "a%2Fb.json").text())
        #expect(content["id"] as? String == "a/b" && content["text"] as? String == "Bread is baked.")
        try (collection / "notes.txt").write("Ships are built.")
        try (collection / "sub").makeDirectory()
        try (collection / "sub/c.json").write(#"{"text":"Roofs are mended.","n":2}"#)
        let read = try collection.ask(#"{"op":"get"}"#)[0]
        #expect(read["ids"] as? [String] == ["a/b", "notes.txt", "sub/c"])
        #expect(read["documents"] as? [String] == ["Bread is baked.", "Ships are built.", "Roofs are mended."])
        let found = try collection.ask(#"{"op":"query","text":"who builds ships?","k":1,"include":["files"]}"#)[0]
        #expect((found["files"] as? [String])?.first?.hasSuffix("/notes.txt") == true)
        #expect(try collection.ask(#"{"op":"delete","ids":["notes.txt","sub/c"]}"#)[0]["deleted"] as? Int == 2)
        #expect(try collection.list() == ["a%2Fb.json", "sub"])
    }

    /// "What a session removed or changed is gone or changed for who looked at it before, too."
    @Test func cachesFollow() throws {
        let collection = try SharedMount.collection()
        let add = #"{"op":"upsert","ids":["a"],"vectors":[[1,0]],"documents":["\#("one")"]}"#
        _ = try collection.ask(add)
        let first = try (collection / "a.json").text()
        _ = try (collection / "a.json").stat()
        _ = try collection.ask(#"{"op":"update","ids":["a"],"metadatas":[{"more":"members than before"}]}"#)
        let second = try (collection / "a.json").text()
        #expect(second != first && second.contains("more"))
        #expect(try (collection / "a.json").size() == second.utf8.count)
        _ = try collection.ask(#"{"op":"delete","ids":["a"]}"#)
        #expect(failure { _ = try (collection / "a.json").stat() } == ENOENT)
        _ = try collection.ask(add)
        #expect(try (collection / "a.json").text().contains("one"))
    }

    /// "An alias stands for its collection in requests, and `.vexfs/aliases.json` lists them; it goes when its
    /// collection is removed."
    @Test func aliases() throws {
        let collection = try quarterCircle("aliases")
        let (root, name) = (try SharedMount.get().point, String(collection.string.split(separator: "/").last ?? ""))
        let alias = name + "-alias"
        _ = try root.ask(
            #"{"op":"alias.update","actions":[{"create":{"alias":"\#(alias)","collection":"\#(name)"}}]}"#)
        #expect(try root.ask(#"{"op":"count","collection":"\#(alias)"}"#)[0]["count"] as? Int == 10)
        #expect(decodeObject(try (root / ".vexfs/aliases.json").text())[alias] as? String == name)
        _ = try root.ask(#"{"op":"alias.update","actions":[{"delete":{"alias":"\#(alias)"}}]}"#)
        let removed = name + "-removed"
        for isAsked in [true, false] {
            _ = try root.ask(#"{"op":"collection.create","collection":"\#(removed)"}"#)
            _ = try root.ask(
                #"{"op":"alias.update","actions":[{"create":{"alias":"\#(alias)","collection":"\#(removed)"}}]}"#)
            if isAsked {
                _ = try root.ask(#"{"op":"collection.delete","collection":"\#(alias)"}"#)
            } else {
                #expect(rmdir((root / removed).string) == 0)
            }
            #expect(!decodeObject(try (root / ".vexfs/aliases.json").text()).keys.contains(alias))
        }
    }

    /// "A tenant or database whose name no file could have is listed under its name with escapes."
    @Test func unusualTenants() throws {
        let mount = try TestMount()
        for tenant in ["a/b", "..", "default", "x\\u0000y"] {
            let made = try mount.point.ask(
                #"{"op":"collection.create","collection":"c","tenant":"\#(tenant)","database":"d"}"#)
            #expect(made[0]["created"] as? Bool == true)
        }
        let tenants = try (mount.point / ".vexfs/db").list()
        #expect(tenants.sorted() == ["%2E.", "%64efault", "a%2Fb", "x%00y"])
        for tenant in tenants { #expect(try (mount.point / ".vexfs/db/\(tenant)/d/c").list().isEmpty) }
        try mount.close()
    }

    /// "A collection of a tenant's database is the directory `TENANT:DATABASE:NAME`, and a link to it lies in
    /// `.vexfs/db/TENANT/DATABASE/`."
    @Test func databases() throws {
        let root = try SharedMount.get().point
        let address = #""collection":"papers","tenant":"acme","database":"prod""#
        _ = try root.ask(#"{"op":"collection.create",\#(address)}"#)
        let directory = root / "acme:prod:papers"
        try (directory / "a.json").write(document([1, 0]))
        #expect(try root.ask(#"{"op":"count",\#(address)}"#)[0]["count"] as? Int == 1)
        #expect(try (root / ".vexfs/db/acme/prod").list() == ["papers"])
        #expect(try (root / ".vexfs/db/acme/prod/papers").list() == ["a.json"])
        #expect(try root.ask(#"{"op":"collection.delete",\#(address)}"#)[0]["deleted"] as? Bool == true)
        #expect(!directory.exists && !(root / ".vexfs/db/acme/prod/papers").exists)
    }
}
