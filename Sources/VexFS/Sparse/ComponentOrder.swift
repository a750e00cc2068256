/// The components of many vectors in the order of an index's lists.
enum ComponentOrder {
    /// One number for each component, its dimension above and its position below, by dimension and then position.
    /// O(components): sorted by 11 bits at a time, from the lowest, where there are enough of them.
    static func byDimension(_ dimensions: [UInt32]) -> [UInt64] {
        var order = dimensions.enumerated().map { UInt64($1) << 32 | UInt64($0) }
        guard order.count >= 2048 else {
            order.sort()
            return order
        }
        var other = [UInt64](repeating: 0, count: order.count)
        for shift in [UInt64(32), 43, 54] {
            order.withUnsafeBufferPointer { source in
                other.withUnsafeMutableBufferPointer { target in distribute(source, to: target, by: shift) }
            }
            swap(&order, &other)
        }
        return order
    }

    private static let digits: UInt64 = 2048

    /// Copies numbers in the order of their 11 bits above `shift`; equal ones stay in theirs.
    private static func distribute(
        _ source: UnsafeBufferPointer<UInt64>, to target: UnsafeMutableBufferPointer<UInt64>, by shift: UInt64
    ) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Int(digits)) { starts in
            starts.initialize(repeating: 0)
            for number in source { starts[Int(number >> shift & (digits - 1))] += 1 }
            var start = 0
            for digit in 0..<Int(digits) {
                let count = starts[digit]
                starts[digit] = start
                start += count
            }
            for number in source {
                let digit = Int(number >> shift & (digits - 1))
                target[starts[digit]] = number
                starts[digit] += 1
            }
        }
    }
}
