import Testing

@testable import VexFS

@Suite struct ValueIndexTests {
    /// Ranges over several blocks, with values that come before and after the values were brought in order.
    @Test(arguments: [50, 3000, 1_000_000]) func rangesAreExact(distinct: Int) {
        let seed: UInt64 = 0x7A1
        var generator = SeededGenerator(seed: seed)
        var index = ValueIndex<Int>()
        var values: [(row: Row, key: Int)] = []
        for round in 0..<12 {
            for _ in 0..<2500 {
                let row = Row(values.count / 2)
                let key = Int.random(in: 0..<distinct, using: &generator)
                // Every row has up to two values.
                if values.last.map({ $0 == (row, key) }) ?? false { continue }
                values.append((row, key))
                index.add(row, key)
            }
            let bounds = [
                Int.random(in: -1...distinct, using: &generator), .random(in: -1...distinct, using: &generator),
            ]
            let (low, high) = (bounds[0], [bounds[1], bounds[0] + distinct / 100, .max][round % 3])
            var union = PostingsUnion()
            index.collect(into: &union, isBelow: { $0 < low }, isAbove: { $0 >= high })
            let expected = values.filter { $0.key >= low && $0.key < high }
            #expect(union.rows() == RowBitmap(expected.map(\.row)), "seed \(seed) round \(round)")
            let most = index.count(isBelow: { $0 < low }, isAbove: { $0 >= high })
            #expect(most >= Set(expected.map(\.key)).count)
            var odd = PostingsUnion()
            index.collect(into: &odd, isBelow: { $0 < low }, isAbove: { $0 >= high }, also: { $0 % 2 == 1 })
            #expect(odd.rows() == RowBitmap(expected.filter { $0.key % 2 == 1 }.map(\.row)))
        }
        let dead = RowBitmap(rowsBelow: 10_000)
        index.remove(dead)
        var union = PostingsUnion()
        index.collect(into: &union, isBelow: { _ in false }, isAbove: { _ in false })
        #expect(union.rows() == RowBitmap(values.map(\.row)).subtracting(dead))
        #expect(Set(index.keys) == Set(values.filter { !dead.contains($0.row) }.map(\.key)))
        #expect(index.rows(of: -5) == nil)
    }

    @Test func unitedPostingsHoldARowOnce() {
        var index = ValueIndex<String>()
        index.unite("a", .list([1, 2, 3]))
        index.unite("b", .one(2))
        index.unite("a", .list([3, 4]))
        #expect(index.rows(of: "a")?.rows.rows == [1, 2, 3, 4])
        #expect(index.rows(of: "a")?.count == 4)
        #expect(index.rows(of: "b")?.count == 1)
    }
}
