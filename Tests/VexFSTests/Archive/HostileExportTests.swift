import CVexKernels
import Foundation
import Testing

@testable import VexFS

/// Exports with right checksums that no snapshot has: refused with EINVAL, and nothing of them is left.
@Suite struct HostileExportTests {
    private let fixture: StoreFixture
    private let bytes: [UInt8]

    init() throws {
        fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let settings = #"{"vectors":{"w":{"sparse":true},"m":{"multivector":true,"dimension":2}}}"#
        try collection.setConfiguration(Array(settings.utf8))
        _ = try collection.makeDirectory("d", in: 1, mode: 0o755, owner: 0, group: 0)
        try collection.put(
            "a.json",
            #"{"vector":[1,2],"vectors":{"w":{"indices":[3,9],"values":[1,2]},"m":[[1,0],[0,1]]},"n":1}"#)
        try collection.put("b.tmp", "scratch")
        try collection.insert([NewPoint(id: "p")], vectors: [3, 4])
        bytes = try SnapshotRestoreTests.export(collection)
    }

    /// The blocks of an export made anew, with another head or other files.
    private func forged(
        head change: (String) -> String = { $0 }, file changeFile: (inout ArchiveFile) -> Void = { _ in }
    ) throws -> [UInt8] {
        var result = Array(bytes[..<8])
        var (place, number) = (8, UInt64(0))
        while place < bytes.count {
            let start = place
            let block = try Array(bytes[start..<start + ArchiveBlock.headBytes]).withSystemBytes {
                bytes throws(VexFSError) in try ArchiveBlock(head: bytes, number: number)
            }
            var content = Array(bytes[start + ArchiveBlock.headBytes..<start + ArchiveBlock.headBytes + block.length])
            place += ArchiveBlock.headBytes + block.length + ArchiveBlock.tailBytes
            switch block.kind {
            case .head: content = Array(change(String(decoding: content, as: UTF8.self)).utf8)
            case .files:
                var writer = ByteWriter()
                try content.withSystemBytes { content throws(VexFSError) in
                    var reader = ByteReader(content)
                    while !reader.rest.isEmpty {
                        var file = try ArchiveFile(&reader)
                        changeFile(&file)
                        file.append(to: &writer)
                    }
                }
                content = writer.bytes
            case .property: break
            case .end:
                content.withUnsafeMutableBytes {
                    $0.storeBytes(of: UInt64(result.count).littleEndian, toByteOffset: 16, as: UInt64.self)
                }
            }
            result += ArchiveBlock.encoded(block.kind, number: number, content)
            number += 1
        }
        return result
    }

    private func restore(_ bytes: [UInt8], as name: ByteString = "again") throws {
        let restore = try fixture.store.restoreSnapshot(as: name)
        defer { restore.abandon() }
        try bytes.withUnsafeBytes { try restore.append($0) }
        try restore.finish()
    }

    private func expectRefused(_ what: String, _ bytes: [UInt8]) throws {
        let error = #expect(throws: VexFSError.self, "\(what)") { try restore(bytes) }
        #expect(error?.errno == EINVAL, "\(what): \(String(describing: error))")
        #expect(fixture.store.collections.map(\.name) == ["c"], "\(what)")
    }

    private func setVector(_ place: Int, _ file: inout ArchiveFile, to bytes: [UInt8]) {
        file.vectors[place].bytes = bytes
        let (space, checksum) = (file.vectors[place].space, vexfs_crc32c(0, bytes, bytes.count))
        if space == VectorSpace.unnamed { file.record.row.vectorChecksum = checksum }
        for place in file.record.row.named.indices where file.record.row.named[place].space == space {
            file.record.row.named[place].checksum = checksum
        }
    }

    private func setContent(_ file: inout ArchiveFile, to bytes: [UInt8]) {
        file.content = bytes
        file.record.contentChecksum = vexfs_crc32c(0, bytes, bytes.count)
    }

    @Test func forgedWithoutChangesItIsTaken() throws {
        try restore(try forged())
        let again = try #require(fixture.store.collection(named: "again"))
        #expect(again.documentCount == 2)
        try fixture.reopen()
        fixture.close()
        #expect(try Store.check(at: fixture.path).problems.map(\.message) == [])
    }

    @Test func hostileHeads() throws {
        for (old, new) in [
            ("\"files_below\":6", "\"files_below\":-1"), ("\"files_below\":6", "\"files_below\":9223372036854775807"),
            ("\"files_below\":6", "\"files_below\":4"), ("\"documents\":2", "\"documents\":-1"),
            ("\"documents\":2", "\"documents\":9223372036854775807"), ("\"documents\":2", "\"documents\":1"),
            ("\"number\":2", "\"number\":4294967295"), ("\"number\":2", "\"number\":1"),
            ("\"format\":1", "\"format\":7"), ("\"format\":1", "\"format\":null"),
        ] {
            let head = try forged(head: { $0.replacingOccurrences(of: old, with: new) })
            #expect(head != bytes, "\(old)")
            let error = #expect(throws: VexFSError.self, "\(new)") { try restore(head) }
            #expect(error?.errno == EINVAL || error?.code == .newerFormat, "\(new): \(String(describing: error))")
            #expect(fixture.store.collections.map(\.name) == ["c"])
        }
        // A block that says that it is very long waits for its content.
        var long = Array(bytes[..<8])
        long += ArchiveBlock.encoded(.head, number: 0, [1]).prefix(4)
        try expectRefused("no head", long + [255, 255, 255, 127] + [UInt8](repeating: 0, count: 200))
    }

    @Test func hostileFiles() throws {
        let changes: [Change] = [
            ("no folder", "a.json", { $0.record.attributes.parent = 0 }),
            ("a folder beyond all", "a.json", { $0.record.attributes.parent = 1 << 40 }),
            ("a folder in itself", "d", { $0.record.attributes.parent = $0.record.attributes.number }),
            ("a document as folder", "b.tmp", { $0.record.attributes.parent = 3 }),
            ("never committed", "a.json", { $0.record.attributes.version = 0 }),
            ("the last version", "a.json", { $0.record.attributes.version = .max }),
            ("negative size", "b.tmp", { $0.record.attributes.size = -1 }),
            ("huge size", "b.tmp", { $0.record.attributes.size = .max }),
            ("other size", "p.json", { $0.record.attributes.size += 1 }),
            ("path", "a.json", { $0.record.attributes.name = "../x.json" }),
            ("reserved", "a.json", { $0.record.attributes.name = "query" }),
            ("dots", "d", { $0.record.attributes.name = ".." }),
            ("the same name", "p.json", { $0.record.attributes.name = "a.json" }),
            ("row beyond all", "a.json", { $0.record.attributes.row = 1 << 31 }),
            ("the same row", "p.json", { $0.record.attributes.row = 0 }),
            ("no row", "a.json", { $0.record.attributes.row = nil }),
            ("scratch with a row", "a.json", { $0.record.attributes.kind = .scratch }),
            ("other content", "a.json", { $0.content[3] ^= 1 }),
            ("folder with content", "d", { $0.content = [1] }),
            ("metadata", "a.json", { $0.record.row.metadata = Array("{\"n\":".utf8) }),
            ("no metadata", "a.json", { $0.record.row.metadata = [] }),
            ("patch", "a.json", { $0.record.metadataPatch = "[1]" }),
            ("no place for the vector", "p.json", { setContent(&$0, to: Array($0.content.reversed())) }),
        ]
        try expectRefused(changes)
    }

    @Test func hostileVectors() throws {
        let changes: [Change] = [
            ("not a number", "a.json", { setVector(0, &$0, to: VectorElement.float32.encoded([.nan, 1])) }),
            ("not of unit length", "a.json", { setVector(0, &$0, to: VectorElement.float32.encoded([3, 4])) }),
            ("short", "a.json", { setVector(0, &$0, to: VectorElement.float32.encoded([1])) }),
            (
                "infinite sparse", "a.json",
                { file in
                    let vector = SparseVector(ascending: [1, 2], values: [1, .infinity])
                    setVector(1, &file, to: StoredVector.encoded(vector))
                }
            ),
            (
                "sparse that descends", "a.json",
                { file in
                    setVector(1, &file, to: StoredVector.encoded(SparseVector(ascending: [2, 1], values: [1, 1])))
                }
            ),
            ("several for one", "a.json", { setVector(1, &$0, to: $0.vectors[2].bytes) }),
            (
                "very many", "a.json",
                { file in
                    var bytes = file.vectors[2].bytes
                    for place in 4..<12 { bytes[place] = 255 }
                    setVector(2, &file, to: bytes)
                }
            ),
            (
                "of another type", "a.json",
                { file in
                    setVector(2, &file, to: StoredVector.encoded([1, 2, 3, 4], count: 2, .uint8))
                }
            ),
            (
                "several that are none", "a.json",
                { file in
                    setVector(2, &file, to: StoredVector.encoded([.nan, 0, 0, 1], count: 2, .float32))
                }
            ),
            ("a vector too few", "a.json", { $0.vectors.removeLast() }),
        ]
        try expectRefused(changes)
    }

    /// What is done to which file, and what that makes of it.
    private typealias Change = (String, ByteString, (inout ArchiveFile) -> Void)

    private func expectRefused(_ changes: [Change]) throws {
        for (what, name, apply) in changes {
            var isFound = false
            let change = { (file: inout ArchiveFile) in
                guard file.record.attributes.name == name else { return }
                isFound = true
                apply(&file)
            }
            let forged = try forged(file: change)
            #expect(isFound, "\(what)")
            try expectRefused(what, forged)
        }
        try restore(bytes)
    }

    @Test func programsOfRootAreNot() throws {
        try restore(try forged(file: { $0.record.attributes.mode = 0o6755 }))
        let again = try #require(fixture.store.collection(named: "again"))
        #expect(again.lookup("b.tmp", in: 1)?.mode == 0o755)
    }

    /// The number of a space that was removed is given again in the collection that an export becomes.
    @Test func vectorsOfSpacesThatWereRemovedStayGone() throws {
        let collection = try fixture.store.createCollection(named: "dropped")
        try collection.setConfiguration(Array(#"{"vectors":{"a":{"dimension":2}}}"#.utf8))
        try collection.put("x.json", #"{"vector":[1,2],"vectors":{"a":[3,4]}}"#)
        try collection.setConfiguration(Array(#"{"vectors":{"a":null}}"#.utf8))
        try restore(try SnapshotRestoreTests.export(collection))
        let again = try #require(fixture.store.collection(named: "again"))
        try again.setConfiguration(Array(#"{"vectors":{"b":{"dimension":2}}}"#.utf8))
        try again.put("y.json", #"{"vector":[1,2],"vectors":{"b":[1,1]}}"#)
        try fixture.reopen()
        let opened = try #require(fixture.store.collection(named: "again"))
        let file = try #require(opened.lookup("x.json", in: 1)).number
        #expect(try opened.vector(of: file, named: "b") == nil)
        #expect(try opened.facts(of: file).vectors == [])
        #expect(opened.state.withLock { $0.space(named: "b")?.withVector.count } == 1)
    }

    /// A collection that is made and not known to be on the disk is there, and whoever made it is told.
    @Test func aRestoreThatCannotBeSyncedIsKept() throws {
        let other = try StoreFixture()
        let synced = other.path + "/SYNCED"
        try FileManager.default.createDirectory(atPath: synced, withIntermediateDirectories: false)
        let restore = try other.store.restoreSnapshot(as: "again")
        try bytes.withUnsafeBytes { try restore.append($0) }
        #expect(throws: VexFSError.self) { try restore.finish() }
        let again = try #require(other.store.collection(named: "again"))
        let file = try #require(again.lookup("p.json", in: 1)).number
        let content = try again.content(of: file).bytes
        try FileManager.default.removeItem(atPath: synced)
        #expect(try restore.finish() === again)
        restore.abandon()
        try other.reopen()
        let opened = try #require(other.store.collection(named: "again"))
        #expect(opened.documentCount == 2)
        #expect(try opened.content(of: file).bytes == content)
    }
}
