import Synchronization
import VexFS

/// The last errors of each user, for `.vexfs/lasterr`.
///
/// The program that failed and the `cat` that asks are different processes, so the user is the key, and each line names
/// the process.
final class LastErrors: Sendable {
    static let linesPerUserMax = 16
    static let usersMax = 1024

    struct Line: Sendable {
        var time: Int64
        var process: Int32
        var path: String
        var error: VexFSError
    }

    private struct State {
        var lines: [UInt32: [Line]] = [:]
        /// Users in the order of their first error: the oldest goes when there are too many.
        var order: [UInt32] = []
    }

    private let state = Mutex(State())

    /// Keeps an error.
    func record(_ error: VexFSError, at path: String, by caller: Caller) {
        let line = Line(time: Clock.now(), process: caller.process, path: path, error: error)
        state.withLock { state in
            if state.lines[caller.user] == nil {
                if state.order.count == Self.usersMax { state.lines[state.order.removeFirst()] = nil }
                state.order.append(caller.user)
            }
            // A refused write is refused again at the close: one line says it.
            if let last = state.lines[caller.user]?.last, last.path == path, last.process == caller.process,
                last.error.message == error.message
            {
                return
            }
            state.lines[caller.user, default: []].append(line)
            if state.lines[caller.user, default: []].count > Self.linesPerUserMax {
                state.lines[caller.user]?.removeFirst()
            }
        }
    }

    /// What a user is shown, newest first: time, process, errno, path, sentence.
    func text(for user: UInt32) -> [UInt8] {
        let lines = state.withLock { $0.lines[user] ?? [] }
        var text: [UInt8] = []
        for line in lines.reversed() {
            text += Array("\(Timestamp.text(line.time)) pid \(line.process) \(ErrnoName.of(line.error.errno)) ".utf8)
            // Many errors name the file themselves, with the place in it.
            let location = line.error.location
            if location != line.path, !location.hasPrefix(line.path + ":") { text += Array((line.path + ": ").utf8) }
            // One error, one line: what a message quotes may hold line ends.
            text += line.error.description.utf8.map { $0 < 0x20 ? 0x20 : $0 }
            text.append(0x0A)
        }
        return text
    }
}
