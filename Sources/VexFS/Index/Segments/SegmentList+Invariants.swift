/// What must hold of the list of segments at any time.
extension SegmentList {
    /// What does not hold, nil where all does. O(entries + containers).
    var brokenInvariant: String? {
        var end: Row = 0
        var total = 0
        for entry in entries {
            let range = entry.range
            guard !range.isEmpty, range.lowerBound >= end else { return "\(range) is empty or overlaps" }
            guard range.lowerBound % Self.alignment == 0, range.upperBound % Self.alignment == 0 else {
                return "\(range) ends within a block"
            }
            end = range.upperBound
            total += range.count
            guard covered.count(in: Int(range.lowerBound)..<Int(range.upperBound)) == range.count else {
                return "rows of \(range) are not covered"
            }
            guard let own = entry.segment?.rows, let last = own.last else { continue }
            guard range.contains(own.first), range.contains(last) else { return "\(range) has a segment of other rows" }
        }
        return total == covered.count ? nil : "rows are covered that no entry stands for"
    }
}
