import CVexKernels
import Glibc

@testable import VexFS

/// A directory for segment files, removed with the object.
final class SegmentDirectory {
    let path: String

    init() {
        var template = Array("/tmp/vexfs-segment-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nowhere"
    }

    deinit {
        for name in ["segment", "segment.new"] { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// Writes a segment file with what `build` appends, and opens it.
    func file(
        _ kind: String, _ metric: Metric, dimension: Int, count: Int,
        _ build: (SegmentWriter) throws(VexFSError) -> Void
    ) throws(VexFSError) -> SegmentFile {
        let header = SegmentHeader(kind: kind, metric: metric, dimension: dimension, count: count)
        let writer = try SegmentWriter(path: path + "/segment", header: header)
        try build(writer)
        try writer.finish()
        return try SegmentFile(opening: path + "/segment")
    }
}

/// Vectors around a few centres, the rows of a segment among them, and what an exact search says.
struct ListFixture {
    let vectors: VectorFixture
    let rows: SegmentRows
    let metric: Metric
    private let centres: [[Float]]

    /// `gaps`: only two thirds of the rows are the segment's.
    init(count: Int, dimension: Int, metric: Metric, gaps: Bool = false, using generator: inout SeededGenerator) {
        let centres = (0..<24).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) } }
        self.centres = centres
        self.metric = metric
        var random = generator
        let total = gaps ? count * 3 / 2 : count
        vectors = VectorFixture(
            rowCount: total, dimension: dimension, metric: metric,
            chunkRanges: total == 0 ? [] : total < 5 ? [0..<total] : [0..<total / 3, total / 3..<total]
        ) { _ in Self.vector(centres, using: &random) }
        generator = random
        let listed = (0..<total).filter { !gaps || $0 % 3 != 1 }.prefix(count)
        rows = SegmentRows(listed.map { Row($0) })
    }

    static func vector(_ centres: [[Float]], using generator: inout SeededGenerator) -> [Float] {
        let centre = centres[Int.random(in: 0..<centres.count, using: &generator)]
        return centre.map { $0 + Float.random(in: -0.4...0.4, using: &generator) }
    }

    func query(limit: Int, ef: Int, using generator: inout SeededGenerator) -> SegmentQuery {
        let vector = Self.vector(centres, using: &generator)
        return SegmentQuery(vector: metric == .cosine ? vector.normalized() : vector, limit: limit, ef: ef)
    }

    /// The segment's rows, or those of them that pass.
    func allowed(_ filter: RowBitmap?) -> RowBitmap {
        var bitmap = RowBitmap()
        for place in 0..<rows.count where filter?.contains(rows[place]) ?? true { bitmap.insert(rows[place]) }
        return bitmap
    }

    func filter(_ bitmap: RowBitmap) -> SegmentFilter {
        SegmentFilter(rows: bitmap, passing: allowed(bitmap).count)
    }

    func exact(_ query: SegmentQuery, _ filter: RowBitmap?) throws -> [Neighbor] {
        try FlatIndex(rows: vectors.rows, metric: metric).search(
            query.vector, IndexQuery(limit: query.limit), allowed: allowed(filter)
        ).neighbors
    }

    /// How many of the exact neighbours' scores the answer reaches: rows of equal score are as good as each other.
    static func hits(_ answer: [Neighbor], _ exact: [Neighbor], _ metric: Metric) -> Int {
        guard let last = exact.last else { return 0 }
        return answer.filter { metric.higherIsNearer ? $0.score >= last.score : $0.score <= last.score }.count
    }
}

/// What holds of every answer, however good: as many neighbours as there are, in order, with the full vectors' scores,
/// none twice and none that doesn't pass.
func faults(of answer: SegmentAnswer, _ query: SegmentQuery, _ fixture: ListFixture, _ filter: RowBitmap?) -> [String] {
    var faults: [String] = []
    let allowed = fixture.allowed(filter)
    if answer.neighbors.count != min(query.limit, allowed.count) {
        faults.append("\(answer.neighbors.count) of \(min(query.limit, allowed.count)) neighbours")
    }
    if Set(answer.neighbors.map(\.row)).count != answer.neighbors.count { faults.append("a row twice") }
    let order = NeighborOrder(fixture.metric)
    for (first, second) in zip(answer.neighbors, answer.neighbors.dropFirst()) where order.precedes(second, first) {
        faults.append("out of order")
    }
    for neighbor in answer.neighbors {
        if !allowed.contains(neighbor.row) { faults.append("row \(neighbor.row) does not pass") }
        let score = fixture.vectors.rows.withVector(neighbor.row) { vector in
            vexfs_distance_f32(fixture.metric.measure, query.vector, vector.baseAddress, vector.count)
        }
        let expected = fixture.metric == .euclidean ? score?.squareRoot() : score
        if expected != neighbor.score { faults.append("score \(neighbor.score) for \(expected ?? .nan)") }
    }
    return faults
}
