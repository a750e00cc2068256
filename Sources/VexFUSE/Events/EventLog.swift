import Synchronization
import VexFS

/// Lines about what happens, one behind the other since the file was opened; those that nobody has read for long go.
final class EventLog: Sendable {
    /// The most bytes that are kept.
    static let bytesMax = 16 << 20

    private struct State {
        var bytes: [UInt8] = []
        /// Where the kept bytes begin in all that was ever written.
        var start: Int64 = 0
        var modified = Clock.now()
        /// One for each open file that is polled.
        var wakers: [ObjectIdentifier: PollWaker] = [:]
        var end: Int64 { start + Int64(bytes.count) }
    }
    private let state = Mutex(State())
    private let kernel: KernelCache

    init(_ kernel: KernelCache) { self.kernel = kernel }

    /// How much was ever written, and when last.
    var size: (end: Int64, modified: Int64) { state.withLock { ($0.end, $0.modified) } }

    /// Adds lines, each with its end.
    func append(_ lines: [UInt8]) {
        let wakers = state.withLock { state in
            state.bytes += lines
            state.modified = Clock.now()
            if state.bytes.count > Self.bytesMax {
                let half = state.bytes[(state.bytes.count - Self.bytesMax / 2)...]
                let cut = half.firstIndex(of: 0x0A).map { $0 + 1 } ?? state.bytes.count
                state.bytes.removeFirst(cut)
                state.start += Int64(cut)
            }
            defer { state.wakers = [:] }
            return Array(state.wakers.values)
        }
        kernel.wake(wakers)
    }

    /// What is kept behind a place, and where it begins: later where what stood there is gone.
    func read(from place: Int64, size: Int) -> (bytes: [UInt8], start: Int64) {
        state.withLock { state in
            let start = max(place, state.start)
            guard start < state.end else { return ([], start) }
            let first = Int(start - state.start)
            return (Array(state.bytes[first..<min(state.bytes.count, first + size)]), start)
        }
    }

    /// Whether there is anything behind a place; the waker is kept where there is not, instead of the one before.
    func hasMore(behind place: Int64, for file: ObjectIdentifier, _ waker: PollWaker?) -> Bool {
        state.withLock { state in
            if place < state.end { return true }
            if let waker { state.wakers[file] = waker }
            return false
        }
    }

    /// Forgets whom to tell.
    func forget(_ file: ObjectIdentifier) { state.withLock { $0.wakers[file] = nil } }
}

/// The logs of the event files that are open.
final class EventLogs: Sendable {
    private struct Entry {
        var log: EventLog
        var opens: Int
        var end: @Sendable () -> Void
    }
    private let entries = Mutex<[String: Entry]>([:])

    /// The log of an open file, or nil.
    func log(_ key: String) -> EventLog? { entries.withLock { $0[key]?.log } }

    /// The log of a file that is being opened; `begin` has it filled, and says what ends that.
    func open(
        _ key: String, _ kernel: KernelCache, begin: (EventLog) -> (@Sendable () -> Void)
    ) -> EventLog {
        entries.withLock { entries in
            if let known = entries[key] {
                entries[key]?.opens += 1
                return known.log
            }
            let log = EventLog(kernel)
            entries[key] = Entry(log: log, opens: 1, end: begin(log))
            return log
        }
    }

    /// Notes that an open file was closed.
    func close(_ key: String) {
        let end = entries.withLock { entries -> (@Sendable () -> Void)? in
            guard let known = entries[key] else { return nil }
            if known.opens > 1 {
                entries[key]?.opens -= 1
                return nil
            }
            entries[key] = nil
            return known.end
        }
        end?()
    }
}
