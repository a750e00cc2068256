/// A segment and the rows it stands for.
public struct SegmentEntry: Sendable {
    /// The rows it covers: every live row of the range with a vector, when it was built, is in the segment. Both ends
    /// are multiples of ``SegmentList/alignment``.
    public var range: Range<Row>
    /// What finds them; nil where the range had no row with a vector.
    public var segment: (any IndexSegment)?
    /// What it was built as, in the recipe's words; "" for a range without rows.
    public var recipe: String
    /// The name of its file below the store's `segments`, "" for a range without rows.
    public var file: String

    /// Describes a segment.
    public init(range: Range<Row>, segment: (any IndexSegment)?, recipe: String, file: String) {
        self.range = range
        self.segment = segment
        self.recipe = recipe
        self.file = file
    }
}

/// The segments of a collection, ascending and not overlapping. A value: readers keep the list they began with.
public struct SegmentList: Sendable {
    /// What the ends of a segment's range are multiples of: the rows of a block of short codes.
    public static let alignment: Row = Row(CodeBlock.rowCount)

    /// In the order of their rows.
    public private(set) var entries: [SegmentEntry] = [] {
        didSet {
            covered = Self.rows(of: entries)
            assert(brokenInvariant == nil, brokenInvariant ?? "")
        }
    }
    /// Every row that an entry stands for.
    public private(set) var covered = RowBitmap()

    /// No segments.
    public init() {}

    /// The row behind the last covered one.
    public var end: Row { entries.last?.range.upperBound ?? 0 }

    /// The rows below `end` that no segment covers, ascending.
    public func gaps(below end: Row) -> [Range<Row>] {
        var gaps: [Range<Row>] = []
        var start: Row = 0
        for entry in entries {
            if entry.range.lowerBound > start { gaps.append(start..<min(entry.range.lowerBound, max(start, end))) }
            start = entry.range.upperBound
        }
        if start < end { gaps.append(start..<end) }
        return gaps.filter { !$0.isEmpty }
    }

    private static func rows(of entries: [SegmentEntry]) -> RowBitmap {
        var rows = RowBitmap()
        for entry in entries {
            let upTo = RowBitmap(rowsBelow: Int(entry.range.upperBound))
            rows.formUnion(upTo.subtracting(RowBitmap(rowsBelow: Int(entry.range.lowerBound))))
        }
        return rows
    }

    /// Puts an entry in the place of those whose rows it covers.
    /// - Returns: the entries that went; nil, and nothing is changed, where one of them is covered only in part.
    public mutating func insert(_ entry: SegmentEntry) -> [SegmentEntry]? {
        var kept: [SegmentEntry] = []
        var replaced: [SegmentEntry] = []
        for old in entries {
            if !old.range.overlaps(entry.range) {
                kept.append(old)
            } else if entry.range.lowerBound <= old.range.lowerBound && old.range.upperBound <= entry.range.upperBound {
                replaced.append(old)
            } else {
                return nil
            }
        }
        let place = kept.firstIndex { $0.range.lowerBound >= entry.range.upperBound } ?? kept.count
        kept.insert(entry, at: place)
        entries = kept
        return replaced
    }

    /// Removes every entry that does not pass, and returns those.
    public mutating func remove(where isUnwanted: (SegmentEntry) -> Bool) -> [SegmentEntry] {
        let removed = entries.filter(isUnwanted)
        entries.removeAll(where: isUnwanted)
        return removed
    }
}
