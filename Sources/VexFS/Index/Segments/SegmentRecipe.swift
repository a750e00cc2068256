/// What a segment is to be: its kind with everything that changes what is in its file. Two segments of one recipe need
/// no rebuild to take each other's place.
public enum SegmentRecipe: Sendable, Equatable {
    /// Inverted lists of 1-bit codes.
    case binaryLists
    /// Inverted lists of product codes.
    case productLists
    /// A graph built in bulk, with the most links of a vertex; nil for what suits.
    case graph(links: Int?)
    /// A graph built by insertion: links of a vertex, and candidates looked at for them.
    case hnsw(links: Int, efConstruct: Int)
    /// Hash tables.
    case lsh

    /// What new rows are built into: the quickest to make.
    public static let fresh = SegmentRecipe.binaryLists

    /// The recipe in a few words, as the store keeps it.
    public var text: String {
        switch self {
        case .binaryLists: "lists binary"
        case .productLists: "lists product"
        case .graph(let links): links.map { "graph m=\($0)" } ?? "graph"
        case .hnsw(let links, let efConstruct): "hnsw m=\(links) ef_construct=\(efConstruct)"
        case .lsh: "lsh"
        }
    }

    /// What the segment's file says that it is.
    var kind: String {
        switch self {
        case .binaryLists, .productLists: ListSegment.kind
        case .hnsw: HNSWSegment.kind
        case .graph: GraphSegment.kind
        case .lsh: LSHSegment.kind
        }
    }

    /// Whether a segment can be made by adding rows to an older one of the same recipe.
    var isExtensible: Bool { if case .hnsw = self { true } else { false } }

    /// About how large the file will be.
    func fileBytes(rows: Int, dimension: Int) -> Int {
        switch self {
        case .binaryLists: rows * (dimension / 8 + 16)
        case .productLists: rows * (dimension / 4 + 16)
        case .graph, .hnsw: rows * (dimension + 512)
        case .lsh: rows * 128
        }
    }
}

extension IndexSettings {
    /// Below so many components a scan of a million rows takes a millisecond or two, and 8-bit codes are too coarse to
    /// tell a graph's neighbours apart.
    static let leastDimension = 32

    /// What most rows should be in; nil where they are only scanned.
    func recipe(dimension: Int) -> SegmentRecipe? {
        switch kind {
        case .flat: nil
        case .hnsw: .hnsw(links: m ?? 16, efConstruct: efConstruct)
        case .lsh: .lsh
        case .lists: quantization == .product ? .productLists : .binaryLists
        case .automatic: dimension < Self.leastDimension ? nil : automaticRecipe
        }
    }

    private var automaticRecipe: SegmentRecipe {
        switch (memory, quantization) {
        case (_, .product): .productLists
        case (.compact, _), (_, .binary): .binaryLists
        case (.fast, .automatic), (.fast, .int8): .graph(links: m)
        }
    }
}
