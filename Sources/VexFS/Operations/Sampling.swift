/// Random rows.
enum Sampling {
    /// Up to `count` of the rows, every set of that many as likely as any other, in random order.
    ///
    /// By R. W. Floyd's algorithm (doi:10.1145/30401.315746): O(count) draws, each with a look-up of the row.
    static func rows(
        _ count: Int, of rows: RowBitmap, using generator: inout some RandomNumberGenerator
    ) -> [Row] {
        var places: Set<Int> = []
        var order: [Int] = []
        for last in rows.count - min(max(0, count), rows.count)..<rows.count {
            let drawn = Int.random(in: 0...last, using: &generator)
            let place = places.insert(drawn).inserted ? drawn : last
            places.insert(place)
            order.append(place)
        }
        order.shuffle(using: &generator)
        return order.map { rows.row(at: $0) }
    }
}
