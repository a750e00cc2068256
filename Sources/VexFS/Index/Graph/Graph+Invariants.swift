import CVexKernels

/// What must hold of a graph that was built or opened; a build with assertions asks once for each.
extension Graph {
    /// What does not hold, nil where all does. O(points × degree).
    var brokenInvariant: String? {
        guard rows.count == count else { return "\(count) points for \(rows.count) rows" }
        guard zip(entries, entries.dropFirst()).allSatisfy(<), entries.last.map({ Int($0) < count }) ?? (count == 0)
        else { return "the entries are out of order, or none" }
        // The last point that linked to each, plus one.
        // Without memory nothing is found.
        guard let linkedBy = try? GraphMemory<UInt32>(count: count) else { return nil }
        for place in 0..<count {
            if let broken = brokenLinks(of: place, linkedBy.base) { return "point \(place): \(broken)" }
        }
        return nil
    }

    private func brokenLinks(of place: Int, _ linkedBy: UnsafeMutablePointer<UInt32>) -> String? {
        var isEnded = false
        for index in place * degree..<(place + 1) * degree {
            let link = links[index]
            guard link != VEXFS_NO_LINK else {
                isEnded = true
                continue
            }
            if isEnded { return "links behind the last" }
            guard Int(link) < count, Int(link) != place else { return "links to itself or to nothing" }
            guard linkedBy[Int(link)] != UInt32(place) + 1 else { return "links to a point twice" }
            linkedBy[Int(link)] = UInt32(place) + 1
        }
        return nil
    }
}
