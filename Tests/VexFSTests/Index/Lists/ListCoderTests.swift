import CVexKernels
import Testing

@testable import VexFS

@Suite struct ListCoderTests {
    /// Estimates of r·q by the code of r, over random pairs: no bias, and an error as the dimension allows.
    @Test(arguments: [5, 64, 129, 384], [ListOptions.Codes.binary, .product(bytes: 32)])
    func estimatesWithoutBias(dimension: Int, codes: ListOptions.Codes) {
        let seed: UInt64 = 0x1157_0002
        var generator = SeededGenerator(seed: seed)
        let coder = ListCoder(codes: codes, dimension: dimension)
        let length = coder.length
        func vector() -> Scratch<Float> {
            let result = Scratch<Float>(max(length, dimension), repeating: 0)
            for index in 0..<dimension { result.start[index] = Float.random(in: -1...1, using: &generator) }
            return result
        }
        func dot(_ a: Scratch<Float>, _ b: Scratch<Float>) -> Float {
            vexfs_distance_f32(VEXFS_MEASURE_DOT, a.start, b.start, length)
        }
        let sample = Scratch<Float>(500 * length)
        for index in 0..<500 {
            let row = vector()
            coder.rotate(row.start)
            (sample.start + index * length).update(from: row.start, count: length)
        }
        coder.train(on: sample.start, count: 500)
        let pairs = 4000
        var sum = 0.0
        var squares = 0.0
        let code = Scratch<UInt8>(coder.nibbles)
        let table = Scratch<UInt8>(coder.groups * 64)
        let wide = Scratch<Float>(coder.nibbles * 16)
        for _ in 0..<pairs {
            let row = vector()
            let query = vector()
            let exact = dot(row, query)
            coder.rotate(row.start)
            coder.rotate(query.start)
            #expect(abs(dot(row, query) - exact) < 1e-3 * Float(dimension), "rotations keep products; seed \(seed)")
            let facts = coder.encode(row.start, centre: query.start, into: code.start)
            let meaning = coder.table(of: query.start, wide: wide.start, into: table.start)
            var total: Float = 0
            for nibble in 0..<coder.nibbles {
                total += Float(table.start[nibble * 16 + Int(code.start[nibble])])
            }
            let product = total * meaning.scale + meaning.base
            let step = meaning.scale * Float(coder.nibbles)
            #expect(abs(product - facts.code_by_centre) <= step, "the table is the codes' products; seed \(seed)")
            let estimate = product * facts.residual_squared / facts.code_by_residual
            let lengths = (dot(row, row) * dot(query, query)).squareRoot()
            let error = Double((estimate - exact) / lengths)
            sum += error
            squares += error * error
        }
        let mean = sum / Double(pairs)
        let deviation = (squares / Double(pairs)).squareRoot()
        #expect(abs(mean) < 4.5 * deviation / Double(pairs).squareRoot(), "seed \(seed) mean \(mean)")
        // RaBitQ, theorem 3.2: about √(π/2 − 1) / √dimension for one bit a dimension.
        if codes == .binary { #expect(deviation < 1.1 / Double(dimension).squareRoot(), "seed \(seed) \(deviation)") }
    }
}
