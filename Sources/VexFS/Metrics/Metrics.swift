import Synchronization

/// Counts what the daemon does: counters, histograms and gauges, shown as Prometheus text in `.vexfs/metrics`.
///
/// Recording is one or two relaxed atomic additions and takes no lock, so every operation may be
/// recorded. `Metrics+Definitions.swift` is the only table of names, units and help texts.
public final class Metrics: Sendable {
    /// Buckets of a histogram: values up to 1, 2, 4 … 2²⁴, and all above. For times in microseconds: 1 µs … 16.8 s.
    public static let bucketCount = 26

    /// One cell of a histogram holds the sum of its values, the others count per bucket.
    static let cellsPerHistogram = bucketCount + 1
    /// An operation is a histogram and a count of failures.
    static let cellsPerOperation = cellsPerHistogram + 1

    private static let histogramBase = Counter.allCases.count
    private static let operationBase = histogramBase + Histogram.allCases.count * cellsPerHistogram
    private static let cellCount = operationBase + Operation.allCases.count * cellsPerOperation

    private let cells: AtomicCells
    private let gauges = Mutex<[Gauge: @Sendable () -> Double]>([:])

    /// Creates a registry with every count at 0.
    public init() { cells = AtomicCells(count: Self.cellCount) }

    /// Adds to a counter.
    public func increment(_ counter: Counter, by amount: Int = 1) { cells.add(amount, at: counter.rawValue) }

    /// Records a value in a histogram: microseconds for one in seconds, else the count itself.
    public func observe(_ histogram: Histogram, _ value: Int) {
        record(value, base: Self.histogramBase + histogram.rawValue * Self.cellsPerHistogram)
    }

    /// Records a time in microseconds in a histogram in seconds.
    public func observe(_ histogram: Histogram, _ microseconds: Double) {
        observe(histogram, microseconds.isFinite ? Int(min(max(microseconds, 0), 1e15)) : 0)
    }

    /// Records one file system operation.
    public func operation(_ operation: Operation, microseconds: Int, failed: Bool) {
        let base = Self.operationBase + operation.rawValue * Self.cellsPerOperation
        record(microseconds, base: base)
        if failed { cells.add(1, at: base + Self.cellsPerHistogram) }
    }

    /// Says how a gauge is read; called when metrics are shown, on the thread that shows them. A later source replaces.
    public func setGauge(_ gauge: Gauge, _ read: @escaping @Sendable () -> Double) {
        gauges.withLock { $0[gauge] = read }
    }

    /// A counter's value.
    public func value(of counter: Counter) -> Int { cells.load(at: counter.rawValue) }

    /// A gauge's value now, or nil where nothing supplies it.
    public func value(of gauge: Gauge) -> Double? {
        // The closure runs outside the lock: it may take the locks of what it reads.
        let read = gauges.withLock { $0[gauge] }
        return read?()
    }

    /// What a histogram holds.
    public func values(of histogram: Histogram) -> HistogramValues {
        values(base: Self.histogramBase + histogram.rawValue * Self.cellsPerHistogram)
    }

    /// The times of an operation in microseconds, and how often it failed.
    public func values(of operation: Operation) -> (times: HistogramValues, failures: Int) {
        let base = Self.operationBase + operation.rawValue * Self.cellsPerOperation
        return (values(base: base), cells.load(at: base + Self.cellsPerHistogram))
    }

    /// The bucket of a value: the smallest i with value ≤ 2^i, or the last for all above.
    static func bucket(of value: Int) -> Int {
        guard value > 1 else { return 0 }
        return min(Int.bitWidth - (value - 1).leadingZeroBitCount, bucketCount - 1)
    }

    private func record(_ value: Int, base: Int) {
        cells.add(1, at: base + Self.bucket(of: value))
        cells.add(max(0, value), at: base + Self.bucketCount)
    }

    private func values(base: Int) -> HistogramValues {
        let counts = (0..<Self.bucketCount).map { cells.load(at: base + $0) }
        return HistogramValues(counts: counts, sum: cells.load(at: base + Self.bucketCount))
    }
}

/// A histogram read at one moment. Counts recorded meanwhile may be in one field and not yet in the other.
public struct HistogramValues: Sendable, Equatable {
    /// `[Metrics.bucketCount]`: how many values fell into each bucket (not cumulative).
    public let counts: [Int]
    /// The sum of all values.
    public let sum: Int

    /// How many values there are.
    public var count: Int { counts.reduce(0, +) }

    /// The upper bound of the bucket that holds the q-quantile (0…1): the true one is between half of it and it.
    public func quantile(_ q: Double) -> Int {
        let total = count
        guard total > 0 else { return 0 }
        var seen = 0
        for (index, amount) in counts.enumerated() {
            seen += amount
            if Double(seen) >= q * Double(total) { return 1 << index }
        }
        return 1 << (counts.count - 1)
    }
}
