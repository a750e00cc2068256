import Synchronization
import VexFS

/// An open file whose content is made at the first read and then stays the same for this handle.
final class LiveFileHandle: OpenHandle {
    let path: String
    private let operations: Operations
    private let make: @Sendable () throws(VexFSError) -> [UInt8]
    private let content = Mutex<[UInt8]?>(nil)
    /// Two first reads at once must not do the work twice.
    private let making = Mutex(())

    init(path: String, in operations: Operations, make: @escaping @Sendable () throws(VexFSError) -> [UInt8]) {
        self.path = path
        self.operations = operations
        self.make = make
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        if let content = content.withLock({ $0 }) {
            request.reply(slice: content, offset: offset, size: size)
            return
        }
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            // Whoever gave up in the queue need not be answered, and the work is saved.
            guard !request.isInterrupted else { throw VexFSError(.interrupted, "the reader was interrupted") }
            request.reply(slice: try self.made(), offset: offset, size: size)
        }
    }

    private func made() throws(VexFSError) -> [UInt8] {
        try making.withLock { (_) throws(VexFSError) in
            if let known = content.withLock({ $0 }) { return known }
            let made = try make()
            content.withLock { $0 = made }
            return made
        }
    }
}
