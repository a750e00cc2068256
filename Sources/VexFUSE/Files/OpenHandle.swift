import Glibc
import Synchronization
import VexFS

/// An open file. Every function answers its request exactly once, from whatever thread suits it; a function that throws
/// has not answered, and the caller does with the error.
protocol OpenHandle: AnyObject, Sendable {
    /// The path below the mount, for messages.
    var path: String { get }
    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError)
    /// `bytes` is valid only until the function returns.
    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError)
    /// close of one of the file's descriptors.
    func flush(_ request: Request) throws(VexFSError)
    /// fsync.
    func sync(_ request: Request) throws(VexFSError)
    /// ftruncate. Answers nothing itself.
    func resize(to count: Int64) throws(VexFSError)
    /// The last descriptor is gone. Answers nothing itself; nobody can see an error any more.
    func release()
    /// Says for what a caller need not wait. `waker` tells the kernel to ask again; nil where nobody waits.
    func poll(_ request: Request, _ waker: PollWaker?)
    /// The mount has ended while the file was open: nothing of this handle may still be working after the return.
    func abandon()
}

extension OpenHandle {
    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        throw VexFSError(.notPermitted, "this file cannot be written", at: path)
    }
    func flush(_ request: Request) { request.reply(errno: 0) }
    func sync(_ request: Request) { request.reply(errno: 0) }
    func resize(to count: Int64) throws(VexFSError) {
        throw VexFSError(.notPermitted, "this file cannot be cut", at: path)
    }
    func poll(_ request: Request, _ waker: PollWaker?) { request.reply(events: POLLIN | POLLOUT) }
    func release() {}
    func abandon() {}
}

/// The open files and directories, by the number that the kernel is given for each.
final class HandleTable<Handle: Sendable>: Sendable {
    private struct State {
        var handles: [UInt64: Handle] = [:]
        var next: UInt64 = 1
    }
    private let state = Mutex(State())

    /// Every open handle.
    var all: [Handle] { state.withLock { Array($0.handles.values) } }

    /// Open handles.
    var count: Int { state.withLock { $0.handles.count } }

    /// Keeps a handle and returns its number, which is never used again.
    func insert(_ handle: Handle) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.handles[state.next] = handle
            return state.next
        }
    }

    /// The handle with a number, or nil after its release.
    func find(_ number: UInt64) -> Handle? { state.withLock { $0.handles[number] } }

    /// Takes a handle out.
    func remove(_ number: UInt64) -> Handle? { state.withLock { $0.handles.removeValue(forKey: number) } }
}
