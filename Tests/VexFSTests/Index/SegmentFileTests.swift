import Glibc
import Testing

@testable import VexFS

@Suite struct SegmentFileTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/vexfs-segment-XXXXXX".utf8CString)
        directory = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    private var header: SegmentHeader { .init(kind: "graph", metric: .euclidean, dimension: 12, count: 1000) }

    private func write(_ name: String, codes: [UInt8], links: [UInt32]) throws -> String {
        let path = "\(directory)/\(name)"
        let writer = try SegmentWriter(path: path, header: header)
        try writer.append("codes", codes)
        try writer.append("links", links)
        try writer.append("empty", [UInt8]())
        try writer.finish()
        return path
    }

    @Test func givesBackWhatWasWritten() throws {
        let codes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let links = (0..<777).map { UInt32($0 * $0) }
        let file = try SegmentFile(opening: write("a.seg", codes: codes, links: links))
        #expect(file.header == header)
        #expect(Array(try file.bytes("codes")) == codes)
        #expect(Array(try file.elements("links", of: UInt32.self, count: 777)) == links)
        #expect(try file.bytes("empty").isEmpty)
        #expect(UInt(bitPattern: try file.bytes("links").baseAddress) % 4096 == 0)
        #expect(throws: VexFSError.self) { try file.bytes("none") }
        #expect(throws: VexFSError.self) { try file.elements("links", of: UInt32.self, count: 776) }
    }

    @Test func refusesAnyFlippedBit() throws {
        let path = try write("b.seg", codes: [UInt8](repeating: 7, count: 10_000), links: [1, 2, 3])
        let bytes = try SystemCall.readAll(path)
        let descriptor = try SystemCall.open(path, O_WRONLY)
        defer { close(descriptor) }
        var generator = SeededGenerator(seed: 0x5E6)
        var places = (0..<60).map { _ in Int.random(in: 0..<bytes.count, using: &generator) }
        places += [0, 8, 12, 16, 30, 60, 4090, 4095, 4096, bytes.count - 1]
        for place in places {
            var changed = bytes[place] ^ UInt8(1 << Int.random(in: 0..<8, using: &generator))
            #expect(pwrite(descriptor, &changed, 1, place) == 1)
            #expect(throws: VexFSError.self, "byte \(place)") { try SegmentFile(opening: path) }
            var original = bytes[place]
            #expect(pwrite(descriptor, &original, 1, place) == 1)
        }
        _ = try SegmentFile(opening: path)
    }

    @Test func refusesAFileThatIsCutOff() throws {
        let path = try write("c.seg", codes: [UInt8](repeating: 7, count: 10_000), links: [1, 2, 3])
        for size in [0, 100, 4095, 4096, 9000, 16_384] {
            #expect(truncate(path, size) == 0)
            let error = #expect(throws: VexFSError.self) { try SegmentFile(opening: path) }
            #expect(error?.code == .corruption)
        }
    }

    @Test func anUnfinishedFileLeavesNothing() throws {
        let path = "\(directory)/d.seg"
        do {
            let writer = try SegmentWriter(path: path, header: header)
            try writer.append("codes", [UInt8(1)])
        }
        #expect(access(path, F_OK) != 0)
        #expect(access(path + ".new", F_OK) != 0)
    }
}
