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
/// (P. O'Neil et al., The log-structured merge-tree, doi:10.1007/s002360050048). While rows come in faster than graphs
/// are built, small lists become larger lists first; once they come in slowly, what is left becomes graphs, few of
/// them.
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

    /// Rows that are scanned rather than built into a segment while many come in.
    public var scanLimit = 16_384
    /// Rows that are scanned beside segments once few come in: less than a walk through one more graph takes.
    public var calmScanLimit: Int { max(Int(SegmentList.alignment), scanLimit / 4) }
    /// Rows of one segment of lists made of new rows.
    public var listLimit = 131_072
    /// Rows of one segment at the most.
    public var segmentLimit = 1 << 20
    /// The dead share from which a segment is built anew.
    public var deadShare = 0.2
    /// Segments of young lists that are there before they become one.
    public var youngLimit = 5
    /// How many times as large an older segment may be as what is merged with it once few rows come in: a search walks
    /// through few graphs then, and each row is built into one of them this often for every time that the index grows
    /// to that many times its size.
    public var calmGrowth = 8

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
            if isWorth(gap, live(gap), limit: scanLimit) || isInside { return IndexJob(range: range, recipe: .fresh) }
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

    /// Whether rows that no segment covers are to be built into one: many are live, or very many were, which all have
    /// codes as long as they are scanned.
    private func isWorth(_ gap: Range<Row>, _ live: Int, limit: Int) -> Bool { live >= limit || gap.count >= 8 * limit }

    /// Whether a segment is lists that new rows became and that larger lists are made of.
    public func isYoung(_ part: Part) -> Bool {
        part.recipe == SegmentRecipe.fresh.text && part.rows < listLimit / 2
    }

    /// The next lists made of several young ones, so that searches go through few of them while many rows come in. Nil
    /// where these are few.
    public func nextGathering(_ parts: [Part], recipe: SegmentRecipe?) -> IndexJob? {
        guard recipe != nil else { return nil }
        var first = 0
        while first < parts.count {
            var next = first
            var live = 0
            while next < parts.count, isYoung(parts[next]), live + parts[next].live <= listLimit,
                next == first || parts[next - 1].range.upperBound == parts[next].range.lowerBound
            {
                live += parts[next].live
                next += 1
            }
            // Another young one that did not fit: these will never be more.
            let isFull = next < parts.count && isYoung(parts[next])
            if next - first >= youngLimit || isFull && next - first > 1 {
                return IndexJob(range: parts[first].range.lowerBound..<parts[next - 1].range.upperBound, recipe: .fresh)
            }
            first = max(next, first + 1)
        }
        return nil
    }

    /// The next merge while many rows come in: of what young lists became, or a segment that is wanted otherwise.
    public func nextMerge(_ parts: [Part], recipe: SegmentRecipe?) -> IndexJob? {
        nextMerge(parts.filter { !isYoung($0) }, recipe: recipe, growth: 1)
    }

    /// The next merge once few rows come in: the rows that no segment covers yet are part of it, and a search is to
    /// meet few segments.
    ///
    /// Parameters are those of ``nextFresh(_:gaps:recipe:live:)``.
    public func nextCalm(
        _ parts: [Part], gaps: [Range<Row>], recipe: SegmentRecipe?, live: (Range<Row>) -> Int
    ) -> IndexJob? {
        guard let recipe else { return nil }
        // What grows by insertion is written anew each time, and takes in rows more seldom.
        guard !recipe.isExtensible, let gap = gaps.last, gap.lowerBound >= parts.last?.range.upperBound ?? 0 else {
            return nextMerge(parts, recipe: recipe, growth: calmGrowth)
        }
        let whole = gap.upperBound / SegmentList.alignment * SegmentList.alignment
        let new = gap.lowerBound..<max(gap.lowerBound, min(whole, gap.lowerBound + Row(listLimit)))
        let rows = new.isEmpty ? 0 : live(new)
        // A collection of few rows is searched exactly.
        let limit = parts.contains { $0.rows > 0 } ? calmScanLimit : scanLimit
        if !new.isEmpty, isWorth(gap, live(gap), limit: limit) {
            let part = Part(range: new, recipe: "", rows: rows, live: rows)
            return nextMerge(parts + [part], recipe: recipe, growth: calmGrowth)
        }
        // Too few for a segment of their own; in one that is built anyway they cost next to nothing.
        guard var job = nextMerge(parts, recipe: recipe, growth: calmGrowth) else { return nil }
        if job.range.upperBound == new.lowerBound, live(job.range) + rows <= segmentLimit {
            job.range = job.range.lowerBound..<new.upperBound
        }
        return job
    }

    /// A merge: lists into a graph, a segment with many dead rows anew, one that is wanted otherwise, one with older
    /// ones that are at most `growth` times as large. Nil where nothing is to be gained.
    private func nextMerge(_ parts: [Part], recipe: SegmentRecipe?, growth: Int) -> IndexJob? {
        guard let recipe else { return nil }
        for last in parts.indices.reversed() {
            let part = parts[last]
            let isStale = Double(part.rows - part.live) > deadShare * Double(part.rows)
            let isUnmerged = part.rows > 0 && part.recipe != recipe.text || isSmall(part, in: parts, at: last, growth)
            guard isStale || isUnmerged else { continue }
            var first = last
            var live = part.live
            while first > 0 {
                let before = parts[first - 1]
                let isAdjacent = before.range.upperBound == parts[first].range.lowerBound
                let isWorth = before.recipe != recipe.text || before.live <= live * growth || recipe.isExtensible
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
    private func isSmall(_ part: Part, in parts: [Part], at index: Int, _ growth: Int) -> Bool {
        guard index > 0 else { return false }
        let before = parts[index - 1]
        return before.range.upperBound == part.range.lowerBound && before.live <= part.live * growth
            && before.live + part.live <= segmentLimit
    }
}
