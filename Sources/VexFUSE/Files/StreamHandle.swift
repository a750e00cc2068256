import Synchronization
import VexFS

/// What a file is made of piece by piece, as it is read.
protocol StreamSource: Sendable {
    /// The next piece; empty at the end.
    mutating func next() throws(VexFSError) -> [UInt8]
}

/// An open file that is made as it is read: a window that moves forward with the reader, and starts again for one who
/// goes back.
final class StreamHandle<Source: StreamSource>: OpenHandle {
    private struct Window {
        var source: Source
        var start: Int64 = 0
        var bytes: [UInt8] = []
        var isAtEnd = false
    }

    let path: String
    private let beginning: Source
    private let operations: Operations
    /// Held by workers only.
    private let window: Mutex<Window>

    /// Reads a source from its beginning.
    init(_ source: Source, path: String, in operations: Operations) {
        (beginning, self.path, self.operations) = (source, path, operations)
        window = Mutex(Window(source: source))
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            let part = try self.window.withLock { (window) throws(VexFSError) in
                try self.part(&window, offset: offset, size: size, request)
            }
            request.reply(slice: part, offset: 0, size: size)
        }
    }

    private func part(
        _ window: inout Window, offset: Int64, size: Int, _ request: Request
    ) throws(VexFSError) -> [UInt8] {
        if offset < window.start { window = Window(source: beginning) }
        while !window.isAtEnd, window.start + Int64(window.bytes.count) < offset + Int64(size) {
            guard !request.isInterrupted else { throw VexFSError(.interrupted, "the reader was interrupted", at: path) }
            // What lies before the reader is done with.
            let passed = Int(min(Int64(window.bytes.count), max(0, offset - window.start)))
            window.bytes.removeFirst(passed)
            window.start += Int64(passed)
            let next = try window.source.next()
            window.bytes += next
            window.isAtEnd = next.isEmpty
        }
        let start = min(window.bytes.count, Int(max(0, offset - window.start)))
        return Array(window.bytes[start..<min(window.bytes.count, start + size)])
    }
}
