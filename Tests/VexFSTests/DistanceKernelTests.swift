import CVexKernels
import Testing

/// Every kernel of every instruction set that this machine has, against plain loops.
@Suite struct DistanceKernelTests {
    typealias Kernels = vexfs_distance_kernels

    static let dimensions = Array(0...70) + [96, 127, 128, 129, 383, 384, 385, 768, 1000, 1024, 1536]
    static let measures = [VEXFS_MEASURE_DOT, VEXFS_MEASURE_L2_SQUARED, VEXFS_MEASURE_L1]

    /// The implementations this CPU can run; the portable one always.
    static var available: [(name: String, kernels: Kernels)] {
        [("portable", VEXFS_SIMD_PORTABLE), ("avx2", VEXFS_SIMD_AVX2), ("avx512", VEXFS_SIMD_AVX512)].compactMap {
            guard let table = vexfs_distance_kernels_at($0.1) else { return nil }
            return ($0.0, table.pointee)
        }
    }

    static func reference(_ measure: vexfs_measure, _ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
        zip(a, b).reduce(0.0) { sum, pair in
            let (left, right) = (Double(pair.0), Double(pair.1))
            switch measure {
            case VEXFS_MEASURE_L2_SQUARED: return sum + (left - right) * (left - right)
            case VEXFS_MEASURE_L1: return sum + abs(left - right)
            default: return sum + left * right
            }
        }
    }

    static func randomFloats(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    static func randomCodes(_ count: Int, using generator: inout SeededGenerator) -> [Int8] {
        (0..<count).map { _ in Int8.random(in: -128...127, using: &generator) }
    }

    @Test func portableIsAlwaysThereAndTheChosenLevelIsAvailable() {
        #expect(vexfs_distance_kernels_at(VEXFS_SIMD_PORTABLE) != nil)
        #expect(vexfs_distance_kernels_at(vexfs_simd_level()) != nil)
    }

    @Test func pairsAgreeWithPlainLoopsInAnyDimension() throws {
        var generator = SeededGenerator(seed: 0x5EED_0001)
        for dimension in Self.dimensions {
            let a = Self.randomFloats(dimension, using: &generator)
            let b = Self.randomFloats(dimension, using: &generator)
            for measure in Self.measures {
                let expected = Self.reference(measure, a[...], b[...])
                for (name, kernels) in Self.available {
                    let one = try #require(kernels.one_f32)
                    let got = Double(one(measure, a, b, dimension))
                    let tolerance = 1e-6 * Double(max(dimension, 1))
                    #expect(abs(got - expected) <= tolerance, "\(name) \(measure) dimension \(dimension)")
                }
            }
        }
    }

    @Test func scanAndGatherEqualThePairsBitForBit() throws {
        var generator = SeededGenerator(seed: 0x5EED_0002)
        for dimension in [1, 7, 8, 33, 65, 384] {
            let stride = dimension + 5
            let count = 23
            let rows = Self.randomFloats(stride * count, using: &generator)
            let query = Self.randomFloats(dimension, using: &generator)
            let indices = (0..<40).map { _ in UInt32.random(in: 0..<UInt32(count), using: &generator) }
            for (name, kernels) in Self.available {
                for measure in Self.measures {
                    let one = try #require(kernels.one_f32)
                    let expected = (0..<count).map { row in
                        rows.withUnsafeBufferPointer { one(measure, query, $0.baseAddress! + row * stride, dimension) }
                    }
                    var scores = [Float](repeating: .nan, count: count)
                    kernels.scan_f32(measure, query, dimension, rows, stride * 4, count, &scores)
                    #expect(scores == expected, "\(name) scan \(dimension)")
                    var gathered = [Float](repeating: .nan, count: indices.count)
                    kernels.gather_f32(measure, query, dimension, rows, stride * 4, indices, indices.count, &gathered)
                    #expect(gathered == indices.map { expected[Int($0)] }, "\(name) gather \(dimension)")
                }
            }
        }
    }

    @Test func integerKernelsAreExact() throws {
        var generator = SeededGenerator(seed: 0x5EED_0003)
        for dimension in Self.dimensions {
            let stride = dimension + 3
            let count = 9
            let query = Self.randomCodes(dimension, using: &generator)
            let rows = Self.randomCodes(stride * count, using: &generator)
            let expected = (0..<count).map { row in
                (0..<dimension).reduce(Int32(0)) { $0 + Int32(query[$1]) * Int32(rows[row * stride + $1]) }
            }
            let indices: [UInt32] = [8, 0, 3, 3, 7]
            for (name, kernels) in Self.available {
                let dot = try #require(kernels.dot_i8)
                #expect(dot(query, rows, dimension) == expected[0], "\(name) \(dimension)")
                var scores = [Int32](repeating: .min, count: count)
                kernels.scan_i8(query, dimension, rows, stride, count, &scores)
                #expect(scores == expected, "\(name) scan \(dimension)")
                var gathered = [Int32](repeating: .min, count: indices.count)
                kernels.gather_i8(query, dimension, rows, stride, indices, indices.count, &gathered)
                #expect(gathered == indices.map { expected[Int($0)] }, "\(name) gather \(dimension)")
            }
        }
    }

    /// The pair sums of the u8 × s8 instruction would saturate here.
    @Test(arguments: [Int8(127), -127, -128]) func integerKernelsDoNotSaturate(extreme: Int8) throws {
        let dimension = 65_536
        let a = [Int8](repeating: extreme, count: dimension)
        for (name, kernels) in Self.available {
            let dot = try #require(kernels.dot_i8)
            #expect(dot(a, a, dimension) == Int32(extreme) * Int32(extreme) * Int32(dimension), "\(name)")
        }
    }

    @Test func quantisedRowsAreRoundedAndClampedTheSameEverywhere() throws {
        var generator = SeededGenerator(seed: 0x5EED_0004)
        for dimension in Self.dimensions {
            let factor: Float = 100
            var row = (0..<dimension).map { _ in Float.random(in: -2...2, using: &generator) }
            for (index, special) in [Float.nan, .infinity, -.infinity, 0.005, 0.015, -0.005, 1.27, -1.28].enumerated()
            where index < dimension {
                row[index] = special
            }
            let expected = row.map { value -> Int8 in
                let scaled = value * factor
                let low = scaled < 127 ? scaled : 127
                return Int8((low > -127 ? low : -127).rounded(.toNearestOrEven))
            }
            for (name, kernels) in Self.available {
                var codes = [Int8](repeating: 99, count: dimension + 1)
                kernels.quantize_i8(row, dimension, factor, &codes)
                #expect(Array(codes.dropLast()) == expected, "\(name) \(dimension)")
                #expect(codes.last == 99, "\(name) wrote past the end")
            }
        }
    }

    @Test func normalisingGivesLengthOneAndReturnsTheLength() {
        var generator = SeededGenerator(seed: 0x5EED_0005)
        for scale in [Float(1e-30), 1, 1e30] {
            var vector = Self.randomFloats(384, using: &generator).map { $0 * scale }
            let before = vector
            let length = vexfs_normalize_f32(&vector, 384)
            let expected = before.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(Double(length) - expected) <= expected * 1e-6)
            let after = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(after - 1) < 1e-6)
        }
        var zero = [Float](repeating: 0, count: 5)
        #expect(vexfs_normalize_f32(&zero, 5) == 0)
        #expect(zero == [0, 0, 0, 0, 0])
    }

    @Test func plainCallsUseTheChosenKernels() throws {
        var generator = SeededGenerator(seed: 0x5EED_0006)
        let a = Self.randomFloats(384, using: &generator)
        let b = Self.randomFloats(384, using: &generator)
        let table = try #require(vexfs_distance_kernels_at(vexfs_simd_level())).pointee
        let one = try #require(table.one_f32)
        #expect(vexfs_distance_f32(VEXFS_MEASURE_DOT, a, b, 384) == one(VEXFS_MEASURE_DOT, a, b, 384))
    }

    @Test func largestAndResidualEqualPlainLoops() {
        var generator = SeededGenerator(seed: 0x5EED_0007)
        for dimension in Self.dimensions {
            let vector = Self.randomFloats(dimension, using: &generator)
            let codes = Self.randomCodes(dimension, using: &generator)
            #expect(vexfs_largest_f32(vector, dimension) == vector.map { abs($0) }.max() ?? 0)
            let expected = zip(vector, codes).reduce(0.0) { sum, pair in
                let difference = Double(pair.0) - Double(pair.1) * Double(Float(0.01))
                return sum + difference * difference
            }.squareRoot()
            let residual = vexfs_residual_i8(vector, codes, dimension, 0.01)
            #expect(abs(residual - expected) <= 1e-12 * (1 + expected), "dimension \(dimension)")
        }
        for odd in [Float.nan, -.nan, .infinity, -.infinity] {
            #expect(!vexfs_largest_f32([1, odd, 2], 3).isFinite)
        }
    }
}
