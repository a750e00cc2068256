/// Operations on two sets: O(containers) where they share containers or these are full, else at most 1024 words or 8192
/// list elements for each container.
extension RowBitmap {
    /// Keeps only the rows that are in `other` too.
    public mutating func formIntersection(_ other: RowBitmap) { self = intersection(other) }

    /// The rows in both sets.
    public func intersection(_ other: RowBitmap) -> RowBitmap {
        var result = RowBitmap()
        let shared = min(containers.count, other.containers.count)
        result.reserve(shared)
        for index in 0..<shared {
            guard let left = containers[index], let right = other.containers[index] else {
                result.append(nil)
                continue
            }
            result.append(Container.intersection(left, right))
        }
        result.trim()
        return result
    }

    /// Adds the rows of `other`.
    public mutating func formUnion(_ other: RowBitmap) {
        guard !isEmpty else {
            self = other
            return
        }
        for (index, container) in other.containers.enumerated() {
            if let container { formUnion(container, at: index) }
        }
    }

    /// Removes the rows of `other`.
    public mutating func subtract(_ other: RowBitmap) { self = subtracting(other) }

    /// The rows that are not in `other`.
    public func subtracting(_ other: RowBitmap) -> RowBitmap {
        var result = RowBitmap()
        result.reserve(containers.count)
        for (index, container) in containers.enumerated() {
            guard let container, index < other.containers.count, let right = other.containers[index] else {
                result.append(container)
                continue
            }
            result.append(Container.subtraction(container, right))
        }
        result.trim()
        return result
    }

    /// How many rows are in both sets; builds nothing.
    public func intersectionCount(_ other: RowBitmap) -> Int {
        var total = 0
        for index in 0..<min(containers.count, other.containers.count) {
            guard let left = containers[index], let right = other.containers[index] else { continue }
            total += Container.intersectionCount(left, right)
        }
        return total
    }

    /// Whether at least one row is in both sets.
    public func intersects(_ other: RowBitmap) -> Bool {
        for index in 0..<min(containers.count, other.containers.count) {
            guard let left = containers[index], let right = other.containers[index] else { continue }
            if Container.intersectionCount(left, right) > 0 { return true }
        }
        return false
    }

    /// Whether every row is in `other` too.
    public func isSubset(of other: RowBitmap) -> Bool {
        guard count <= other.count, containers.count <= other.containers.count else { return false }
        for (index, container) in containers.enumerated() {
            guard let container else { continue }
            guard let right = other.containers[index], container.isSubset(of: right) else { return false }
        }
        return true
    }
}
