import Foundation
import TestSupport
import Testing

@Suite struct AppendTests {
    /// "`>>` appends to what is there, and the whole is committed as one document."
    @Test func shellAppends() throws {
        let collection = try SharedMount.collection()
        let script = "cd '\(collection)' && printf 'one\\n' > a.tmp && printf 'two\\n' >> a.tmp && cat a.tmp"
        #expect(try SharedMount.get().shell(script).lines == ["one", "two"])
    }

    /// "O_APPEND writes at the end of the draft, whatever the offset."
    @Test func appendIgnoresOffsets() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.tmp").write("start")
        let handle = try (collection / "a.tmp").open(O_WRONLY | O_APPEND)
        try handle.seek(to: 0)
        try handle.write("-one")
        try handle.seek(to: 2)
        try handle.write("-two")
        try handle.close()
        #expect(try (collection / "a.tmp").text() == "start-one-two")
    }

    /// "Appending white space to a JSON document keeps it; appending anything else fails with EINVAL."
    @Test func appendToDocument() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0, 0]))
        try (collection / "a.json").append("\n")
        #expect(try (collection / "a.json").text() == document([1, 0, 0]) + "\n")
        #expect(failure { try (collection / "a.json").append("more") } == EINVAL)
        #expect(try (collection / "a.json").text() == document([1, 0, 0]) + "\n")
    }

    /// "Appending one line at a time loses no line."
    @Test func manyAppends() throws {
        let collection = try SharedMount.collection()
        let script = "cd '\(collection)' && for i in $(seq 200); do echo line $i >> log.tmp; done; wc -l < log.tmp"
        #expect(try SharedMount.get().shell(script).lines == ["200"])
    }

    /// "What several open files append to one text document is all kept, in the order of the commits."
    @Test func appendingTogether() throws {
        let collection = try SharedMount.collection("appendingTogether")
        try (collection / ".vexfs/config.json").write("{\"model\": \"all-MiniLM-L6-v2\"}")
        try (collection / "log.md").write("begin\n")
        let first = try (collection / "log.md").open(O_WRONLY | O_APPEND)
        let second = try (collection / "log.md").open(O_WRONLY | O_APPEND)
        try first.write("one\n")
        try second.write("two\n")
        try second.close()
        try first.write("three\n")
        try first.close()
        #expect(try (collection / "log.md").text() == "begin\ntwo\none\nthree\n")
    }
}
