import Glibc
import Synchronization
import VexFS
import VexService
import VexWire

/// An open session: requests are collected by WRITE, done by the first READ after it, and their answers read from there.
final class SessionHandle: OpenHandle {
    /// Requests up to this size are done by the thread that reads them from the kernel, where nothing else keeps it.
    private static let quickBytesMax = 64 << 10

    private struct Read {
        var request: Request
        var size: Int
        var offset: Int64
    }

    private struct State {
        var requests: [UInt8] = []
        /// Nil until the first READ after a WRITE is done.
        var answers: [UInt8]?
        /// The file offset at which the answers begin.
        var base: Int64 = 0
        var isWorking = false
        /// Reads that came while the work was under way.
        var waiting: [Read] = []
        /// Counts the conversations: what was asked before a WRITE is no answer to it.
        var round = 0
    }

    let path: String
    private let collection: Collection?
    private let caller: Caller
    private let operations: Operations
    private let state = Mutex(State())

    init(_ collection: Collection?, path: String, caller: Caller, in operations: Operations) {
        self.collection = collection
        self.path = path
        self.caller = caller
        self.operations = operations
    }

    func write(_ request: Request, _ bytes: UnsafeRawBufferPointer, offset: Int64) throws(VexFSError) {
        try state.withLock { (state) throws(VexFSError) in
            let beginsAnew = state.answers != nil || state.isWorking
            let held = state.requests.count
            guard (beginsAnew ? 0 : held) + bytes.count <= WireLimits.frameBytesMax else {
                throw VexFSError(
                    .documentTooLarge, "a session takes at the most \(WireLimits.frameBytesMax) bytes of requests",
                    at: path)
            }
            try operations.budget.take(bytes.count)
            if beginsAnew {
                operations.budget.giveBack(held)
                state.round += 1
                state.answers = nil
                state.requests = [UInt8](bytes)
            } else {
                state.requests.append(contentsOf: bytes)
            }
        }
        request.reply(written: bytes.count)
    }

    /// What a READ has to do.
    private enum Step {
        case reply([UInt8], from: Int64)
        case wait
        case work([UInt8], round: Int)
    }

    func read(_ request: Request, size: Int, offset: Int64) throws(VexFSError) {
        let step: Step = state.withLock { state in
            if let answers = state.answers {
                // Who goes back to before the beginning reads from there.
                if offset < state.base { state.base = offset }
                return .reply(answers, from: offset - state.base)
            }
            if state.isWorking {
                state.waiting.append(Read(request: request, size: size, offset: offset))
                return .wait
            }
            state.isWorking = true
            state.base = offset
            return .work(state.requests, round: state.round)
        }
        switch step {
        case .reply(let answers, let start): request.reply(slice: answers, offset: start, size: size)
        case .wait: break
        case .work(let requests, let round):
            let read = Read(request: request, size: size, offset: offset)
            let body: @Sendable () throws(VexFSError) -> Void = { () throws(VexFSError) in
                self.work(requests, round, read)
            }
            if Service.waits(requests) {
                do throws(VexFSError) {
                    try operations.pool.submitWaiting { self.work(requests, round, read) }
                } catch {
                    finish(nil, error, round, read)
                }
            } else if requests.count <= Self.quickBytesMax {
                operations.workQuickly(request, at: { self.path }, body)
            } else {
                operations.work(request, at: { self.path }, body)
            }
        }
    }

    /// Does what was asked and answers the read that began it, and those that came meanwhile.
    private func work(_ requests: [UInt8], _ round: Int, _ read: Read) {
        let pool = operations.pool
        let caller = Service.Caller(
            collection: collection, owner: caller.user, group: caller.group,
            isCancelled: { read.request.isInterrupted || pool.isClosed })
        do throws(VexFSError) {
            finish(try operations.service.answers(to: requests, for: caller), nil, round, read)
        } catch {
            finish(nil, error, round, read)
        }
    }

    private func finish(_ answers: [UInt8]?, _ error: VexFSError?, _ round: Int, _ first: Read) {
        let reads = state.withLock { state in
            state.isWorking = false
            if round == state.round { state.answers = answers }
            defer { state.waiting = [] }
            return [first] + state.waiting
        }
        let base = first.offset
        // The kernel first forgets what the requests changed, so that the caller's next look sees it.
        operations.kernel.whenAllForgotten { [operations, path] in
            for read in reads {
                if let answers {
                    read.request.reply(slice: answers, offset: max(0, read.offset - base), size: read.size)
                } else if let error {
                    operations.fail(read.request, error, at: path)
                }
            }
        }
    }

    func sync(_ request: Request) {
        operations.work(request, at: { self.path }) { () throws(VexFSError) in
            try self.operations.store.sync()
            request.reply(errno: 0)
        }
    }

    func resize(to count: Int64) {}

    func release() { operations.budget.giveBack(state.withLock { $0.requests.count }) }
}
