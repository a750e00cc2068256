import Testing

@testable import VexFS

@Suite struct ComponentOrderTests {
    @Test(arguments: [0, 1, 2047, 2048, 10_000])
    func ordersByDimensionThenPosition(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let dimensions = (0..<count).map { place in
            place % 3 == 0 ? UInt32.random(in: 0...UInt32.max, using: &generator) : UInt32(place % 7)
        }
        let wanted = dimensions.enumerated().map { UInt64($1) << 32 | UInt64($0) }.sorted()
        #expect(ComponentOrder.byDimension(dimensions) == wanted)
    }
}
