import CVexKernels

/// The hash functions of a segment: for each table, projections on random directions.
///
/// For cosine and dot, a bit is the side of a random hyperplane (Charikar, doi:10.1145/509907.509965). For Euclid, a
/// projection is cut into cells of one width (Datar et al., doi:10.1145/997817.997857), and the cells' numbers are
/// mixed into the bucket's.
struct LSHFunctions {
    let dimension: Int
    let tables: Int
    let bits: Int
    /// Projections of a table: as many as bits for hyperplanes, fewer for cells, which tell more each.
    let perTable: Int
    /// The width of a cell, nil for hyperplanes.
    let width: Float?
    /// `[projections × dimension]`, projections padded to panels.
    let directions: Scratch<Float>
    /// Where the cells of each projection begin, within one width; 0 for hyperplanes.
    let offsets: Scratch<Float>
    let columns: Int
    private let panels: Scratch<Float>
    private let zeros: Scratch<Float>

    static let rowsAtOnce = 48

    init(dimension: Int, tables: Int, bits: Int, width: Float?) {
        self.dimension = dimension
        self.tables = tables
        self.bits = bits
        self.width = width
        perTable = width == nil ? bits : max(2, (bits + 1) / 2)
        let panel = Int(VEXFS_PANEL)
        columns = (tables * perTable + panel - 1) / panel * panel
        directions = Scratch(columns * dimension, repeating: 0)
        panels = Scratch(columns * dimension, repeating: 0)
        offsets = Scratch(columns, repeating: 0)
        zeros = Scratch(columns, repeating: 0)
        var random = SeededRandom(seed: 0x15A5)
        for projection in 0..<tables * perTable {
            let direction = directions.start + projection * dimension
            for component in 0..<dimension {
                // Twelve uniform numbers sum up to a nearly normal one.
                var sum: Float = -6
                for _ in 0..<12 { sum += Float.random(in: 0..<1, using: &random) }
                direction[component] = sum
                let at = projection / panel * panel * dimension + component * panel + projection % panel
                panels.start[at] = sum
            }
            if let width { offsets.start[projection] = Float.random(in: 0..<1, using: &random) * width }
        }
    }

    var allocatedBytes: Int { (directions.count + panels.count + offsets.count + zeros.count) * 4 }

    /// Projections of up to ``rowsAtOnce`` rows: `[count × columns]`.
    func project(_ rows: RowAddresses, count: Int, into values: UnsafeMutablePointer<Float>) {
        // The same addresses, of a type that may be null, as C has it.
        let rows = UnsafeRawPointer(rows).assumingMemoryBound(to: UnsafePointer<Float>?.self)
        vexfs_list_kernels().pointee.products(
            rows, count, dimension, panels.start, zeros.start, columns, values)
    }

    /// The bucket of a table, from the table's projections.
    func bucket(_ projections: UnsafePointer<Float>, table: Int) -> UInt32 {
        guard width != nil else {
            var bucket: UInt32 = 0
            for bit in 0..<bits where projections[bit] > 0 { bucket |= 1 << UInt32(bit) }
            return bucket
        }
        var mixed = UInt64(table)
        for index in 0..<perTable { mixed = Self.mix(mixed, cell(projections[index], table * perTable + index)) }
        return finish(mixed)
    }

    /// The cell of a projection.
    func cell(_ value: Float, _ projection: Int) -> Int64 {
        let position = ((value + offsets.start[projection]) / (width ?? 1)).rounded(.down)
        return Int64(max(-1e15, min(position, 1e15)))
    }

    static func mix(_ state: UInt64, _ cell: Int64) -> UInt64 {
        var mixed = (state ^ UInt64(bitPattern: cell)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 29)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 32)
    }

    func finish(_ mixed: UInt64) -> UInt32 { UInt32(mixed >> UInt64(64 - bits)) }
}
