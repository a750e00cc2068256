import Glibc
import Synchronization
import VexFS

/// `export.jsonl`, open: a window that moves forward with the reader, and starts again for one who goes back.
final class ExportHandle: OpenHandle {
    static let documentsPerStep = 256

    private struct Window {
        var start: Int64 = 0
        var bytes: [UInt8] = []
        var last: FileNumber = 0
        var isAtEnd = false
    }

    let path: String
    private let collection: Collection
    private let operations: Operations
    /// Held by workers only.
    private let window = Mutex(Window())

    init(_ collection: Collection, path: String, in operations: Operations) {
        self.collection = collection
        self.path = path
        self.operations = operations
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
        if offset < window.start { window = Window() }
        while !window.isAtEnd, window.start + Int64(window.bytes.count) < offset + Int64(size) {
            guard !request.isInterrupted else { throw VexFSError(.interrupted, "the reader was interrupted", at: path) }
            // What lies before the reader is done with.
            let passed = Int(min(Int64(window.bytes.count), max(0, offset - window.start)))
            window.bytes.removeFirst(passed)
            window.start += Int64(passed)
            let next = try collection.exportLines(after: window.last, limit: Self.documentsPerStep)
            window.bytes += next.lines
            if let last = next.last { window.last = last } else { window.isAtEnd = true }
        }
        let start = min(window.bytes.count, Int(max(0, offset - window.start)))
        return Array(window.bytes[start..<min(window.bytes.count, start + size)])
    }
}
