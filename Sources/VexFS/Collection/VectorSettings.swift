/// What one of a collection's vectors is and how it is searched; a part of `.vexfs/config.json`.
public struct VectorSettings: Sendable, Equatable {
    /// How vectors are compared.
    public var metric = Metric.cosine
    /// Components of a vector; nil until the first vector or a setting fixes it.
    public var dimension: Int?
    /// What the index is made of.
    public var index = IndexSettings()

    /// The defaults.
    public init() {}

    /// What most rows should be in; nil where they are only scanned.
    var recipe: SegmentRecipe? { metric == .manhattan ? nil : index.recipe(dimension: dimension ?? 0) }
}
