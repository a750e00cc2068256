import CVexKernels

/// What must hold of inverted lists that were opened; a build with assertions asks once for each.
extension ListSegment {
    /// What does not hold, nil where all does: every row is in one list, and behind a list's rows its last block is
    /// empty. O(rows).
    var brokenInvariant: String? {
        let blockRows = Int(VEXFS_BLOCK_ROWS)
        var seen = RowBitmap()
        for list in 0..<shape.lists {
            let lanes = Int(firstBlocks[list]) * blockRows..<Int(firstBlocks[list + 1]) * blockRows
            var used = 0
            for lane in lanes where ids[lane] != Row.max {
                used += 1
                guard lane < lanes.lowerBound + used else { return "list \(list) has a row behind its end" }
                guard rows.place(of: ids[lane]) != nil else { return "row \(ids[lane]) is not the segment's" }
                seen.insert(ids[lane])
            }
            guard lanes.count - used < blockRows else { return "list \(list) has an empty block" }
        }
        return seen.count == rows.count ? nil : "\(seen.count) of \(rows.count) rows are in a list"
    }
}
