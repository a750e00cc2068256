/// A segment to be built, and the rows that it will stand for.
public struct IndexJob: Sendable, Equatable {
    /// The rows; what segments cover of them is replaced.
    public var range: Range<Row>
    /// What is built of them.
    public var recipe: SegmentRecipe
}

/// Decides what a collection's index needs next. A pure function of what is there, so that it can be tested as one.
///
/// New rows are scanned; enough of them become lists, which are quick to make; lists become a graph (or larger lists)
/// together with their neighbours, so that every row is built into a graph a logarithmic number of times
/// (P. O'Neil et al., The log-structured merge-tree, doi:10.1007/s002360050048).
public struct IndexPolicy: Sendable {
    /// What one segment looks like to the policy.
    public struct Part: Sendable {
        /// The rows it stands for.
        public var range: Range<Row>
        /// What it was built as, in the recipe's words; "" without rows.
        public var recipe: String
        /// Rows in it.
        public var rows: Int
        /// Rows of it that are live.
        public var live: Int

        /// Describes a segment.
        public init(range: Range<Row>, recipe: String, rows: Int, live: Int) {
            self.range = range
            self.recipe = recipe
            self.rows = rows
            self.live = live
        }
    }

    /// Rows that are scanned rather than built into a segment.
    public var scanLimit = 16_384
    /// Rows of one segment of lists made of new rows.
    public var listLimit = 131_072
    /// Rows of one segment at the most.
    public var segmentLimit = 1 << 20
    /// The dead share from which a segment is built anew.
    public var deadShare = 0.2

    /// The limits that the figures were measured with.
    public init() {}

    /// The next segment of new rows: quick to make, so that a search never scans much. Nil where few rows are new.
    ///
    /// - Parameters:
    ///   - gaps: the stretches of rows that no segment covers, ascending.
    ///   - recipe: what most rows should be in, nil for a scan of all.
    ///   - live: how many live rows with a vector a range has.
    public func nextFresh(
        _ parts: [Part], gaps: [Range<Row>], recipe: SegmentRecipe?, live: (Range<Row>) -> Int
    ) -> IndexJob? {
        guard recipe != nil else { return nil }
        for gap in gaps {
            let isInside = parts.contains { $0.range.lowerBound >= gap.upperBound }
            let end = isInside ? gap.upperBound : gap.upperBound / SegmentList.alignment * SegmentList.alignment
            guard gap.lowerBound < end else { continue }
            let limit = gap.lowerBound + Row(listLimit)
            let range = gap.lowerBound..<min(end, limit)
            if live(gap) >= scanLimit || isInside { return IndexJob(range: range, recipe: .fresh) }
        }
        return nil
    }

    /// The next segment where nobody is in a hurry to search: rows that no segment covers, built at once into what they
    /// are to end in. Nil where few rows are new.
    public func nextWhole(
        _ parts: [Part], gaps: [Range<Row>], recipe: SegmentRecipe?, live: (Range<Row>) -> Int
    ) -> IndexJob? {
        guard let recipe, !recipe.isExtensible || parts.isEmpty else { return nil }
        var patient = self
        patient.listLimit = segmentLimit
        guard var job = patient.nextFresh(parts, gaps: gaps, recipe: recipe, live: live),
            live(job.range) >= listLimit || parts.isEmpty
        else { return nil }
        job.recipe = recipe
        return job
    }

    /// The next merge: lists into a graph, a segment with many dead rows anew, one that is wanted otherwise. Nil where
    /// nothing is to be gained.
    public func nextMerge(_ parts: [Part], recipe: SegmentRecipe?) -> IndexJob? {
        guard let recipe else { return nil }
        for last in parts.indices.reversed() {
            let part = parts[last]
            let isStale = Double(part.rows - part.live) > deadShare * Double(part.rows)
            let isUnmerged = part.rows > 0 && part.recipe != recipe.text || isSmall(part, in: parts, at: last)
            guard isStale || isUnmerged else { continue }
            var first = last
            var live = part.live
            while first > 0 {
                let before = parts[first - 1]
                let isAdjacent = before.range.upperBound == parts[first].range.lowerBound
                let isWorth = before.recipe != recipe.text || before.live <= live || recipe.isExtensible
                guard isAdjacent, isWorth, live + before.live <= segmentLimit else { break }
                first -= 1
                live += before.live
            }
            let isDone = first == last && part.recipe == recipe.text && !isStale
            if isDone { continue }
            return IndexJob(range: parts[first].range.lowerBound..<part.range.upperBound, recipe: recipe)
        }
        return nil
    }

    /// Whether a segment should be merged with the one before it.
    private func isSmall(_ part: Part, in parts: [Part], at index: Int) -> Bool {
        guard index > 0 else { return false }
        let before = parts[index - 1]
        return before.range.upperBound == part.range.lowerBound && before.live <= part.live
            && before.live + part.live <= segmentLimit
    }
}
