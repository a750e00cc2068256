import Foundation
import Testing
import VexFS

@testable import VexEmbedding

/// The queue with a stand-in for the kernels: a text's vector is its own tokens.
@Suite(.timeLimit(.minutes(1))) struct EmbeddingQueueTests {
    /// Notes every micro-batch, and holds the first one back until it is opened.
    final class Recorder: Sendable {
        let state: Waitable<(isOpen: Bool, batches: [[[Int32]]], finished: [[Int32]])>

        init(isOpen: Bool) { state = Waitable((isOpen, [], [])) }

        func work(_ texts: [[Int32]], _ pause: EmbeddingQueue.Pause?) -> [Result<[Float], VexFSError>] {
            state.withLock { $0.batches.append(texts) }
            state.wakeAll()
            state.wait(until: { $0.isOpen }) { _ in }
            pause?()
            state.withLock { $0.finished += texts }
            return texts.map { text in
                text.contains(-1) ? .failure(VexFSError(.corruption, "bad")) : .success(text.map { Float($0) })
            }
        }

        func open() {
            state.withLock { $0.isOpen = true }
            state.wakeAll()
        }

        /// Gives way instead of blocking: the tests' few threads must be free to start what is waited for.
        func waitForBatches(_ count: Int) async {
            while state.withLock({ $0.batches.count }) < count { await Task.yield() }
        }
        var batches: [[[Int32]]] { state.withLock { $0.batches } }
        var finished: [[Int32]] { state.withLock { $0.finished } }
    }

    private func queue(_ recorder: Recorder, threads: Int = 1) -> EmbeddingQueue {
        EmbeddingQueue(threadCount: threads, batchTokens: 256) { { recorder.work($0, $1) } }
    }

    private func waitForWaiting(_ queue: EmbeddingQueue, _ count: Int) async {
        while queue.waitingCount < count { await Task.yield() }
    }

    @Test func `Queries overtake documents, and callers share micro-batches`() async throws {
        let recorder = Recorder(isOpen: false)
        let queue = queue(recorder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await blocking { _ = queue.embed([[1]], role: .document) } }
            await recorder.waitForBatches(1)
            for token in Int32(2)...4 {
                group.addTask { await blocking { _ = queue.embed([[token]], role: .document) } }
            }
            await waitForWaiting(queue, 3)
            for token in Int32(5)...6 {
                group.addTask { await blocking { _ = queue.embed([[token]], role: .query) } }
            }
            await waitForWaiting(queue, 5)
            recorder.open()
            try await group.waitForAll()
        }
        let batches = recorder.batches.map { Set($0) }
        #expect(batches == [[[1]], [[5], [6]], [[2], [3], [4]]])
    }

    @Test func `Queries that come during documents are answered at the documents' next rest`() async throws {
        let recorder = Recorder(isOpen: false)
        let queue = queue(recorder)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await blocking { _ = queue.embed([[1], [2], [3]], role: .document) } }
            await recorder.waitForBatches(1)
            group.addTask { await blocking { _ = queue.embed([Array(repeating: 8, count: 200)], role: .query) } }
            await waitForWaiting(queue, 1)
            group.addTask { await blocking { _ = queue.embed([Array(repeating: 9, count: 200)], role: .query) } }
            await waitForWaiting(queue, 2)
            recorder.open()
            await group.waitForAll()
        }
        #expect(recorder.batches.map(\.count) == [3, 1, 1])
        // The documents began first and were finished last, and queries kept their order.
        #expect(recorder.finished.map { $0[0] } == [8, 9, 1, 2, 3])
        #expect(queue.waitingCount == 0)
    }

    @Test func `Results come in order, and no micro-batch is too large`() throws {
        let recorder = Recorder(isOpen: true)
        let queue = queue(recorder, threads: 3)
        let texts = (0..<500).map { text in [Int32](repeating: Int32(text), count: 1 + text * 37 % 256) }
        let results = try queue.embed(texts, role: .document).map { try $0.get() }
        #expect(results == texts.map { $0.map { Float($0) } })
        #expect(recorder.batches.allSatisfy { $0.reduce(0) { $0 + $1.count } <= 256 })
        #expect(recorder.batches.reduce(0) { $0 + $1.count } == 500)
        #expect(queue.embed([], role: .query).isEmpty)
    }

    @Test func `One text's failure is its own`() {
        let queue = queue(Recorder(isOpen: true))
        let results = queue.embed([[1], [-1], [2]], role: .document)
        #expect(results.map { (try? $0.get()) } == [[1], nil, [2]])
    }

    @Test func `Work is shared by the threads that there are`() {
        var waiting = EmbeddingQueue.Waiting()
        let call = EmbeddingQueue.Call(count: 0)
        waiting.append((0..<4).map { EmbeddingQueue.Job(tokens: [0, 0, 0, 0], call: call, index: $0) })
        #expect(waiting.take(256, sharedBy: 2).map(\.index) == [0, 1])
        #expect(waiting.take(256, sharedBy: 1).map(\.index) == [2, 3])
        waiting.append([EmbeddingQueue.Job(tokens: [0, 0], call: call, index: 9)])
        #expect(waiting.take(1, sharedBy: 1).map(\.index) == [9])
        #expect(waiting.count == 0)
    }
}

/// Runs blocking code on a thread of its own, so that the tests' few threads stay free.
func blocking(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            body()
            continuation.resume()
        }
    }
}
