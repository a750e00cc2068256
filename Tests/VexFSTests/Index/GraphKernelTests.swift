import CVexKernels
import Testing

@testable import VexFS

@Suite struct GraphKernelTests {
    /// The levels of this CPU, the portable one first.
    static var levels: [UnsafePointer<vexfs_codes_kernels>] {
        [VEXFS_SIMD_PORTABLE, VEXFS_SIMD_AVX2, VEXFS_SIMD_AVX512].compactMap { vexfs_codes_kernels_at($0) }
    }

    static func codes(_ count: Int, using generator: inout SeededGenerator) -> [Int8] {
        // Extremes are frequent: sums of products that could overflow are what may go wrong.
        (0..<count).map { _ in
            Bool.random(using: &generator)
                ? (Bool.random(using: &generator) ? 127 : -127) : Int8.random(in: -127...127, using: &generator)
        }
    }

    @Test(arguments: [32, 64, 96, 128, 384, 416, 4096]) func productsAreEqualOnAllLevels(width: Int) {
        let seed: UInt64 = 0xC0DE_0001
        var generator = SeededGenerator(seed: seed)
        let rowCount = 37
        let rows = Self.codes(rowCount * width, using: &generator)
        let query = Self.codes(width, using: &generator)
        let places = (0..<29).map { _ in UInt32.random(in: 0..<UInt32(rowCount), using: &generator) }
        let expected = (0..<rowCount).map { row in
            (0..<width).reduce(Int32(0)) { $0 + Int32(query[$1]) * Int32(rows[row * width + $1]) }
        }
        for kernels in Self.levels {
            var scanned = [Int32](repeating: 0, count: rowCount)
            kernels.pointee.scan(query, rows, width, rowCount, &scanned)
            #expect(scanned == expected, "seed \(seed)")
            for count in [0, 1, 3, 4, 5, 29] {
                var gathered = [Int32](repeating: 0, count: max(1, count))
                kernels.pointee.gather(query, rows, width, places, count, &gathered)
                #expect(Array(gathered.prefix(count)) == places.prefix(count).map { expected[Int($0)] })
            }
            let ones = rows.withUnsafeBufferPointer { buffer in
                (0..<rowCount).compactMap { row in
                    buffer.baseAddress.map { kernels.pointee.dot(query, $0 + row * width, width) }
                }
            }
            #expect(ones == expected, "seed \(seed)")
        }
    }

    /// Points with their lengths, as the builder describes them.
    struct Fixture {
        let codes: [Int8]
        let halves: [Int32]
        let lifts: [Int32]?
        let width: Int

        init(count: Int, width: Int, lifted: Bool, using generator: inout SeededGenerator) {
            self.width = width
            codes = GraphKernelTests.codes(count * width, using: &generator)
            lifts = lifted ? (0..<count).map { _ in Int32.random(in: 0...8000, using: &generator) } : nil
            halves = (0..<count).map { _ in Int32.random(in: 0...3_000_000, using: &generator) }
        }

        func similarity(_ a: Int, _ b: Int) -> Int32 {
            var sum = (lifts?[a] ?? 0) * (lifts?[b] ?? 0) - halves[a] - halves[b]
            for index in 0..<width { sum += Int32(codes[a * width + index]) * Int32(codes[b * width + index]) }
            return sum
        }

        func withPoints<Result>(_ body: (UnsafePointer<vexfs_points>) -> Result) -> Result {
            codes.withUnsafeBufferPointer { codes in
                halves.withUnsafeBufferPointer { halves in
                    (lifts ?? []).withUnsafeBufferPointer { raised in
                        var points = vexfs_points(
                            codes: codes.baseAddress, width: width, halves: halves.baseAddress,
                            lifts: lifts == nil ? nil : raised.baseAddress)
                        return withUnsafePointer(to: &points, body)
                    }
                }
            }
        }
    }

    @Test(arguments: [1, 2, 15, 16, 17, 50, 131], [false, true])
    func leavesHoldTheNearest(count: Int, lifted: Bool) throws {
        let seed: UInt64 = 0xC0DE_0002
        var generator = SeededGenerator(seed: seed)
        let width = 64
        let total = count + 20
        let fixture = Fixture(count: total, width: width, lifted: lifted, using: &generator)
        let members = (0..<total).shuffled(using: &generator).prefix(count).map(UInt32.init)
        let keep = 7
        for kernels in Self.levels {
            let columns = (count + 15) / 16 * 16
            let panel = try GraphMemory<Int16>(count: columns * (width + 2))
            let rows = try GraphMemory<Int16>(count: 6 * (width + 2))
            let products = try GraphMemory<Int32>(count: 6 * columns)
            let halves = try GraphMemory<Int32>(count: columns)
            let floors = try GraphMemory<Int32>(count: columns)
            let best = try GraphMemory<UInt64>(count: count * keep)
            let places = try GraphMemory<UInt32>(Array(members))
            fixture.withPoints { points in
                var leaf = vexfs_leaf(
                    points: points, places: places.base, count: count, keep: keep, panel: panel.base, rows: rows.base,
                    products: products.base, halves: halves.base, floors: floors.base, best: best.base)
                kernels.pointee.leaf(&leaf)
            }
            for at in 0..<count {
                let expected = (0..<count).filter { $0 != at }.map {
                    (score: fixture.similarity(Int(members[at]), Int(members[$0])), index: $0)
                }.sorted {
                    // Among equals those that follow come first.
                    $0.score != $1.score
                        ? $0.score > $1.score : ($0.index + count - at) % count < ($1.index + count - at) % count
                }.prefix(keep)
                let found = (at * keep..<(at + 1) * keep).map { best.base[$0] }.filter { $0 != 0 }.map {
                    (at + Int(~UInt32(truncatingIfNeeded: $0))) % count
                }
                #expect(found == expected.map(\.index), "seed \(seed) point \(at)")
            }
        }
    }

    @Test func assignmentFindsTheNearestLeaders() throws {
        let seed: UInt64 = 0xC0DE_0003
        var generator = SeededGenerator(seed: seed)
        let width = 96
        let fixture = Fixture(count: 200, width: width, lifted: false, using: &generator)
        let leaders = (0..<200).shuffled(using: &generator).prefix(37).sorted().map(UInt32.init)
        let members = (0..<101).map(UInt32.init)
        let keep = 3
        for kernels in Self.levels {
            let panel = try GraphMemory<Int16>(count: 48 * width)
            let rows = try GraphMemory<Int16>(count: 6 * width)
            let products = try GraphMemory<Int32>(count: 6 * 48)
            let halves = try GraphMemory(leaders.map { fixture.halves[Int($0)] } + [Int32](repeating: 0, count: 11))
            let best = try GraphMemory<UInt64>(count: members.count * keep)
            let places = try GraphMemory<UInt32>(members)
            fixture.withPoints { points in
                vexfs_codes_pack(points, leaders, leaders.count, panel.base)
                var work = vexfs_assignment(
                    points: points, places: places.base, count: members.count, keep: keep, panel: panel.base,
                    halves: halves.base, leaders: leaders.count, rows: rows.base, products: products.base,
                    best: best.base)
                kernels.pointee.assign(&work)
            }
            for member in 0..<members.count {
                let expected = leaders.indices.map { ($0, fixture.similarity(member, Int(leaders[$0]))) }
                    .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }.prefix(keep).map(\.0)
                let found = (0..<keep).map { Int(~UInt32(truncatingIfNeeded: best.base[member * keep + $0])) }
                #expect(found == expected, "seed \(seed) point \(member)")
            }
        }
    }

    @Test func poolsKeepTheBest() {
        var generator = SeededGenerator(seed: 0xC0DE_0004)
        for capacity in [0, 1, 2, 9, 100] {
            var items = [UInt64](repeating: 0, count: max(1, capacity))
            let places = (0..<60).map(UInt32.init).shuffled(using: &generator)
            let scores = places.map { _ in Int32.random(in: -5...5, using: &generator) }
            let kept = items.withUnsafeMutableBufferPointer { items in
                var pool = vexfs_pool(items: items.baseAddress, count: 0, capacity: UInt32(capacity))
                vexfs_pool_offer_all(&pool, places, scores, places.count)
                return (0..<Int(pool.count)).map { vexfs_item_place(items[$0]) }
            }
            let expected = places.indices.sorted {
                scores[$0] != scores[$1] ? scores[$0] > scores[$1] : places[$0] < places[$1]
            }
            #expect(kept == expected.prefix(capacity).map { places[$0] })
        }
    }

    @Test func placesAreThoseOfTheRows() {
        let seed: UInt64 = 0xC0DE_0005
        var generator = SeededGenerator(seed: seed)
        for density in [0.01, 0.5, 1.0] {
            let rows = (0..<1000).filter { _ in Double.random(in: 0..<1, using: &generator) < density }.map(UInt32.init)
            for allowedDensity in [0.0, 0.02, 0.7] {
                var asked = (0..<1200).map(UInt32.init).filter { _ in
                    Double.random(in: 0..<1, using: &generator) < allowedDensity
                }
                let allowed = Set(asked)
                let count = vexfs_places_of_rows(rows, rows.count, &asked, asked.count)
                let expected = rows.indices.filter { allowed.contains(rows[$0]) }.map(UInt32.init)
                #expect(Array(asked[..<count]) == expected, "seed \(seed) density \(density) asked \(allowedDensity)")
            }
        }
    }

    @Test(arguments: [32, 64, 96, 416])
    func lengthsAreTakenFromTheCodes(width: Int) {
        let seed: UInt64 = 0xC0DE_0006
        var generator = SeededGenerator(seed: seed)
        let codes = (0..<50 * width).map { _ in Int8.random(in: -127...127, using: &generator) }
        let query = (0..<width).map { _ in Int8.random(in: -127...127, using: &generator) }
        for level in [VEXFS_SIMD_PORTABLE, VEXFS_SIMD_AVX2, VEXFS_SIMD_AVX512] {
            guard let kernels = vexfs_codes_kernels_at(level)?.pointee else { continue }
            for count in [0, 1, 3, 4, 5, 41] {
                let places = (0..<count).map { _ in UInt32.random(in: 0..<50, using: &generator) }
                for penalty in [0, 0.25, 3] as [Float] {
                    var scores = [Int32](repeating: 0, count: count)
                    kernels.gather_near(query, codes, width, penalty, places, count, &scores)
                    let expected = places.map { place in
                        let row = codes[Int(place) * width..<(Int(place) + 1) * width].map(Int32.init)
                        let product = zip(row, query).reduce(Int32(0)) { $0 + $1.0 * Int32($1.1) }
                        return product - Int32(Float(row.reduce(0) { $0 + $1 * $1 } / 2) * penalty)
                    }
                    #expect(scores == expected, "seed \(seed) level \(level) width \(width) penalty \(penalty)")
                }
            }
        }
    }

    @Test func possibleScoresReachTheirFloors() {
        let seed: UInt64 = 0xC0DE_0007
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 31, 32, 100, 1000] {
            let scores = (0..<count).map { _ in Int32.random(in: -1000...1000, using: &generator) }
            let residuals = (0..<max(1, count)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let places = (0..<count).map(UInt32.init).shuffled(using: &generator)
            let floors = (0..<Int(VEXFS_FLOORS.rawValue)).map { _ in Int32.random(in: 500...1100, using: &generator) }
            var possible = [UInt32](repeating: 0, count: max(1, count))
            let found = vexfs_possible(scores, places, count, residuals, floors, &possible)
            let expected = (0..<count).filter { scores[$0] >= floors[Int(residuals[Int(places[$0])]) / 8] }
            #expect(possible[..<found].map(Int.init) == expected, "seed \(seed) count \(count)")
            let next = scores.indices.first { $0 >= count / 3 && scores[$0] >= 900 } ?? count
            #expect(vexfs_score_from(scores, count / 3, count, 900) == next)
        }
    }
}
