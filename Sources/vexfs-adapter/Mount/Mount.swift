import CMicrohttpd
import Glibc
import Synchronization
import VexValues
import VexWire

/// Why the mount did not do what it was asked.
enum MountError: Error {
    /// It is not there, or cannot be asked now: with the reason.
    case away(String)
    /// It says no.
    case refused(VexFSError)
}

/// The mounted store: sessions that are open, and requests to them. The only way in is files.
final class Mount: Sendable {
    /// The mountpoint.
    let path: String
    private let log: AdapterLog
    private let metrics: AdapterMetrics
    private let state = Mutex(State())
    private let isUp = Atomic<Bool>(true)
    /// When the mount last answered, on the monotonic clock.
    private let lastAnswer = Atomic<UInt64>(0)

    private struct Idle: @unchecked Sendable {
        // Contract: a session is in the pool or with exactly one thread.
        let session: MountSession
    }

    private struct State {
        var idle: [Idle] = []
        var opened = 0
        /// Nil until something is asked in one call, and after the mount went away.
        var root: MountRoot?
        /// By operations whose answers were too large for one call: how often not to try it.
        var large: [WireOperation: Int] = [:]
    }

    private static let mostIdle = 32

    init(path: String, log: AdapterLog, metrics: AdapterMetrics) {
        self.path = path
        self.log = log
        self.metrics = metrics
    }

    /// Whether the mount answered when it was last asked.
    var isThere: Bool { isUp.load(ordering: .relaxed) }

    /// Asks the mount whether it is there.
    func check() { _ = try? call(.hello, []) }

    /// Sends one request.
    /// - Throws: ``MountError``; the errors of the operation are in the answer.
    func call(
        _ operation: WireOperation, _ members: [JSON.Member], parts: WirePartsBuilder = WirePartsBuilder()
    ) throws(MountError) -> MountAnswer {
        var json: [UInt8] = []
        var members = members
        if !parts.parts.isEmpty { members.append(.init("parts", parts.json)) }
        JSON.object(members).write(to: &json)
        let binary = parts.binary
        guard json.count <= WireLimits.jsonBytesMax,
            WireHeader.byteCount + json.count + binary.count <= WireLimits.frameBytesMax
        else { throw .refused(Self.tooLarge) }
        let frame = WireFrame(operation, json: json, binary: binary).bytes
        guard Self.reading.contains(operation) else {
            // What changes something is done as a whole, whether or not the client is still there.
            vexfs_interruption_hold(1)
            defer { vexfs_interruption_hold(0) }
            return try send(frame)
        }
        if let answer = callAtOnce(operation, frame) { return answer }
        return try send(frame)
    }

    private static var tooLarge: VexFSError {
        VexFSError(
            .documentTooLarge,
            "a request to the mount has at the most \(WireLimits.jsonBytesMax >> 20) MiB of texts and "
                + "\(WireLimits.frameBytesMax >> 20) MiB in all: send fewer records at once")
    }

    /// Remembers that a question was asked at a time and is still open: a mount that answers nothing for that long is
    /// taken for gone.
    func noteOpenQuestion(since asked: UInt64) {
        let last = max(asked, lastAnswer.load(ordering: .relaxed))
        if MonotonicClock.now > last + Self.patienceNanoseconds { note(isUp: false) }
    }

    private static let patienceNanoseconds: UInt64 = 3_000_000_000

    // MARK: One call

    /// What may be asked again where nobody knows whether it was answered.
    private static let reading: Set<WireOperation> = [
        .hello, .collectionGet, .collectionList, .get, .count, .query, .scroll, .facet, .tenantGet, .tenantList,
        .databaseGet, .databaseList,
    ]

    /// How often an operation is asked in a session after its answer did not fit into one call.
    private static let turnsAfterLarge = 64

    /// Asks by one system call instead of the two of a session, which also halves the wake-ups; nil where a session has
    /// to be asked: for what changes something, and where request or answer are too large.
    private func callAtOnce(_ operation: WireOperation, _ frame: [UInt8]) -> MountAnswer? {
        guard frame.count <= WireLimits.inlineBytesMax, vexfs_interruption_came() == 0 else { return nil }
        let held = state.withLock { state -> MountRoot? in
            if let turns = state.large[operation] {
                state.large[operation] = turns > 1 ? turns - 1 : nil
                return nil
            }
            if state.root == nil { state.root = MountRoot(path: path) }
            return state.root
        }
        guard let root = held else { return nil }
        switch root.call(frame) {
        case .answer(let answer):
            note(isUp: true)
            return answer
        case .tooLarge:
            state.withLock { $0.large[operation] = Self.turnsAfterLarge }
        case .failed:
            state.withLock { if $0.root === root { $0.root = nil } }
        }
        return nil
    }

    // MARK: Sessions

    /// Sends one request and reads the control part of the answer.
    /// - Throws: ``MountError``.
    func ask(_ operation: WireOperation, _ members: [JSON.Member]) throws(MountError) -> JSON {
        let answer = try call(operation, members)
        do throws(VexFSError) { return try answer.body() } catch { throw .refused(error) }
    }

    private func send(_ frame: [UInt8]) throws(MountError) -> MountAnswer {
        while true {
            let pooled = state.withLock { $0.idle.popLast() }
            guard let session = pooled?.session ?? fresh() else { throw failed(errno) }
            switch session.call(frame) {
            case .answer(let answer):
                note(isUp: true)
                state.withLock { if $0.idle.count < Self.mostIdle { $0.idle.append(Idle(session: session)) } }
                return answer
            case .stale where pooled != nil: continue
            case .stale(let reason), .lost(let reason): throw failed(reason)
            }
        }
    }

    private func fresh() -> MountSession? {
        let number = state.withLock { state in
            state.opened += 1
            return state.opened
        }
        return MountSession(path: "\(path)/.vexfs/rpc/adapter-\(getpid())-\(number)")
    }

    /// What a failure of a system call means; only that the mount is gone throws away what is open.
    private func failed(_ reason: Int32) -> MountError {
        let words = String(cString: strerror(reason))
        switch reason {
        case EFBIG: return .refused(Self.tooLarge)
        case EINTR: return .refused(VexFSError(.interrupted, "the client left before the answer was there"))
        case EDQUOT: return .refused(VexFSError(.quotaExceeded, "the mount holds too many unfinished requests"))
        case EMFILE, ENFILE, ENOMEM, EAGAIN:
            return .away("the mount \(path) cannot be asked now: \(words); try again")
        case EPROTO: return .refused(VexFSError(.inputOutput, "what the mount answered is no frame"))
        default:
            note(isUp: false)
            return .away("the mount \(path) does not answer: \(words)")
        }
    }

    private func note(isUp now: Bool) {
        if now { lastAnswer.store(MonotonicClock.now, ordering: .relaxed) }
        guard isUp.exchange(now, ordering: .relaxed) != now else { return }
        _ = metrics.note(mountAway: !now)
        if now { log.info("the mount \(path) is back") } else { log.error("the mount \(path) does not answer") }
    }
}
