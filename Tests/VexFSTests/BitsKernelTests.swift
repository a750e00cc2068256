import CVexKernels
import Testing

@testable import VexFS

@Suite struct BitsKernelTests {
    private static func words(_ count: Int, _ generator: inout SeededGenerator) -> [UInt64] {
        (0..<count).map { _ in
            [0, .max, .random(in: 0 ... .max, using: &generator)].randomElement(using: &generator) ?? 0
        }
    }

    @Test func everyLevelGivesTheSame() throws {
        let seed: UInt64 = 0xB175
        var generator = SeededGenerator(seed: seed)
        let portable = try #require(vexfs_bits_kernels_at(VEXFS_SIMD_PORTABLE)).pointee
        for level in [VEXFS_SIMD_PORTABLE, VEXFS_SIMD_AVX2, VEXFS_SIMD_AVX512] {
            guard let table = vexfs_bits_kernels_at(level)?.pointee else { continue }
            for count in [0, 1, 3, 4, 7, 64, 1023, 1024] {
                let (a, b) = (Self.words(count, &generator), Self.words(count, &generator))
                for (name, ours, theirs, operation) in [
                    ("and", table.intersect, portable.intersect, { $0 & $1 }),
                    ("or", table.unite, portable.unite, { $0 | $1 }),
                    ("and not", table.subtract, portable.subtract, { $0 & ~$1 }),
                ] as [(String, _, _, (UInt64, UInt64) -> UInt64)] {
                    var (first, second) = ([UInt64](repeating: 7, count: count), a)
                    let counted = ours?(&first, a, b, count)
                    #expect(first == zip(a, b).map(operation), "\(name) level \(level) count \(count) seed \(seed)")
                    #expect(counted == first.reduce(0) { $0 + $1.nonzeroBitCount })
                    #expect(theirs?(&second, second, b, count) == counted, "out may be an input")
                    #expect(second == first)
                }
                #expect(table.count_common(a, b, count) == zip(a, b).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount })
                var numbers = [UInt16](repeating: 0, count: count * 64 + Int(VEXFS_LIST_SLACK))
                let listed = table.list(&numbers, a, count)
                let expected = (0..<count * 64).filter { a[$0 / 64] >> UInt64($0 % 64) & 1 != 0 }.map(UInt16.init)
                #expect(Array(numbers[..<listed]) == expected)
                var rows = [UInt32](repeating: 0, count: count * 64 + Int(VEXFS_LIST_SLACK))
                let written = table.rows(&rows, a, count, 70_000)
                #expect(rows[..<written].map { UInt16($0 - 70_000) } == expected)
                let isWithin = zip(a, b).allSatisfy { $0 & ~$1 == 0 }
                #expect((vexfs_bits_within(a, b, count) != 0) == isWithin)
                #expect(vexfs_bits_within(a, zip(a, b).map(|), count) != 0)
            }
        }
    }

    @Test func listsAreLikeSets() {
        let seed: UInt64 = 0xB176
        var generator = SeededGenerator(seed: seed)
        func list(_ limit: Int) -> [UInt16] {
            let count = Int.random(in: 0...limit, using: &generator)
            return Set((0..<count).map { _ in UInt16.random(in: 0...5000, using: &generator) }).sorted()
        }
        for round in 0..<200 {
            let (a, b) = (list([3, 300, 3000][round % 3]), list([3000, 3, 300][round / 3 % 3]))
            let (first, second) = (Set(a), Set(b))
            var out = [UInt16](repeating: 0, count: a.count + b.count + Int(VEXFS_LIST_SLACK))
            var found = vexfs_list_and(&out, a, a.count, b, b.count)
            #expect(Array(out[..<found]) == first.intersection(second).sorted(), "seed \(seed) round \(round)")
            found = vexfs_list_and_not(&out, a, a.count, b, b.count)
            #expect(Array(out[..<found]) == first.subtracting(second).sorted(), "seed \(seed) round \(round)")
            found = vexfs_list_or(&out, a, a.count, b, b.count)
            #expect(Array(out[..<found]) == first.union(second).sorted(), "seed \(seed) round \(round)")

            var bits = [UInt64](repeating: 0, count: 1024)
            #expect(vexfs_bits_set(&bits, a, a.count) == a.count)
            #expect(vexfs_bits_set(&bits, b, b.count) == second.subtracting(first).count)
            found = vexfs_bits_list(&out, bits, bits.count)
            #expect(Array(out[..<found]) == first.union(second).sorted(), "seed \(seed) round \(round)")
            #expect(vexfs_bits_clear(&bits, a, a.count) == a.count)
            #expect(vexfs_list_count(b, b.count, bits) == second.subtracting(first).count)
            found = vexfs_list_filter(&out, b, b.count, bits, 1)
            #expect(Array(out[..<found]) == second.subtracting(first).sorted())
            found = vexfs_list_filter(&out, b, b.count, bits, 0)
            #expect(Array(out[..<found]) == second.intersection(first).sorted())
            let value = UInt16.random(in: 0...5001, using: &generator)
            #expect(vexfs_list_place(a, a.count, value) == a.firstIndex { $0 >= value } ?? a.count)
        }
    }
}
