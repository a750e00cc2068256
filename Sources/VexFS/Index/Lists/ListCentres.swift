import CVexKernels

/// Where rows lie, by place: `[count]` addresses of `[dimension] Float32`.
typealias RowAddresses = UnsafePointer<UnsafePointer<Float>>

/// Centres of lists, relative to the rows' mean, packed for products with rows.
///
/// A row's score for a centre c is `(x − mean)·c − |c|²/2`, so the nearest centre has the greatest one. The mean's part
/// is in `bias`: rows are used as they lie.
final class ListCentres: Sendable {
    let count: Int
    let dimension: Int
    /// `count` rounded up to panels.
    let columns: Int
    private let panels: Scratch<Float>
    private let bias: Scratch<Float>

    /// Rows whose products are made at a time: their scores stay in the cache.
    static let tileRows = 48

    /// - Parameter values: `[count × dimension]`.
    init(_ values: UnsafePointer<Float>, count: Int, dimension: Int, mean: UnsafePointer<Float>) {
        let width = Int(VEXFS_PANEL)
        self.count = count
        self.dimension = dimension
        columns = (count + width - 1) / width * width
        panels = Scratch(columns * dimension, repeating: 0)
        // A column without a centre is nobody's nearest.
        bias = Scratch(columns, repeating: -.greatestFiniteMagnitude)
        for centre in 0..<count {
            let value = values + centre * dimension
            let panel = panels.start + centre / width * width * dimension + centre % width
            for component in 0..<dimension { panel[component * width] = value[component] }
            let half = vexfs_distance_f32(VEXFS_MEASURE_DOT, value, value, dimension) / 2
            bias.start[centre] = -half - vexfs_distance_f32(VEXFS_MEASURE_DOT, mean, value, dimension)
        }
    }

    /// Scores of up to ``tileRows`` rows: `[rows × columns]`.
    func score(_ rows: RowAddresses, count: Int, into scores: UnsafeMutablePointer<Float>) {
        // The same addresses, of a type that may be null, as C has it.
        let rows = UnsafeRawPointer(rows).assumingMemoryBound(to: UnsafePointer<Float>?.self)
        Self.products(rows, count, dimension, panels.start, bias.start, columns, scores)
    }

    /// The nearest centre and its score for each of `count` rows; `scores` has room for ``tileRows`` × ``columns``.
    func nearest(
        _ rows: RowAddresses, count: Int, scores: UnsafeMutablePointer<Float>,
        best: UnsafeMutablePointer<UInt32>, bestScores: UnsafeMutablePointer<Float>
    ) {
        var start = 0
        while start < count {
            let rowsNow = min(Self.tileRows, count - start)
            score(rows + start, count: rowsNow, into: scores)
            for row in 0..<rowsNow {
                let line = scores + row * columns
                var winner = 0
                var highest = line[0]
                for column in 1..<self.count where line[column] > highest {
                    highest = line[column]
                    winner = column
                }
                best[start + row] = UInt32(winner)
                bestScores[start + row] = highest
            }
            start += rowsNow
        }
    }

    private static let products = vexfs_list_kernels().pointee.products!  // Every level's table is complete.
}
