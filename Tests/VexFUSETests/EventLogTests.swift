import Glibc
import Testing
import VexFS

@testable import VexFUSE

@Suite struct EventLogTests {
    private func lines(_ numbers: Range<Int>) -> [UInt8] { numbers.flatMap { Array("line \($0)\n".utf8) } }

    /// A reader that was too slow is told so in a line of its own, and goes on with whole lines.
    @Test func aSlowReaderIsTold() throws {
        let kernel = try KernelCache()
        defer { kernel.close() }
        let log = EventLog(kernel)
        var reader = EventReader()
        log.append(lines(0..<2))
        var text = reader.read(log, at: 0, size: 10)
        #expect(String(decoding: text, as: UTF8.self) == "line 0\nlin")
        var next = 2
        while log.size.end < Int64(2 * EventLog.bytesMax) {
            log.append(lines(next..<next + 10_000))
            next += 10_000
        }
        while true {
            let bytes = reader.read(log, at: Int64(text.count), size: 1000)
            if bytes.isEmpty { break }
            text += bytes
        }
        let told = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(told.prefix(2) == ["line 0", "lin"])
        let lost = try JSON.parse(Array(told[2].utf8))
        #expect(lost["event"] == .string("lost"))
        let first = try #require(told[3].split(separator: " ").last.flatMap { Int($0) })
        #expect(lost["bytes"]?.integerValue == Int64(lines(0..<first).count - 10))
        #expect(told[3...].elementsEqual((first..<next).map { "line \($0)" }))
        #expect(Int64(text.count) <= log.size.end)
        // Whoever goes back to the line reads it again.
        let place = Int64("line 0\nlin\n".utf8.count)
        #expect(reader.read(log, at: place, size: 8) == Array(text[Int(place)..<Int(place) + 8]))
    }

    /// However much comes at once, no more is kept than the log may hold.
    @Test func oneLargeChange() throws {
        let kernel = try KernelCache()
        defer { kernel.close() }
        let log = EventLog(kernel)
        log.append([UInt8](repeating: 0x0A, count: 4 * EventLog.bytesMax))
        let kept = log.read(from: 0, size: .max >> 1)
        #expect(kept.bytes.count <= EventLog.bytesMax)
        #expect(kept.start + Int64(kept.bytes.count) == log.size.end)
    }

    /// A file that is polled again and again keeps one waker.
    @Test func oneWakerAFile() throws {
        let kernel = try KernelCache()
        defer { kernel.close() }
        let log = EventLog(kernel)
        final class File {}
        let file = File()
        weak var former: PollWaker?
        do {
            // The waker frees what it is given.
            let waker = PollWaker(OpaquePointer(try #require(malloc(64))))
            former = waker
            #expect(!log.hasMore(behind: 0, for: ObjectIdentifier(file), waker))
        }
        #expect(former != nil)
        let next = PollWaker(OpaquePointer(try #require(malloc(64))))
        #expect(!log.hasMore(behind: 0, for: ObjectIdentifier(file), next))
        #expect(former == nil)
        log.forget(ObjectIdentifier(file))
    }
}
