import CVexKernels
import Testing

@testable import VexFS

@Suite struct SparseKernelTests {
    private let window = Int(VEXFS_SPARSE_WINDOW)

    /// Codes are bounds of the values, and none is larger than it needs to be.
    @Test func codesAreTheLeastThatAreNotBelow() {
        var generator = SeededGenerator(seed: 11)
        for largest: Float in [1e-30, 0.7, 1, 255, 3e38] {
            let step = largest / 255
            var values = (0..<500).map { _ in Float.random(in: 0...1, using: &generator) * largest }
            values += [0, largest, step, largest.nextDown]
            let places = values.indices.map { UInt16($0 * 4 + 4096) }
            var codes = [UInt8](repeating: 9, count: window)
            vexfs_sparse_encode(&codes, window, values, places, values.count, 4096, step)
            for (place, value) in values.enumerated() {
                let code = Float(codes[place * 4])
                #expect(code * step >= value * (1 - 0x1p-22), "\(value) of \(largest)")
                #expect(code == 0 || (code - 1) * step <= value * (1 + 0x1p-22), "\(value) of \(largest)")
            }
            #expect(codes.enumerated().allSatisfy { $0 % 4 == 0 && $0 / 4 < values.count || $1 == 0 })
        }
    }

    @Test(arguments: [VEXFS_SIMD_AVX2, VEXFS_SIMD_AVX512])
    func versionsAgree(level: vexfs_simd) throws {
        guard let version = vexfs_sparse_kernels_at(level), let plain = vexfs_sparse_kernels_at(VEXFS_SIMD_PORTABLE)
        else { return }
        var generator = SeededGenerator(seed: 5)
        for count in 0..<6 {
            let codes = (0..<count * window).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let steps = (0..<count).map { _ in Float.random(in: 0...1, using: &generator) }
            let before = (0..<window).map { _ in Float.random(in: -1...1, using: &generator) }
            let allowed = (0..<window / 64).map { _ in UInt64.random(in: 0...UInt64.max, using: &generator) }
            let results = [version, plain].map { kernels in
                var estimates = before
                codes.withUnsafeBufferPointer { codes in
                    let lists = (0..<count).map { list in codes.baseAddress.map { $0 + list * window } }
                    kernels.pointee.add_codes(&estimates, lists, steps, count)
                }
                let sums = estimates
                let cutoff = sums.sorted()[window - 40]
                let above = kernels.pointee.above(estimates, cutoff)
                var candidates = [vexfs_sparse_candidate](repeating: .init(), count: window)
                let found = kernels.pointee.collect(&candidates, &estimates, allowed, cutoff)
                #expect(above == sums.count { $0 > cutoff })
                #expect(estimates.allSatisfy { $0 == 0 })
                let wanted = sums.indices.filter { sums[$0] > cutoff && allowed[$0 / 64] >> ($0 % 64) & 1 == 1 }
                #expect(candidates.prefix(found).map { Int($0.place) } == wanted)
                return sums
            }
            #expect(results[0] == results[1])
        }
    }

    /// Looking up candidates finds what is in the list, wherever the guess begins.
    @Test func refiningAddsWhatTheListHas() {
        var generator = SeededGenerator(seed: 3)
        for share in [1, 50, 500, 1000, 2048] {
            var places: [UInt16] = (0..<UInt16(window)).filter { _ in
                Int.random(in: 0..<2048, using: &generator) < share
            }
            // All at one end, so that the guess is far off.
            if share == 50 { places = Array(0..<50) }
            if share == 500 { places = Array(1500..<2000) }
            let values = places.map { Float($0) + 1 }
            var candidates = (0..<window).map { vexfs_sparse_candidate(score: 0.5, place: UInt32($0)) }
            vexfs_sparse_prefetch(candidates, candidates.count, places, values, places.count)
            let shifted = places.map { $0 + 4096 }
            let left = vexfs_sparse_refine(&candidates, window, shifted, values, places.count, 2, 0)
            #expect(left == window)
            let held = Set(places)
            for candidate in candidates {
                let added = held.contains(UInt16(candidate.place)) ? Double(candidate.place) * 2 + 2 : 0
                #expect(candidate.score == 0.5 + added)
            }
        }
    }
}
