/// What must hold of a set of rows at any time; tests ask after changes.
extension RowBitmap {
    /// What does not hold, nil where all does. O(containers + rows of lists).
    var brokenInvariant: String? {
        if let last = containers.last, last == nil { return "the last container is none" }
        var total = 0
        for (index, container) in containers.enumerated() {
            guard let container else { continue }
            if let broken = container.brokenInvariant { return "container \(index): \(broken)" }
            total += container.count
        }
        return total == count ? nil : "containers have \(total) rows, the set counts \(count)"
    }
}

extension RowBitmap.Container {
    fileprivate var brokenInvariant: String? {
        guard count > 0 else { return "has no row" }
        if isFull, self !== RowBitmap.Container.full { return "has all rows but is not the one that everyone shares" }
        if isList {
            guard count <= Self.listLimit else { return "is a list of \(count)" }
            let rows = UnsafeBufferPointer(start: list, count: count)
            return zip(rows, rows.dropFirst()).allSatisfy(<) ? nil : "is a list out of order"
        }
        let words = UnsafeBufferPointer(start: bits, count: Self.wordCount)
        let set = words.reduce(0) { $0 + $1.nonzeroBitCount }
        return set == count ? nil : "has \(set) bits and counts \(count)"
    }
}
