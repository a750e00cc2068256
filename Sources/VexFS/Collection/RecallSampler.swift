import Synchronization

/// Measures how much of the exact answer searches find: now and then one of them is repeated exactly in the background.
final class RecallSampler: Sendable {
    /// Neighbours compared.
    static let depth = 10
    /// The least time between two samples.
    private static let intervalMicroseconds = 15e6
    /// Samples that the figure is the mean of.
    private static let window = 64

    /// A search as it was answered.
    struct Sample: Sendable {
        var vector: [Float]
        var allowed: RowBitmap
        /// The worst score among the ``RecallSampler/depth`` nearest, and how many there were.
        var neighbors: [Neighbor]
    }

    private struct State {
        var waiting: Sample?
        var nextTime = 0.0
        var recalls: [Double] = []
        var total = 0
    }

    private let state = Mutex(State())

    /// Offers an answered search; kept if it is time for one. `neighbors` are the nearest first, at least
    /// ``depth`` of them unless there are no more.
    func offer(_ vector: [Float], _ allowed: RowBitmap, _ neighbors: [Neighbor], now: Double) {
        state.withLock { state in
            guard state.waiting == nil, now >= state.nextTime else { return }
            state.nextTime = now + Self.intervalMicroseconds
            state.waiting = Sample(
                vector: vector, allowed: allowed, neighbors: Array(neighbors.prefix(Self.depth)))
        }
    }

    /// The search to repeat, if one waits.
    func take() -> Sample? {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
    }

    /// Notes the exact answer to a sample.
    func note(_ sample: Sample, exact: [Neighbor], metric: Metric) {
        guard let recall = Self.recall(of: sample.neighbors, exact: exact, metric: metric) else { return }
        state.withLock { state in
            state.recalls.append(recall)
            state.total += 1
            if state.recalls.count > Self.window { state.recalls.removeFirst() }
        }
    }

    /// The share of the exact answer that was found, nil where there is nothing to find. A row as near as the last of
    /// the exact answer counts as found: which of several equals is given means nothing.
    static func recall(of found: [Neighbor], exact: [Neighbor], metric: Metric) -> Double? {
        let truth = exact.prefix(depth)
        guard let last = truth.last else { return nil }
        let near = found.prefix(depth).filter { neighbor in
            metric.higherIsNearer ? neighbor.score >= last.score : neighbor.score <= last.score
        }
        return min(1, Double(near.count) / Double(truth.count))
    }

    /// The mean recall of the last samples and how many there ever were; nil before the first.
    var figure: (recall: Double, samples: Int)? {
        state.withLock { state in
            guard !state.recalls.isEmpty else { return nil }
            return (state.recalls.reduce(0, +) / Double(state.recalls.count), state.total)
        }
    }
}

extension Collection {
    /// Repeats a sampled search exactly, if one waits.
    func measureRecall() {
        guard let sample = recall.take() else { return }
        guard let view = currentIndex(of: VectorSpace.unnamed) else { return }
        let query = IndexQuery(limit: RecallSampler.depth)
        guard let answer = try? view.exact.search(sample.vector, query, allowed: sample.allowed) else { return }
        recall.note(sample, exact: answer.neighbors, metric: view.metric)
        context.metrics.increment(.recallSamples)
    }
}
