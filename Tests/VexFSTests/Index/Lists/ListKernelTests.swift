import CVexKernels
import Testing

@testable import VexFS

@Suite struct ListKernelTests {
    static let levels: [vexfs_list_kernels] = [VEXFS_SIMD_AVX2, VEXFS_SIMD_AVX512].compactMap {
        vexfs_list_kernels_at($0)?.pointee
    }
    static var portable: vexfs_list_kernels {
        get throws { try #require(vexfs_list_kernels_at(VEXFS_SIMD_PORTABLE)).pointee }
    }
    static let seed: UInt64 = 0x1157_0003

    static func floats(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
    }

    @Test(arguments: [1, 2, 24, 63, 64, 65, 200]) func scansAreEqualAndRight(groups: Int) throws {
        var generator = SeededGenerator(seed: Self.seed + UInt64(groups))
        let blocks = 9
        // Great entries, so that sums that overflow would show.
        let table = (0..<groups * 64).map { _ in UInt8.random(in: 200...255, using: &generator) }
        let nibbles = (0..<blocks * 32).map { _ in
            (0..<groups * 4).map { _ in UInt8.random(in: 0..<16, using: &generator) }
        }
        var codes = [UInt8](repeating: 0, count: blocks * groups * 64)
        codes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for row in 0..<blocks * 32 {
                vexfs_place_nibbles(base + row / 32 * groups * 64, row % 32, nibbles[row], groups * 4)
            }
        }
        let factors = (0..<blocks * 64).map { _ in Float16(Float.random(in: -3...3, using: &generator)).bitPattern }
        let allowed = (0..<blocks).map { $0 == 3 ? 0 : UInt32.random(in: 0 ... .max, using: &generator) }
        let (scale, base, offset, threshold): (Float, Float, Float, Float) = (0.01, -3, 0.5, -20)
        var expected: [(Float, UInt32)] = []
        for row in 0..<blocks * 32 where allowed[row / 32] >> UInt32(row % 32) & 1 != 0 {
            let total = (0..<groups * 4).reduce(0) { $0 + Int(table[$1 * 16 + Int(nibbles[row][$1])]) }
            let product = Float(total) * scale + base
            let f = Float(Float16(bitPattern: factors[row / 32 * 64 + row % 32]))
            let g = Float(Float16(bitPattern: factors[row / 32 * 64 + 32 + row % 32]))
            let estimate = product * f + g + offset
            if estimate > threshold { expected.append((estimate, UInt32(row) + 1000)) }
        }
        for kernels in [try Self.portable] + Self.levels {
            var estimates = [Float](repeating: 0, count: blocks * 32)
            var numbers = [UInt32](repeating: 0, count: blocks * 32)
            let found = codes.withUnsafeBufferPointer { codes in
                factors.withUnsafeBufferPointer { factors in
                    allowed.withUnsafeBufferPointer { allowed in
                        table.withUnsafeBufferPointer { table in
                            var scan = vexfs_code_scan(
                                codes: codes.baseAddress, factors: factors.baseAddress, allowed: allowed.baseAddress,
                                table: table.baseAddress, groups: groups, blocks: blocks, scale: scale, base: base,
                                offset: offset, threshold: threshold, first: 1000)
                            return kernels.scan(&scan, &estimates, &numbers)
                        }
                    }
                }
            }
            #expect(Array(numbers.prefix(found)) == expected.map(\.1), "seed \(Self.seed)")
            #expect(Array(estimates.prefix(found)) == expected.map(\.0), "seed \(Self.seed)")
        }
    }

    @Test func masksAreEqual() throws {
        var generator = SeededGenerator(seed: Self.seed)
        for words in [0, 1, 7, 100] {
            let bitmap = (0..<words).map { _ in UInt64.random(in: 0 ... .max, using: &generator) }
            var rows = (0..<96).map { _ in UInt32.random(in: 0..<UInt32(words * 64 + 100), using: &generator) }
            rows[5] = .max
            rows[6] = 1 << 31
            let set = RowBitmap(words: bitmap)
            for kernels in [try Self.portable] + Self.levels {
                var masks = [UInt32](repeating: 7, count: 3)
                let passing = kernels.mask(rows, 3, bitmap, words, &masks)
                for lane in 0..<96 {
                    let isSet = masks[lane / 32] >> UInt32(lane % 32) & 1 != 0
                    #expect(isSet == set.contains(rows[lane]))
                }
                #expect(passing == rows.filter { set.contains($0) }.count)
            }
        }
    }

    @Test(arguments: [4, 8, 12, 28, 100, 128, 384, 772]) func codesTablesAndRotationsAreEqual(length: Int) throws {
        var generator = SeededGenerator(seed: Self.seed + UInt64(length))
        let vector = Self.floats(length, using: &generator)
        let centre = Self.floats(length, using: &generator)
        let books = Self.floats(length * 16, using: &generator)
        let signs = (0..<length * 4).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
        func results(_ kernels: vexfs_list_kernels) -> [[Float]] {
            var rotated = vector
            kernels.rotate(&rotated, length, signs, 4)
            var facts = vexfs_code_facts()
            var output: [[Float]] = [rotated]
            var code = [UInt8](repeating: 0, count: length)
            func note() {
                output.append([
                    facts.code_by_centre, facts.code_by_residual, facts.residual_by_centre, facts.residual_squared,
                ])
                output.append(code.map { Float($0) })
            }
            kernels.encode_signs(rotated, centre, length, &code, &facts)
            note()
            kernels.encode_product(rotated, centre, length / 4, 4, books, &code, &facts)
            note()
            var table = [Float](repeating: 0, count: length * 4)
            var narrow = [UInt8](repeating: 0, count: length * 4)
            var meaning: [Float] = [0, 0]
            for isProduct in [false, true] {
                if isProduct {
                    kernels.table_product(rotated, length / 4, 4, books, &table)
                } else {
                    kernels.table_signs(rotated, length, &table)
                }
                meaning.withUnsafeMutableBufferPointer { meaning in
                    guard let base = meaning.baseAddress else { return }
                    kernels.narrow_table(table, length / 4, &narrow, base, base + 1)
                }
                output += [table, narrow.map { Float($0) }, meaning]
            }
            return output
        }
        let expected = results(try Self.portable)
        let before = vector.reduce(0) { $0 + $1 * $1 }
        let after = expected[0].reduce(0) { $0 + $1 * $1 }
        #expect(abs(before - after) < 1e-4 * before, "a rotation keeps lengths")
        for kernels in Self.levels { #expect(results(kernels) == expected, "seed \(Self.seed)") }
    }

    @Test func productsAgree() throws {
        var generator = SeededGenerator(seed: Self.seed)
        for (count, dimension) in [(1, 1), (5, 3), (6, 64), (25, 129)] {
            let rows = (0..<count).map { _ in Self.floats(dimension, using: &generator) }
            let panels = Self.floats(32 * dimension, using: &generator)
            let bias = Self.floats(32, using: &generator)
            let flat = Scratch<Float>(count * dimension)
            for row in 0..<count {
                for component in 0..<dimension { flat.start[row * dimension + component] = rows[row][component] }
            }
            let addresses = (0..<count).map { Optional(UnsafePointer(flat.start + $0 * dimension)) }
            for kernels in [try Self.portable] + Self.levels {
                var scores = [Float](repeating: 0, count: count * 32)
                kernels.products(addresses, count, dimension, panels, bias, 32, &scores)
                for row in 0..<count {
                    for column in 0..<32 {
                        var sum = Double(bias[column])
                        for k in 0..<dimension {
                            let value = panels[column / 16 * 16 * dimension + k * 16 + column % 16]
                            sum += Double(rows[row][k]) * Double(value)
                        }
                        let difference = abs(Double(scores[row * 32 + column]) - sum)
                        #expect(difference < 1e-4 * Double(dimension), "seed \(Self.seed)")
                    }
                }
            }
        }
    }

    @Test func halvesAreTheirValues() {
        for bits in stride(from: 0, through: 65535, by: 7) {
            let half = Float16(bitPattern: UInt16(bits))
            if !half.isNaN { #expect(vexfs_half(UInt16(bits)) == Float(half)) }
        }
        #expect(vexfs_half(0xFC00) == -.infinity)
    }
}
