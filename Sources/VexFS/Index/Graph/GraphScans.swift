import CVexKernels
import Synchronization

/// The codes of some of a graph's points, side by side: reading them one behind the other takes a third of the time
/// that reading them all over the graph's memory does.
final class GatheredCodes: @unchecked Sendable {
    // The memory is written only before the object is shared.
    /// `[count × width] Int8`
    let codes: UnsafeMutablePointer<Int8>
    /// Half of each code's squared length, `[count]`; nil where walks need none.
    let halves: UnsafeMutablePointer<Int32>?
    /// Which points, ascending: `[count]`.
    private let places: UnsafeMutablePointer<UInt32>
    private let count: Int
    let byteCount: Int
    let fingerprint: UInt64

    init(_ places: UnsafeBufferPointer<UInt32>, of points: GraphPoints, fingerprint: UInt64) {
        count = places.count
        self.fingerprint = fingerprint
        let width = points.width
        codes = UnsafeMutableRawPointer.allocate(byteCount: max(1, count * width), alignment: 64)
            .bindMemory(to: Int8.self, capacity: count * width)
        halves = points.halves == nil ? nil : .allocate(capacity: max(1, count))
        self.places = .allocate(capacity: max(1, count))
        for (index, place) in places.enumerated() {
            (codes + index * width).initialize(from: points.codes + Int(place) * width, count: width)
            self.places[index] = place
            if let all = points.halves { halves?[index] = all[Int(place)] }
        }
        byteCount = GraphScans.byteCount(of: count, width: width)
    }

    deinit {
        codes.deallocate()
        halves?.deallocate()
        places.deallocate()
    }

    func isOf(_ other: UnsafeBufferPointer<UInt32>) -> Bool {
        guard other.count == count, let base = other.baseAddress else { return false }
        return vexfs_same_places(base, places, count) != 0
    }
}

/// The codes that filters of late let pass, gathered: programs ask with the same filter again and again.
///
/// A list of points is gathered when it comes the second time. What is kept takes at most an eighth of the graph's
/// codes and links: a tenth of the points has room. Another list takes the place of those that were not used since it
/// came last; where more filters take turns than there is room for, some stay and the others are never copied for
/// nothing.
final class GraphScans: Sendable {
    private struct State {
        /// The latest used first, with when that was.
        var kept: [(codes: GatheredCodes, used: UInt64)] = []
        /// Fingerprints of lists that came and are not kept, with when they came last, in a ring.
        var seen: [(fingerprint: UInt64, time: UInt64)] = []
        var next = 0
        var byteCount = 0
        /// Counts the lists that came.
        var now: UInt64 = 0
    }

    private static let seenMax = 64

    private let state = Mutex(State())
    private let byteCountMax: Int

    init(count: Int, width: Int, degree: Int) { byteCountMax = count * (width + 4 * degree) / 8 }

    /// Bytes of codes and places that are kept.
    var allocatedBytes: Int { state.withLock { $0.byteCount } }

    static func byteCount(of count: Int, width: Int) -> Int { count * (width + 8) }

    /// The codes of a list of points, where they were gathered or are worth it now.
    func gathered(_ places: UnsafeBufferPointer<UInt32>, of points: GraphPoints) -> GatheredCodes? {
        let byteCount = Self.byteCount(of: places.count, width: points.width)
        guard byteCount <= byteCountMax else { return nil }
        let fingerprint = Self.fingerprint(places)
        let (known, isWorthwhile) = state.withLock { find(fingerprint, byteCount, &$0) }
        if let known { return known.isOf(places) ? known : nil }
        guard isWorthwhile else { return nil }
        let gathered = GatheredCodes(places, of: points, fingerprint: fingerprint)
        let dropped = state.withLock { keep(gathered, &$0) }
        // Freed here, after the lock.
        withExtendedLifetime(dropped) {}
        return gathered
    }

    private func find(
        _ fingerprint: UInt64, _ byteCount: Int, _ state: inout State
    ) -> (GatheredCodes?, isWorthwhile: Bool) {
        state.now += 1
        if let index = state.kept.firstIndex(where: { $0.codes.fingerprint == fingerprint }) {
            let known = state.kept.remove(at: index).codes
            state.kept.insert((known, state.now), at: 0)
            return (known, false)
        }
        if let index = state.seen.firstIndex(where: { $0.fingerprint == fingerprint }) {
            let before = state.seen[index].time
            state.seen[index].time = state.now
            let newer = state.kept.prefix { $0.used > before }.reduce(0) { $0 + $1.codes.byteCount }
            return (nil, newer + byteCount <= byteCountMax)
        }
        if state.seen.count < Self.seenMax {
            state.seen.append((fingerprint, state.now))
        } else {
            state.seen[state.next] = (fingerprint, state.now)
            state.next = (state.next + 1) % Self.seenMax
        }
        return (nil, false)
    }

    private func keep(_ gathered: GatheredCodes, _ state: inout State) -> [GatheredCodes] {
        // Two searches may have gathered the same.
        guard !state.kept.contains(where: { $0.codes.fingerprint == gathered.fingerprint }) else { return [] }
        state.kept.insert((gathered, state.now), at: 0)
        state.byteCount += gathered.byteCount
        var dropped: [GatheredCodes] = []
        while state.byteCount > byteCountMax, let last = state.kept.popLast() {
            state.byteCount -= last.codes.byteCount
            dropped.append(last.codes)
        }
        return dropped
    }

    /// A number that other lists seldom have; the lists themselves are compared after it.
    private static func fingerprint(_ places: UnsafeBufferPointer<UInt32>) -> UInt64 {
        var value = UInt64(places.count) &* 0x9E37_79B9_7F4A_7C15
        let step = max(1, places.count / 64)
        for index in stride(from: 0, to: places.count, by: step) {
            value = (value ^ UInt64(places[index])) &* 0xBF58_476D_1CE4_E5B9
            value ^= value >> 29
        }
        return value
    }
}
