import Glibc
import Synchronization
import VexFS
import VexService
import VexWire

/// An open session: requests are collected by WRITE and done by the first READ after it, which begins their answers.
final class SessionHandle: OpenHandle {
    /// Requests up to this size are done by the thread that reads them from the kernel, where nothing else keeps it.
    private static let quickBytesMax = 64 << 10

    private struct Read {
        var request: Request
        var size: Int
        var offset: Int64
        var round: Int
    }

    /// What became of the requests.
    private enum Outcome {
        /// Nothing yet, or they are worked on.
        case none
        case answers([UInt8])
        /// A large answer that was sent to its last byte, and how long it was.
        case sent(count: Int)
        case failed(VexFSError)
    }

    private struct State {
        var requests: [UInt8] = []
        var outcome = Outcome.none
        /// Where the part of the answers ends that was sent without a gap.
        var sentEnd = 0
        /// The file offset at which the answers begin.
        var base: Int64 = 0
        /// Whether the requests of this round are being worked on; those of an earlier one may be, too.
        var isWorking = false
        /// Reads that came while the work of their round was under way.
        var waiting: [Read] = []
        /// Counts the conversations: what was asked before a WRITE is no answer to it.
        var round = 0
        var isReleased = false

        var isAnswered: Bool { if case .none = outcome { false } else { true } }
        var answersCount: Int { if case .answers(let answers) = outcome { answers.count } else { 0 } }
    }

    /// Answers up to this size stay until the next WRITE, so that they can be read again; larger ones until they were
    /// sent.
    private static let keptBytesMax = 1 << 20

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
            let beginsAnew = state.isAnswered || state.isWorking
            let held = state.requests.count
            guard (beginsAnew ? 0 : held) + bytes.count <= WireLimits.frameBytesMax else {
                throw VexFSError(
                    .documentTooLarge, "a session takes at the most \(WireLimits.frameBytesMax) bytes of requests",
                    at: path)
            }
            try operations.budget.take(bytes.count)
            if beginsAnew {
                operations.budget.giveBack(held)
                operations.answerBudget.giveBack(state.answersCount)
                state.outcome = .none
                // Whoever reads next asks for the new requests, also while the old ones are still worked on.
                state.isWorking = false
                state.round += 1
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
        let step: Step = try state.withLock { (state) throws(VexFSError) in
            if state.isAnswered { return try reply(&state, size: size, offset: offset) }
            if state.isWorking {
                state.waiting.append(Read(request: request, size: size, offset: offset, round: state.round))
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
            let read = Read(request: request, size: size, offset: offset, round: round)
            let body: @Sendable () throws(VexFSError) -> Void = { () throws(VexFSError) in
                self.work(requests, read)
            }
            if Service.waits(requests) {
                do throws(VexFSError) {
                    try operations.pool.submitWaiting { self.work(requests, read) }
                } catch {
                    finish(.failure(error), read)
                }
            } else if requests.count <= Self.quickBytesMax {
                operations.workQuickly(request, at: { self.path }, body)
            } else {
                operations.work(request, at: { self.path }, body)
            }
        }
    }

    private func reply(_ state: inout State, size: Int, offset: Int64) throws(VexFSError) -> Step {
        // Who goes back to before the beginning reads from there.
        if offset < state.base { state.base = offset }
        let start = offset - state.base
        switch state.outcome {
        case .answers(let answers):
            note(sent: size, from: Int(clamping: start), of: answers, &state)
            return .reply(answers, from: start)
        case .sent(let count) where start >= count: return .reply([], from: 0)
        case .sent:
            throw VexFSError(
                .notFound, "the answer was read to its end, and is too large to be kept: write the request again",
                at: path)
        case .failed(let error): throw error
        case .none: return .reply([], from: 0)
        }
    }

    /// Lets a large answer go once all of it was sent.
    private func note(sent count: Int, from start: Int, of answers: [UInt8], _ state: inout State) {
        guard answers.count > Self.keptBytesMax, start <= state.sentEnd, case .answers = state.outcome else { return }
        state.sentEnd = max(state.sentEnd, min(answers.count, start + count))
        guard state.sentEnd == answers.count else { return }
        state.outcome = .sent(count: answers.count)
        operations.answerBudget.giveBack(answers.count)
    }

    /// Does what was asked and answers the read that began it, and those that came meanwhile.
    private func work(_ requests: [UInt8], _ read: Read) {
        let pool = operations.pool
        let caller = operations.serviceCaller(collection, caller) { read.request.isInterrupted || pool.isClosed }
        do throws(VexFSError) {
            let answers = try operations.service.answers(to: requests, for: caller)
            do throws(VexFSError) {
                // Answers that nobody fetches must not eat the machine.
                try operations.answerBudget.take(answers.count)
                finish(.success(answers), read)
            } catch {
                finish(.failure(error), isFinal: true, read)
            }
        } catch {
            finish(.failure(error), read)
        }
    }

    /// - Parameter isFinal: whether a failure is the answer; otherwise nothing was done, and the next READ tries again.
    private func finish(_ result: Result<[UInt8], VexFSError>, isFinal: Bool = false, _ first: Read) {
        let answers = try? result.get()
        let (reads, isKept) = state.withLock { state in
            let reads = [first] + state.waiting.filter { $0.round == first.round }
            state.waiting.removeAll { $0.round == first.round }
            guard first.round == state.round, !state.isReleased else { return (reads, false) }
            state.isWorking = false
            state.sentEnd = 0
            switch result {
            case .success(let answers): state.outcome = .answers(answers)
            case .failure(let error) where isFinal: state.outcome = .failed(error)
            case .failure: return (reads, true)
            }
            operations.budget.giveBack(state.requests.count)
            state.requests = []
            if let answers {
                for read in reads {
                    note(sent: read.size, from: Int(clamping: max(0, read.offset - first.offset)), of: answers, &state)
                }
            }
            return (reads, true)
        }
        if !isKept, let answers { operations.answerBudget.giveBack(answers.count) }
        let base = first.offset
        // The kernel first forgets what the requests changed, so that the caller's next look sees it.
        operations.kernel.whenAllForgotten { [operations, path] in
            for read in reads {
                switch result {
                case .success(let answers):
                    read.request.reply(slice: answers, offset: max(0, read.offset - base), size: read.size)
                case .failure(let error): operations.fail(read.request, error, at: path)
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

    func release() {
        let (requests, answers) = state.withLock { state in
            state.isReleased = true
            return (state.requests.count, state.answersCount)
        }
        operations.budget.giveBack(requests)
        operations.answerBudget.giveBack(answers)
    }
}
