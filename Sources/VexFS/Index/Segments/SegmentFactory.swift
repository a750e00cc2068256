/// Builds and opens segments of every kind: the only place that knows all of them.
struct SegmentFactory {
    var metric: Metric
    /// Threads that a build may use.
    var threads: Int
    /// Asked now and then; a build that is cancelled leaves nothing behind.
    var isCancelled: @Sendable () -> Bool

    /// Builds a segment into a file and opens it.
    /// - Parameter older: the segment that has the first of the rows; some kinds go on from it.
    /// - Returns: nil where the build was cancelled.
    /// - Throws: `storeFull`, `inputOutput`.
    func build(
        _ recipe: SegmentRecipe, _ rows: SegmentRows, _ vectors: VectorRows, extending older: SegmentEntry?, path: String
    ) throws(VexFSError) -> (any IndexSegment)? {
        nil
    }

    /// Opens a segment of whatever kind its file says.
    /// - Throws: `corruption`.
    static func open(_ file: SegmentFile) throws(VexFSError) -> any IndexSegment {
        throw VexFSError(.corruption, "unknown kind \(file.header.kind)")
    }
}
