import Synchronization
import VexValues

/// What the adapter did, for `/metrics`.
final class AdapterMetrics: Sendable {
    /// Upper bounds of the histogram's buckets, in microseconds.
    private static let boundsMicroseconds = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        10_000_000,
    ]

    private struct Timing {
        var buckets = [Int](repeating: 0, count: boundsMicroseconds.count + 1)
        var count = 0
        var nanoseconds: UInt64 = 0

        mutating func add(_ took: UInt64) {
            let microseconds = Int(took / 1000)
            buckets[boundsMicroseconds.firstIndex { microseconds <= $0 } ?? boundsMicroseconds.count] += 1
            count += 1
            nanoseconds += took
        }
    }

    private struct State {
        var byStatus: [Int: Int] = [:]
        var byOperation: [String: Timing] = [:]
        var inFlight = 0
        var receivedBytes = 0
        var isMountAway = false
    }

    private let state = Mutex(State())

    /// An answer of this status was sent.
    func count(status: Int) { state.withLock { $0.byStatus[status, default: 0] += 1 } }

    /// A request begins to be worked on.
    func begin(bodyBytes: Int) {
        state.withLock {
            $0.inFlight += 1
            $0.receivedBytes += bodyBytes
        }
    }

    /// Bytes of bodies so far.
    var receivedBytes: Int { state.withLock { $0.receivedBytes } }

    /// The work is done.
    func end(operation: String, nanoseconds: UInt64) {
        state.withLock {
            $0.inFlight -= 1
            $0.byOperation[operation, default: Timing()].add(nanoseconds)
        }
    }

    /// Remembers whether the mount answers.
    /// - Returns: whether that is news.
    func note(mountAway: Bool) -> Bool {
        state.withLock { state in
            defer { state.isMountAway = mountAway }
            return state.isMountAway != mountAway
        }
    }

    /// All figures in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
    var prometheus: String {
        let now = state.withLock { $0 }
        var text = Self.head("vexfs_adapter_requests_total", "Answers by HTTP status.", "counter")
        for (status, count) in now.byStatus.sorted(by: { $0.key < $1.key }) {
            text += "vexfs_adapter_requests_total{status=\"\(status)\"} \(count)\n"
        }
        text += Self.head("vexfs_adapter_request_seconds", "Time from a whole request to its answer.", "histogram")
        for (operation, timing) in now.byOperation.sorted(by: { $0.key < $1.key }) {
            var sum = 0
            for (bound, count) in zip(Self.boundsMicroseconds, timing.buckets) {
                sum += count
                let limit = Double(bound) / 1_000_000
                text += "vexfs_adapter_request_seconds_bucket{operation=\"\(operation)\",le=\"\(limit)\"} \(sum)\n"
            }
            let label = "{operation=\"\(operation)\"}"
            text += "vexfs_adapter_request_seconds_bucket{operation=\"\(operation)\",le=\"+Inf\"} \(timing.count)\n"
            text += "vexfs_adapter_request_seconds_sum\(label) \(Double(timing.nanoseconds) / 1e9)\n"
            text += "vexfs_adapter_request_seconds_count\(label) \(timing.count)\n"
        }
        text += Self.head("vexfs_adapter_requests_in_flight", "Requests being worked on.", "gauge")
        text += "vexfs_adapter_requests_in_flight \(now.inFlight)\n"
        text += Self.head("vexfs_adapter_received_bytes_total", "Bytes of request bodies.", "counter")
        text += "vexfs_adapter_received_bytes_total \(now.receivedBytes)\n"
        text += Self.head("vexfs_adapter_mount_up", "Whether the mount answers.", "gauge")
        text += "vexfs_adapter_mount_up \(now.isMountAway ? 0 : 1)\n"
        return text
    }

    private static func head(_ name: String, _ help: String, _ kind: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }
}
