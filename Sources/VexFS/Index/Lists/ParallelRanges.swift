import Glibc
import Synchronization

/// Work on numbered items, cut into ranges that threads take one after another: what building a segment is made of.
enum ParallelRanges {
    /// Calls `body` with ranges that cover `0..<count`, each once, on up to `threads` threads, the caller among them;
    /// returns when all are done. No range is begun after `isCancelled` has said yes.
    ///
    /// Contract: bodies run at the same time and so write only to what belongs to the items of their own range.
    /// Where the system gives no thread, fewer do the same work.
    static func run(
        _ count: Int, grain: Int, threads: Int, isCancelled: () -> Bool, _ body: (Range<Int>) -> Void
    ) {
        _ = runNumbered(count, grain: grain, threads: threads, isCancelled: isCancelled) { range, _ in body(range) }
    }

    /// As ``run(_:grain:threads:isCancelled:_:)``; each thread also gives its number, the caller's being 0.
    /// - Returns: whether all ranges are done.
    static func runNumbered(
        _ count: Int, grain: Int, threads: Int, isCancelled: () -> Bool, _ body: (Range<Int>, _ thread: Int) -> Void
    ) -> Bool {
        guard count > 0 else { return true }
        return withoutActuallyEscaping(body) { body in
            withoutActuallyEscaping(isCancelled) { isCancelled in
                let work = Work(count: count, grain: max(grain, 1), body: body, isCancelled: isCancelled)
                var helpers: [pthread_t] = []
                for _ in 1..<max(1, min(threads, (count + work.grain - 1) / work.grain)) {
                    var thread = pthread_t()
                    let context = Unmanaged.passRetained(work)
                    let status = pthread_create(
                        &thread, nil,
                        { context in
                            // Never null: what passRetained gave.
                            if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
                            return nil
                        }, context.toOpaque())
                    guard status == 0 else {
                        context.release()
                        break
                    }
                    helpers.append(thread)
                }
                work.run(as: 0)
                for helper in helpers { pthread_join(helper, nil) }
                return !work.isStopped.load(ordering: .relaxed)
            }
        }
    }

    /// What the threads share. Unchecked: the counters are atomic, and the bodies keep to their ranges.
    private final class Work: @unchecked Sendable {
        let count: Int
        let grain: Int
        let body: (Range<Int>, Int) -> Void
        let isCancelled: () -> Bool
        let next = Atomic<Int>(0)
        let helpers = Atomic<Int>(0)
        let isStopped = Atomic<Bool>(false)

        init(
            count: Int, grain: Int, body: @escaping (Range<Int>, Int) -> Void, isCancelled: @escaping () -> Bool
        ) {
            self.count = count
            self.grain = grain
            self.body = body
            self.isCancelled = isCancelled
        }

        /// A helper's share.
        func run() { run(as: helpers.wrappingAdd(1, ordering: .relaxed).newValue) }

        func run(as thread: Int) {
            while !isStopped.load(ordering: .relaxed) {
                let start = next.wrappingAdd(grain, ordering: .relaxed).oldValue
                guard start < count else { return }
                if isCancelled() { return isStopped.store(true, ordering: .relaxed) }
                body(start..<min(count, start + grain), thread)
            }
        }
    }
}

/// Memory for a build or a search: elements without a value until they get one, freed with the object.
///
/// Contract: whoever takes `start` keeps the object alive while using it and stays below `count`.
final class Scratch<Element: BitwiseCopyable>: @unchecked Sendable {
    let start: UnsafeMutablePointer<Element>
    let count: Int

    init(_ count: Int) {
        self.count = count
        start = .allocate(capacity: max(count, 1))
    }

    convenience init(_ count: Int, repeating value: Element) {
        self.init(count)
        start.initialize(repeating: value, count: count)
    }

    deinit { start.deallocate() }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: count * MemoryLayout<Element>.stride)
    }
}
